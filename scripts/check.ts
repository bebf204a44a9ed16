// `bun run check`: lint, format, types, then every test. With `--static` it stops before the tests (.ci/run calls both).
import { join } from "node:path";
import { installPackages } from "./install.ts";

const root = join(import.meta.dir, "..");
const bun = process.execPath;

installPackages();
const checks = [
	// Bare `bun check` would mean the package's script of that name: this one.
	[bun, "check", "--no-script"],
	[bun, join(root, "node_modules", ".bin", "biome"), "check", "--error-on-warnings"],
];
if (!process.argv.includes("--static")) checks.push([bun, "run", "test"]);
// All of them, so that one call tells everything that is wrong.
const results = checks.map((command) => Bun.spawnSync(command, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }));
process.exit(results.every((result) => result.success) ? 0 : 1);
