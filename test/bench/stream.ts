// Lines made as they are read: a million of them never stand in memory.
import type { ReadChunk } from "../../src/ingest/import-file.ts";

export function createReadStreamOf(count: number, line: (index: number) => string): ReadChunk {
	let index = 0;
	let rest = Buffer.alloc(0);
	return (into) => {
		while (rest.length < into.length && index < count) {
			const more: string[] = [];
			for (let n = 0; n < 500 && index < count; n++) more.push(line(index++));
			rest = Buffer.concat([rest, Buffer.from(`${more.join("\n")}\n`)]);
		}
		const length = rest.copy(into);
		rest = rest.subarray(length);
		return length;
	};
}
