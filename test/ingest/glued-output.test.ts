// What `curl -d` does to a tool's output: line ends vanish, and what says how it went stands behind a progress object.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StreamKeeper } from "../../src/ingest/tool-text.ts";
import { recogniseBody, tools } from "../../src/tools/registry.ts";
import { restic } from "../../src/tools/restic.ts";

const folder = join(import.meta.dir, "../fixtures/tools/restic");
const outputOf = (stdout: string) => ({
	stdout,
	stderr: "",
	exit: 0,
	signal: null,
	receivedAt: Date.UTC(2026, 10, 23),
	zone: "UTC",
});

function kept(text: string, chunk: number): string {
	const keeper = new StreamKeeper();
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += chunk) keeper.push(bytes.subarray(at, at + chunk));
	keeper.end();
	return keeper.text();
}

test("every restic capture without its line ends gives the run that the whole text gives, however it is cut into pieces", () => {
	const captures = readdirSync(folder).filter((name) => /-backup-.*\.stdout\.jsonl$/.test(name));
	expect(captures.length).toBeGreaterThan(20);
	for (const name of captures) {
		const glued = readFileSync(join(folder, name), "utf8").replaceAll("\n", "");
		for (const chunk of [1 << 20, 97]) {
			expect([name, restic.read(outputOf(kept(glued, chunk))).runs]).toEqual([name, restic.read(outputOf(glued)).runs]);
		}
	}
});

test("progress by itself is dropped, and nothing that stands behind it on its line", () => {
	const status = '{"message_type":"status","percent_done":0.5}';
	expect(kept(`${status}\n${status}\nend\n`, 7)).toBe("end\n");
	expect(kept(`${status}Fatal: wrong password\n`, 7)).toContain("Fatal: wrong password");
});

test("a hundred thousand characters without a blank cost no tool more than a moment", () => {
	for (const character of ["x", "X", "1", "a ", '"', "{", ":", "AbC9+/"]) {
		const output = outputOf(character.repeat(100_000 / character.length));
		const begun = performance.now();
		recogniseBody(output);
		for (const tool of tools) tool.read(output);
		expect([character, performance.now() - begun < 3000]).toEqual([character, true]);
	}
});
