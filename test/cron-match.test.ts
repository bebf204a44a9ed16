// Our matches of cron expressions are those of Bun, whatever the expression and the moment.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { checkExpression } from "../src/cron-check.ts";
import { cronTimes, nextMatch } from "../src/cron-match.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "monday", "tue", "wed", "thu", "friday", "sat"];

function aField(from: number, to: number, words: string[] = [], first = 0) {
	const number = fc.integer({ min: from, max: to });
	const value = words.length === 0 ? number.map(String) : fc.oneof(number.map(String), fc.constantFrom(...words));
	const step = fc.integer({ min: 1, max: to });
	const order = (a: string) => (/^\d/.test(a) ? Number(a) : words.indexOf(a) + first);
	const range = fc.tuple(value, value).map(([a, b]) => (order(a) <= order(b) ? `${a}-${b}` : `${b}-${a}`));
	const item = fc.oneof(
		value,
		range,
		fc.tuple(range, step).map((parts) => parts.join("/")),
		fc.tuple(value, step).map((parts) => parts.join("/")),
		step.map((n) => `*/${n}`),
	);
	const list = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(","));
	return fc.oneof({ weight: 2, arbitrary: fc.constant("*") }, { weight: 3, arbitrary: list });
}

const anExpression = fc.tuple(
	aField(0, 59),
	aField(0, 23),
	aField(1, 31),
	aField(1, 12, months, 1),
	aField(0, 7, weekdays),
);
const aMoment = fc.integer({ min: Date.UTC(1999, 0, 1), max: Date.UTC(2101, 0, 1) });

test("the next match is Bun's", () => {
	fc.assert(
		fc.property(anExpression, aMoment, (fields, after) => {
			const text = fields.join(" ");
			// Bun takes a day field like "*/2" for one of two of which either is enough.
			fc.pre(checkExpression(text).ok && !fields[2].startsWith("*/") && !fields[4].startsWith("*/"));
			const theirs = Bun.cron.parse(text, after, { tz: "UTC" })?.getTime() ?? null;
			expect([text, nextMatch(cronTimes(fields), after)]).toEqual([text, theirs]);
		}),
		{ numRuns: 20_000 },
	);
}, 60_000);

test("a leap day on one certain weekday comes after decades, and a day that no month has never", () => {
	const next = (text: string, after: number) => nextMatch(cronTimes(text.split(" ")), after);
	expect(next("0 0 29 2 *", Date.UTC(2024, 1, 29))).toBe(Date.UTC(2028, 1, 29));
	expect(next("0 0 29 2 *", Date.UTC(2096, 1, 29))).toBe(Date.UTC(2104, 1, 29));
	expect(next("0 0 30 2 *", Date.UTC(2024, 0, 1))).toBeNull();
});
