// `bun run package`: the two Debian packages, under dist/. Needs dpkg-deb; tar archives, images and the rest: `bun run release`.
import { join } from "node:path";
import packageJson from "../package.json";
import { build } from "./build.ts";
import { installPackages } from "./install.ts";
import { packageDeb } from "./package-deb.ts";
import { readOrigin } from "./release.ts";

const dist = join(import.meta.dir, "../dist");

async function main(): Promise<void> {
	installPackages();
	const { commit, epoch } = readOrigin();
	process.env.BUILD_COMMIT = commit;
	for (const [architecture, target] of [
		["amd64", "linux-x64"],
		["arm64", "linux-arm64"],
	] as const) {
		const binary = await build({ target });
		console.log(packageDeb({ architecture, binary, version: packageJson.version, folder: dist, epoch }));
	}
}

await main().catch((error) => {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
});
