// A tool's output is kept in bounded memory: head and tail, without the flood of progress lines.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { HeadAndTail, StreamKeeper } from "../../src/ingest/tool-text.ts";
import { restic } from "../../src/tools/restic.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("whatever the pieces are, head and tail are kept in order", () => {
	fc.assert(
		fc.property(
			fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 30 })),
			fc.nat(20),
			fc.integer({ min: 1, max: 20 }),
			(pieces, head, tail) => {
				const kept = new HeadAndTail(head, tail);
				for (const piece of pieces) kept.push(bytes(piece));
				const all = pieces.join("");
				const isWhole = all.length <= head + tail;
				const first = all.slice(0, head);
				const wanted = isWhole ? all : `${first}${first === "" ? "" : "\n"}${all.slice(-tail)}`;
				expect(kept.text()).toBe(wanted);
			},
		),
	);
});

test("progress lines are dropped, however the stream is cut", () => {
	const line = '{"message_type":"status","percent_done":0.5}\n';
	const kept = 'plain\n{"message_type":"error","item":"/a"}\n{"x":1}\n{"message_type":"sta\n{';
	const text = `${line}plain\n${line}${line}{"message_type":"error","item":"/a"}\n{"x":1}\n{"message_type":"verbose_status"}\n{"message_type":"sta\n{`;
	fc.assert(
		fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
			const keeper = new StreamKeeper({ head: 1000, tail: 1000 });
			const all = bytes(text);
			// One buffer for all pieces, as a reader of files has it.
			const buffer = Buffer.alloc(40);
			for (let at = 0, n = 0; at < all.length; n++) {
				const piece = all.subarray(at, at + (sizes[n % sizes.length] ?? 1));
				buffer.set(piece);
				keeper.push(buffer.subarray(0, piece.length));
				at += piece.length;
			}
			keeper.end();
			expect(keeper.text()).toBe(kept);
		}),
	);
});

test("an hour of progress leaves what stands between", () => {
	const keeper = new StreamKeeper({ head: 1000, tail: 1000 });
	const flood = bytes('{"message_type":"status","percent_done":0.1}\n'.repeat(10_000));
	keeper.push(bytes("the beginning\n"));
	for (let n = 0; n < 20; n++) {
		keeper.push(flood);
		if (n === 10) keeper.push(bytes('{"message_type":"error","item":"/a"}\n'));
	}
	keeper.push(bytes('{"message_type":"summary"}\n'));
	keeper.end();
	expect(keeper.text()).toBe('the beginning\n{"message_type":"error","item":"/a"}\n{"message_type":"summary"}\n');
});

const status = '{"message_type":"status","percent_done":0.5,"current_files":["/a}{\\"b"]}';

function kept(text: string, size: number, sizes = { head: 1000, tail: 1000 }): string {
	const keeper = new StreamKeeper(sizes);
	const all = bytes(text);
	for (let at = 0; at < all.length; at += size) keeper.push(all.subarray(at, at + size));
	keeper.end();
	return keeper.text();
}

test("what stands glued behind progress is kept, with the one progress object before it", () => {
	for (const rest of ['{"message_type":"summary"}', "Fatal: wrong password", '{"message_type":"exit_error"}\n', "}"]) {
		for (let size = 1; size < 120; size++) {
			expect(kept(`${status.repeat(3)}${rest}`, size)).toBe(`${status}${rest}`);
			expect(kept(`{"a":1}${status.repeat(3)}${rest}`, size)).toBe(`{"a":1}${status}${rest}`);
		}
	}
});

test("a carriage return alone ends a line too", () => {
	for (let size = 1; size < 120; size++) {
		expect(kept(`${status}\r${status}\r\nFatal: x\r${status}\rend\r`, size)).toBe("Fatal: x\rend\r");
	}
});

test("what only resembles progress is kept: an error inside of it, one that is cut, one without an end", () => {
	const mark = '{"message_type":"status"';
	for (const text of [`${mark},Fatal: x}\n`, `${mark},"a\n`, `${mark},"a":"${"x".repeat(30_000)}"}\n`]) {
		for (const size of [7, 4096, 100_000]) expect(kept(text, size, { head: 50_000, tail: 10 })).toBe(text);
	}
});

test("a flood without line ends leaves what stands between", () => {
	const flood = status.repeat(20_000);
	const error = '{"message_type":"error","item":"/a"}';
	expect(kept(`open\n${flood}${error}${flood}{"message_type":"summary"}`, 65_536)).toBe(
		`open\n${status}${error}${status}{"message_type":"summary"}`,
	);
});

test("every restic capture gives the run of its whole text, glued or not, however it is cut", () => {
	const folder = join(import.meta.dir, "../fixtures/tools/restic");
	const names = readdirSync(folder).filter((name) => /\.(?:stdout|stderr)\./.test(name));
	expect(names.length).toBeGreaterThan(100);
	const runsOf = (stdout: string, exit: number | null) =>
		restic.read({ stdout, stderr: "", exit, signal: null, receivedAt: Date.UTC(2026, 10, 23), zone: "UTC" }).runs;
	const sizes = { head: 1 << 20, tail: 3 << 20 };
	for (const name of names) {
		const whole = readFileSync(join(folder, name), "utf8");
		const glued = whole.replace(/[\r\n]/g, "");
		for (const exit of [0, null]) {
			const wanted = runsOf(glued, exit);
			for (const size of [97, 65_536]) expect([name, runsOf(kept(glued, size, sizes), exit)]).toEqual([name, wanted]);
			if (whole.includes('"summary"'))
				expect([name, runsOf(kept(whole, 97, sizes), exit)]).toEqual([name, runsOf(whole, exit)]);
		}
	}
});
