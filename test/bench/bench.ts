// `bun run bench [part…] [--write]`: every figure of docs/performance.md, each against a reference measured in the same minutes.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { browser } from "./browser.ts";
import { disk } from "./disk.ts";
import { http } from "./http.ts";
import { importing } from "./import.ts";
import { monitorBinary, type Row, root, rows } from "./machine.ts";
import { memory } from "./memory.ts";
import { pages } from "./pages.ts";
import { proofs } from "./proofs.ts";
import { push } from "./push.ts";
import { seen } from "./seen.ts";
import { size } from "./size.ts";

const parts = { memory, http, push, import: importing, seen, pages, disk, size, browser, proofs };
const asked = process.argv.slice(2).filter((name) => !name.startsWith("-"));
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0)
	throw new Error(`There are the parts ${Object.keys(parts).join(", ")}, and no ${unknown.join(", ")}`);
if (!existsSync(monitorBinary)) throw new Error("Build first: bun run build");

for (const [name, run] of Object.entries(parts)) {
	if (asked.length > 0 && !asked.includes(name)) continue;
	try {
		await run();
	} catch (error) {
		// The other figures are wanted all the same.
		console.error(`${name}: ${error instanceof Error ? error.stack : error}`);
		process.exitCode = 1;
	}
}

const head = "| what | ours | reference | ratio | target | reached |\n|---|---|---|---|---|---|";
console.log(`\n${head}\n${rows.map(lineOf).join("\n")}\n`);
if (process.argv.includes("--write")) write();

function lineOf({ what, ours, reference, ratio, target, reached }: Row): string {
	const mark = reached === null ? "" : reached ? "yes" : "**no**";
	return `| ${what} | ${ours} | ${reference} | ${ratio} | ${target} | ${mark} |`;
}

/** Puts the rows into the table of the page, each in the place of its older self; what was not measured now stays. */
function write(): void {
	const path = join(root, "docs", "performance.md");
	const text = readFileSync(path, "utf8");
	const [begin, end] = ["<!-- bench -->\n", "<!-- /bench -->"];
	const from = text.indexOf(begin) + begin.length;
	const to = text.indexOf(end);
	if (from < begin.length || to === -1) throw new Error(`${path} has no place for the table`);
	const nameOf = (line: string) => line.split(" | ")[0]?.replace(/^\| /, "") ?? "";
	const lines = new Map(
		text
			.slice(from, to)
			.split("\n")
			.filter((line) => line.startsWith("| ") && !line.startsWith("| what |"))
			.map((line) => [nameOf(line), line]),
	);
	for (const row of rows) lines.set(row.what, lineOf(row));
	const made = `Made on ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${new Date().toISOString().slice(0, 10)}.`;
	writeFileSync(path, `${text.slice(0, from)}${made}\n\n${head}\n${[...lines.values()].join("\n")}\n${text.slice(to)}`);
}
