// Where the keys of a YAML text stand: the same keys as Bun's parser reads, each with its line.
import { describe, expect, test } from "bun:test";
import { findPlaces, keyOf, type Path } from "../src/settings-places.ts";

/** Keys and list items of a value, as the scanner names them. */
function pathsOf(value: unknown, path: Path = []): string[] {
	if (typeof value !== "object" || value === null) return [];
	const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
	return entries.flatMap(([key, inner]) => [keyOf([...path, key]), ...pathsOf(inner, [...path, key])]);
}

function found(text: string): string[] {
	const places = findPlaces(text);
	if ("reason" in places) throw new Error(`line ${places.line}: ${places.reason}`);
	return [...places.places.keys()];
}

const lineOf = (text: string, path: Path) => {
	const places = findPlaces(text);
	return "reason" in places ? places.reason : (places.places.get(keyOf(path))?.line ?? null);
};

const shapes = [
	"",
	"# only a comment\n",
	"jobs:\n",
	"---\na: 1\n...\n",
	"%YAML 1.2\n---\na: 1\n",
	"a: x\n  y\nb: 1\n",
	"a:\n- 1\n- 2\nb: 1\n",
	"a:\n  - - 1\n    - 2\n  - x: 1\n    y: 2\n  -\n  - z\n",
	'{"a":1, c: 3, d:, "e": }',
	"a: [x: 1, y]\n",
	"a: { # c\n  b: 1 } # d\n",
	"a: {\n  b: 1,\n  c: [1,\n  2, [3]]\n}\n",
	"a: \"x\n  y: 1\"\nb: 'q\n\n  z'\n",
	"a: |2\n    x: 1\nb: 1\n",
	"a: |\n  jobs: 1\n\n   more\n # no text\nb: >-\n  x\n",
	"a : 1\nb: ntfys://h/x?a=b&c=d#e\nc: {u: ntfys://h/x?a=b&c=d}\n",
	"\"a\\u0062\": 1\n'it''s': 2\n",
	"a: [1, 2,]\nb: {c: 1,}\n",
	"a:\t1\t# x\nb: 1\n",
	"a: 1\n\t\nb: 2\n",
	"a:\n    b: 1\n  # x\n    c: 2\n",
	"a: 50% #x\nb: x & y * z\nc: !!str 010\n",
	"0123: a\n1.50: b\n~: c\ntrue: d\n2026-01-01: e\n",
	"__proto__:\n  x: 1\nconstructor: 2\n",
	"a: [x\n  y, z]\n",
	"a: 22:00\nb: { from: 22:00, to: mon 08:00 }\n",
	"a: b#c\nd: 'x' # y\n",
	"- a\n- b: 1\n  c: 2\n",
	"jobs: {a: , b}\n",
];

