// What a file held before: asked in order, in a time that grows with the file and not with its square.
import { expect, test } from "bun:test";
import { KnownLines, LineHashes } from "../../src/ingest/known-lines.ts";

function hashesOf(lines: string[]): LineHashes {
	const hashes = new LineHashes();
	for (const line of lines) hashes.add(line);
	return hashes;
}

test("a line counts as known once for each time it stood there, behind the one found last", () => {
	const known = new KnownLines([hashesOf(["failure", "success", "failure"]).bytes()]);
	const now = hashesOf(["failure", "success", "failure", "failure", "success"]);
	expect([0, 1, 2, 3, 4].map((index) => known.has(now, index))).toEqual([true, true, true, false, false]);
});

test("one line two hundred thousand times over is read again in a moment", () => {
	const hashes = hashesOf(new Array(200_000).fill("the same"));
	const known = new KnownLines([hashes.bytes()]);
	const began = performance.now();
	for (let index = 0; index < 200_000; index++) if (!known.has(hashes, index)) throw new Error(`line ${index}`);
	expect(performance.now() - began).toBeLessThan(5000);
});
