// `bun run bench [part…]`: every figure of docs/performance.md, each against a reference measured in the same minutes.
import { existsSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { disk } from "./disk.ts";
import { http } from "./http.ts";
import { importing } from "./import.ts";
import { monitorBinary, root, rows } from "./machine.ts";
import { memory } from "./memory.ts";
import { pages } from "./pages.ts";

const parts = { memory, http, import: importing, pages, disk };
const asked = process.argv.slice(2).filter((name) => !name.startsWith("-"));
if (!existsSync(monitorBinary)) throw new Error("Build first: bun run build");

for (const [name, run] of Object.entries(parts)) {
	if (asked.length === 0 || asked.includes(name)) await run();
}

const table = rows.map((row) => {
	const mark = row.reached === null ? "" : row.reached ? "yes" : "**no**";
	return `| ${row.what} | ${row.ours} | ${row.reference} | ${row.ratio} | ${row.target} | ${mark} |`;
});
const text = `| what | ours | reference | ratio | target | reached |\n|---|---|---|---|---|---|\n${table.join("\n")}\n`;
console.log(`\n${text}`);
if (process.argv.includes("--write")) {
	const made = `Made by \`bun run bench --write\` on ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${new Date().toISOString().slice(0, 10)}.`;
	writeFileSync(join(root, "artefacts", "performance.md"), `${made}\n\n${text}`);
}