describe("the scanner", () => {
	for (const text of shapes) {
		test(`finds the keys that Bun reads: ${JSON.stringify(text)}`, () => {
			expect(found(text).sort()).toEqual(pathsOf(Bun.YAML.parse(text)).sort());
		});
	}

	test("finds the keys of a thousand mappings that Bun wrote, in both styles", () => {
		let seed = 7;
		const random = (below: number) => {
			seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
			return Math.floor((seed / 2_147_483_648) * below);
		};
		const words = [
			"a",
			"b c",
			"x:y",
			"#z",
			"no",
			"12",
			"- q",
			"it's",
			'say "hi"',
			"*",
			"",
			"l1\nl2",
			"ü",
			"{",
			"a, b",
			"? x",
		];
		const word = () => words[random(words.length)] ?? "";
		const value = (depth: number): unknown => {
			const kind = random(depth > 3 ? 3 : 5);
			if (kind === 0) return word();
			if (kind === 1) return random(1000) / 8;
			if (kind === 2) return [true, null, false][random(3)];
			if (kind === 3) return Array.from({ length: random(4) }, () => value(depth + 1));
			return Object.fromEntries(Array.from({ length: random(4) }, () => [word(), value(depth + 1)]));
		};
		for (let n = 0; n < 1000; n++) {
			const made = { top: value(0), other: value(1) };
			for (const text of [Bun.YAML.stringify(made, null, 2), Bun.YAML.stringify(made)]) {
				expect([text, found(text).sort()]).toEqual([text, pathsOf(Bun.YAML.parse(text)).sort()]);
			}
		}
	});

	test("knows lines in blocks, in flow mappings over several lines, behind comments and quotes", () => {
		const text =
			'# c\n\njobs:\n  "a b":\n    x: |\n      y: 1\n    z: {\n      cron: "1",\n\n      zone: w }\n    l:\n    - p\n    - q: 1\n';
		expect(lineOf(text, ["jobs", "a b"])).toBe(4);
		expect(lineOf(text, ["jobs", "a b", "z", "zone"])).toBe(10);
		expect(lineOf(text, ["jobs", "a b", "l", 1, "q"])).toBe(13);
		expect(lineOf(text, ["jobs", "a b", "x", "y"])).toBeNull();
	});

	const wrong: [text: string, line: number, reason: RegExp][] = [
		["jobs:\n\ta: 1\n", 2, /tab/],
		["jobs:\n  a: [1, 2\n  b: 3\n", 2, /closed/],
		["jobs:\n  a: 'x\n", 2, /quote/],
		["a: 1\nb: c: d\n", 2, /": "/],
		["jobs:\n  a: 1\n b: 2\n", 3, /indented/],
		["a: 1\n   b: 2\n", 2, /indented more/],
		["a:\n  b: 1\nfoo\nc: 1\n", 3, /key: value/],
		["a: 1\nb:1\n", 2, /space after its colon/],
		["a: 1\nb: @x\n", 2, /quotes/],
		["a: 1\ncron: * * * * *\n", 2, /begins with \*/],
		["a: 1\ncron: */5 * * * *\n", 2, /begins with \*/],
		["a: !secret x\n", 1, /tag/],
		["a: !!js/function x\n", 1, /tag/],
		["a: 1\n---\nb: 1\n", 2, /second document/],
		["a: 1\n? b\n: 1\n", 2, /key/],
		[`a: ${"[".repeat(50_000)}${"]".repeat(50_000)}`, 1, /deeper/],
		[`a: ${"{a: ".repeat(20_000)}`, 1, /deeper/],
		[`${"- ".repeat(50_000)}x`, 1, /deeper/],
		[`a: &a x\nb: [${Array(101).fill("*a").join()}]\n`, 2, /too many/],
	];
	for (const [text, line, reason] of wrong) {
		test(`stops where ${JSON.stringify(text.slice(0, 40))} goes wrong`, () => {
			expect(findPlaces(text)).toEqual({ line, reason: expect.stringMatching(reason) });
		});
	}

	test("says each key that stands twice once, with both lines", () => {
		const places = findPlaces("a:\n  x: 1\n  y: 2\na:\n  x: 3\nb: {c: 1, c: 2}\n");
		if ("reason" in places) throw new Error(places.reason);
		expect(places.repeated).toEqual([
			{ path: ["a"], line: 4, first: 1 },
			{ path: ["b", "c"], line: 6, first: 6 },
		]);
	});

	test("needs no long time for 256 KiB of anything", () => {
		const size = 262_144;
		const pieces = [
			"a:\n",
			"'",
			'"',
			"{",
			"a: {",
			"- ",
			"#\n",
			" ",
			"\n",
			": ",
			"? ",
			"a b ",
			"a: 'x'\n",
			"a#",
			"[a,",
			"a: |\n b\n",
			"&a ",
		];
		for (const piece of pieces) {
			const start = performance.now();
			findPlaces(piece.repeat(size / piece.length));
			expect([piece, performance.now() - start < 2000]).toEqual([piece, true]);
		}
	});
});
