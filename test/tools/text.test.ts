// JSON objects and lines are found wherever they stand, at a cost that grows with the text and no faster.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Piece, readLines, readObjects, readPieces } from "../../src/tools/text.ts";

const objects = (text: string) => [...readObjects(text)];
const lines = (text: string) => [...readPieces(text)].filter((piece) => piece.type === "line").map(({ line }) => line);

describe("objects", () => {
	test("stand one a line, glued, in an array, in plain text", () => {
		expect(objects('{"a":1}\n{"b":2}')).toEqual([{ a: 1 }, { b: 2 }]);
		expect(objects('{"a":1}{"b":2}')).toEqual([{ a: 1 }, { b: 2 }]);
		expect(objects('[{"a":[1,{"c":{}}]}, {"b":"}{"}]')).toEqual([{ a: [1, { c: {} }] }, { b: "}{" }]);
		expect(objects('\x1b[2Kwait{"a":1}done\r{"b":2}')).toEqual([{ a: 1 }, { b: 2 }]);
	});

	test("that are cut at the front or at the tail do not hide the next one", () => {
		expect(objects('nt":1,"x":"y"}{"a":1}')).toEqual([{ a: 1 }]);
		expect(objects('{"a":1}{"b":"unfini')).toEqual([{ a: 1 }]);
		expect(objects('{"b":"unfini{"a":1}')).toEqual([{ a: 1 }]);
		expect(objects('{"b":"unfini\n{"a":1}')).toEqual([{ a: 1 }]);
		expect(objects('{"b":{"c":1},"d":[1,2{"a":1}')).toEqual([{ c: 1 }, { a: 1 }]);
	});

	test("need a key and the grammar of JSON", () => {
		expect(objects('{} {a:1} {\'a\':1} { } {"a"} {"a":} {"a":1,}')).toEqual([]);
	});

	test("keep a name like __proto__ as their own field", () => {
		expect(Object.keys(objects('{"__proto__":{"polluted":1}}')[0] ?? {})).toEqual(["__proto__"]);
		expect(({} as Record<string, unknown>).polluted).toBeUndefined();
	});
});

describe("lines", () => {
	test("end at LF, CRLF and a lone CR, and lose colours and blanks", () => {
		expect([...readLines("a\r\nb\rc\n\n \x1b[2K\x1b[31md\x1b[0m ")]).toEqual(["a", "b", "c", "d"]);
	});

	test("stand between objects; the commas and brackets of an array are none", () => {
		expect(lines('one\n[{"a":1},\n {"b":2}]\ntwo{"c":3}')).toEqual(["one", "two"]);
	});
});

describe("any text", () => {
	const word = fc.constantFrom(
		"{",
		"}",
		'"',
		"[",
		"]",
		",",
		":",
		"\\",
		"\n",
		"\r",
		"\x1b[2K",
		"a",
		"1",
		'{"a":1}',
		"null",
		" ",
		"\0",
	);
	const text = fc.array(word, { maxLength: 200 }).map((words) => words.join(""));

	test("is read without an exception, its pieces in order and none twice", () => {
		fc.assert(
			fc.property(text, (given) => {
				let end = 0;
				for (const piece of readPieces(given) as Iterable<Piece>) {
					expect(piece.start).toBeGreaterThanOrEqual(end);
					expect(piece.end).toBeGreaterThanOrEqual(piece.start);
					end = piece.end;
				}
				expect(end).toBeLessThanOrEqual(given.length);
			}),
		);
	});

	test("shows every object that stands on lines of its own", () => {
		const object = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), {
			minKeys: 1,
			maxKeys: 4,
		});
		const noise = fc.constantFrom("", "Fatal: x", "[0:01] 100%", "\x1b[2K", "}", '"', '{"cut":"o');
		fc.assert(
			fc.property(fc.array(fc.tuple(object, noise), { maxLength: 8 }), (rows) => {
				const given = rows.map(([value, junk]) => `${junk}\n${JSON.stringify(value)}\n`).join("");
				const wanted = rows.map(([value]) => JSON.parse(JSON.stringify(value)));
				expect(objects(given)).toEqual(wanted);
			}),
		);
	});
});

describe("a hostile text", () => {
	const hostile: Record<string, (size: number) => string> = {
		"of opened objects": (size) => '{"a":'.repeat(size / 5),
		"of opened arrays": (size) => `{"a":${"[".repeat(size)}`,
		"of braces": (size) => "{".repeat(size),
		"of strings that never end": (size) => '{"'.repeat(size / 2),
		"of objects that break late": (size) => `{"a":"${"x".repeat(1000)}"!`.repeat(size / 1000),
		"that is one string": (size) => `{"a":"${"\\\\".repeat(size / 2)}`,
		"of short objects": (size) => '{"a":1}\n'.repeat(size / 8),
		"of short objects between words": (size) => '{"a":1}b\r\n'.repeat(size / 10),
		"that is one line": (size) => "x".repeat(size),
		"of carriage returns": (size) => "a\r".repeat(size / 2),
		"of escapes": (size) => "\x1b[".repeat(size / 2),
	};
	for (const [name, make] of Object.entries(hostile)) {
		test(`${name} takes time in proportion to its length`, () => {
			const given = make(2_000_000);
			const start = performance.now();
			for (const _ of readPieces(given));
			// Far above what a busy machine needs (0.2 s), far below what a quadratic reading takes.
			expect(performance.now() - start).toBeLessThan(5000);
		});
	}
});
