// A tool's output is kept in bounded memory: head and tail, without the flood of progress lines.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { HeadAndTail, StreamKeeper } from "../../src/ingest/tool-text.ts";

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
	const status = '{"message_type":"status","percent_done":0.5}\n';
	const kept = 'plain\n{"message_type":"error","item":"/a"}\n{"x":1}\n{"message_type":"sta\n{';
	const text = `${status}plain\n${status}${status}{"message_type":"error","item":"/a"}\n{"x":1}\n{"message_type":"verbose_status"}\n{"message_type":"sta\n{`;
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
