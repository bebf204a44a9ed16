// The acceptance rules of the metrics file, sentence by sentence, with other values than the recorded fixtures have.
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readText } from "../src/ingest/record.ts";
import { parseTimestamp } from "../src/time.ts";
import { cleanUp, importFile, makeFolder } from "./binary.ts";

afterAll(cleanUp);

const utf8 = (text: string) => Buffer.from(text);
const line = (id: string | number, more = "") =>
	`{"timestamp":"2026-03-01T02:00:00Z","backup_id":${JSON.stringify(id)},"success":true${more}}`;

/** [lines, accepted, rejected, pending, different runs] of a file of these bytes. */
async function counted(bytes: Uint8Array): Promise<(number | null)[]> {
	const folder = makeFolder();
	const file = join(folder, "in.jsonl");
	await Bun.write(file, bytes);
	const { lines, accepted, rejected, pending, runs } = await importFile(file, folder, {
		RETENTION_DAYS: "36500",
		TZ: "Europe/Berlin",
	});
	return [lines, accepted, rejected, pending, runs];
}

const long = (size: number) => line("long", `,"log":"${"x".repeat(size - line("long", ',"log":""').length)}"`);

describe("P: what a line is", () => {
	const files: [string, Uint8Array, number[]][] = [
		["P1 LF CR ends one line and begins an empty one", utf8(`${line(1)}\n\r${line(2)}\n`), [2, 2, 0, 0, 2]],
		["P1 two lone CR end two lines", utf8(`${line(1)}\r\r${line(2)}\r`), [2, 2, 0, 0, 2]],
		["P1 a mark before each of two lines", utf8(`\ufeff${line(1)}\n\ufeff ${line(2)}\n`), [2, 2, 0, 0, 2]],
		["P1 blanks and NULs around a record", utf8(` \t\0\0${line(1)}\0 \0\n`), [1, 1, 0, 0, 1]],
		["P1 two lines of NULs", utf8(`\0\n${line(1)}\n\0\0\0\n`), [3, 1, 2, 0, 1]],
		["P2 blanks, tabs and Windows ends alone", utf8(`\r\n \t \n${line(1)}\n\t\r\n`), [1, 1, 0, 0, 1]],
		["P3 a line of exactly the limit", utf8(`${long(262_144)}\n`), [1, 1, 0, 0, 1]],
		["P3 one byte more", utf8(`${long(262_145)}\n${line(1)}\n`), [2, 1, 1, 0, 1]],
		["P3 too long and not ended", utf8(`${line(1)}\n${"y".repeat(300_000)}`), [2, 1, 0, 1, 1]],
		["P4 cut and overlong sequences", Buffer.from(`${line("\xe9\xc0\xaf")}\n`, "latin1"), [1, 1, 0, 0, 1]],
		["P5 a last line of NULs that is not ended", utf8(`${line(1)}\n\0\0`), [2, 1, 0, 1, 1]],
		["P5 a whole record that lacks a field, not ended", utf8(`${line(1)}\n{"backup_id":"x"}`), [2, 1, 0, 1, 1]],
		["P6 comments, single quotes, trailing commas", utf8(`${line(1)}//\n{'a':1}\n${line(2, ",")}\n`), [3, 0, 3, 0, 0]],
		[
			"P6 hexadecimal, plus, leading zero",
			utf8(`${["0x1", "+1", "01", ".5", "1."].map((n) => line(1, `,"size_bytes":${n}`)).join("\n")}\n`),
			[5, 0, 5, 0, 0],
		],
		["P6 a tab inside a text", utf8(`${line("a").replace('"a"', '"a\tb"')}\n`), [1, 0, 1, 0, 0]],
		[
			"P6 of a key twice the last wins",
			utf8(`${line("a", ',"backup_id":"b","success":false,"success":"yes"')}\n`),
			[1, 1, 0, 0, 1],
		],
		["P6 of a key twice the last is unusable", utf8(`${line("a", ',"success":"perhaps"')}\n`), [1, 0, 1, 0, 0]],
		[
			"P7 an array, a word, a second object behind it",
			utf8(`${line(1)}[]\n${line(2)} ok\n${line(3)} ${line(4)}\n`),
			[3, 0, 3, 0, 0],
		],
		["P7 a comma behind it", utf8(`${line(1)},\n${line(2)}\n`), [2, 1, 1, 0, 1]],
	];
	for (const [name, bytes, wanted] of files) {
		test(name, async () => expect(await counted(bytes)).toEqual(wanted));
	}
});

const read = (fields: string) => readText(`{${fields}}`, "UTC");
const facts = '"timestamp":"2026-03-01T02:00:00Z","success":true';
const idOf = (json: string) => {
	const one = read(`"backup_id":${json},${facts}`);
	return one.ok ? one.report.backupId : null;
};

test.each([
	["0", "0"],
	["-1.50", "-1.5"],
	["12345678901234567890", "12345678901234567890"],
	['" a b "', "a b"],
	['"\\u0000\\u001b[31m"', "\\x00\\x1b[31m"],
	['"\\ud83d\\ude00\\udc00"', "\u{1f600}\ufffd"],
	['"e\\u0301"', "e\u0301"],
	[`"${"i".repeat(512)}"`, "i".repeat(512)],
	[`"${"i".repeat(513)}"`, null],
	[`"${"😀".repeat(256)}"`, "😀".repeat(256)],
	[`"${"😀".repeat(257)}"`, null],
	['" "', null],
	["true", null],
	["{}", null],
	["[1]", null],
	["null", null],
	['"__proto__"', "__proto__"],
	['"constructor"', "constructor"],
])("F1 backup_id %s is %j", (json, wanted) => expect(idOf(json)).toBe(wanted));

const at = (text: unknown, zone = "Europe/Berlin") => {
	const instant = parseTimestamp(text, zone);
	return instant === null ? null : new Date(instant).toISOString();
};

test.each([
	["2026-03-01t02:03:04z", "2026-03-01T02:03:04.000Z"],
	["20260301T020304Z", "2026-03-01T02:03:04.000Z"],
	["2026-03-01 02:03+0530", "2026-02-28T20:33:00.000Z"],
	["2026-03-01T02-08", "2026-03-01T10:00:00.000Z"],
	["2026-03-01T02:03:04,9999Z", "2026-03-01T02:03:04.999Z"],
	["2026-03-01T02:03:04.0004+14:00", "2026-02-28T12:03:04.000Z"],
	["2026-03-01T02:03:04+14:01", "refused or taken"],
	["2026-03-01T02:03:04+15:00", null],
	["2026-03-01T02:03:04+2400", null],
	["2026-03-01T24:00:00Z", "2026-03-02T00:00:00.000Z"],
	["2026-03-01T24:00:01Z", null],
	["2026-03-01T25:00:00Z", null],
	["2026-12-31T23:59:60Z", "2026-12-31T23:59:59.999Z"],
	["2026-12-31T23:59:61Z", null],
	["2026-03-01T02:60:00Z", null],
	["2026-02-29T00:00:00Z", null],
	["2028-02-29", "2028-02-28T23:00:00.000Z"],
	["2100-02-29T00:00:00Z", null],
	["2026-04-31T00:00:00Z", null],
	["2026-00-10T00:00:00Z", null],
	["2026-W09-7T00:00:00Z", null],
	["2026-060T00:00:00Z", null],
	["1969-12-31T23:59:59Z", null],
	["2199-12-31T23:59:59Z", "2199-12-31T23:59:59.000Z"],
	["2200-01-01T00:00:00Z", null],
	["+002026-03-01T00:00:00Z", null],
	["02026-03-01T00:00:00Z", null],
	["2026-03-29T02:30:00", "2026-03-29T01:30:00.000Z"],
	["2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z"],
	["2026-03-01T02:03:04Z[Europe/Berlin]", "2026-03-01T02:03:04.000Z"],
	["1772330400", "2026-03-01T02:00:00.000Z"],
	["1772330400.25", "2026-03-01T02:00:00.250Z"],
	["1772330400250", "2026-03-01T02:00:00.250Z"],
	["20260301", "2026-02-28T23:00:00.000Z"],
	["177233040", null],
	["17723304000", null],
	[1772330400, "2026-03-01T02:00:00.000Z"],
	[1772330400250, "2026-03-01T02:00:00.250Z"],
	[1e9, "2001-09-09T01:46:40.000Z"],
	[999_999_999, null],
	[1e14, null],
	[Number.NaN, null],
	[Number.POSITIVE_INFINITY, null],
	["yesterday", null],
	["01/03/2026", null],
	["2026-03-01T02:03:04Z garbage", null],
	["٢٠٢٦-03-01T02:03:04Z", null],
	["", null],
	[null, null],
	[true, null],
])("F2 timestamp %j is %j", (text, wanted) => {
	// "hh at most 14": the text leaves the minutes beside it open.
	if (wanted !== "refused or taken") expect(at(text)).toBe(wanted);
});

test.each([
	...["true", "1", '" TRUE "', '"Yes"', '"y"', '"OK"', '"Succeeded"', '"completed"', '"1"'].map((json) => [json, true]),
	...["false", "0", '"NO"', '"n"', '" Failed\\n"', '"failure"', '"Error"', '"ko"', '"0"'].map((json) => [json, false]),
	...["null", "2", "-0.5", '"2"', '"truthy"', '"on"', '"off"', '""', "[]", "[true]", "{}", '"ja"', '"true."'].map(
		(json) => [json, null],
	),
] as [string, boolean | null][])("F3 success %s is %j", (json, wanted) => {
	const one = read(`"timestamp":"2026-03-01T02:00:00Z","backup_id":"a","success":${json}`);
	const got = one.ok ? one.report.outcome !== "failure" : null;
	expect(got).toBe(wanted);
});

test("F3 a missing success is no success", () => {
	expect(read('"timestamp":"2026-03-01T02:00:00Z","backup_id":"a"').ok).toBe(false);
});

test.each([
	["9007199254740991", 9007199254740991],
	["9007199254740992", null],
	["1e400", null],
	["-1e400", null],
	["1e-400", 0],
	["-0", 0],
	["-1", null],
	["12.9", 12],
	['"12.9"', 12],
	['" 42 "', 42],
	['"1e3"', null],
	['"0x10"', null],
	['"NaN"', null],
	['"Infinity"', null],
	['"1,234"', null],
	['"12 MB"', null],
	['""', null],
	["true", null],
	["[5]", null],
	["{}", null],
	["null", null],
])("F4 size_bytes %s is %j, and never costs the run", (json, wanted) => {
	const one = read(`"backup_id":"a",${facts},"size_bytes":${json}`);
	if (!one.ok) throw new Error(`rejected: ${json}`);
	expect(one.report.size === 0 ? 0 : one.report.size).toBe(wanted);
});

test("F5 a message is cut, what is no text is told as JSON, a success has neither", () => {
	const failed = (more: string) => {
		const one = read(`"backup_id":"a","timestamp":"2026-03-01T02:00:00Z","success":false,${more}`);
		return one.ok ? one.report : null;
	};
	expect(failed(`"error_message":"${"m".repeat(9000)}"`)?.errorMessage?.length).toBe(8192);
	expect(failed(`"error_category":"${"c".repeat(65)}"`)?.errorCategory?.length).toBe(64);
	expect(failed('"error_message":{"a":[1]}')?.errorMessage).toBe('{"a":[1]}');
	expect(failed('"error_message":7,"error_category":false')?.errorMessage).toBe("7");
	const good = read(`"backup_id":"a",${facts},"error_message":"left over","error_category":"auth"`);
	expect(good.ok && [good.report.errorMessage, good.report.errorCategory]).toEqual([null, null]);
});

test("F6 the same id in the same job is one run, in another job or host another; every line counts", async () => {
	const lines = [
		line("a"),
		line("a", ',"job":"x"'),
		line("a", ',"job":"x","host":"h"'),
		line("a"),
		line("a", ',"job":" x "'),
	];
	expect(await counted(utf8(`${lines.join("\n")}\n`))).toEqual([5, 5, 0, 0, 3]);
});

test.each([
	["null", "default"],
	["7", "7"],
	['" nas "', "nas"],
	[`"${"j".repeat(64)}"`, "j".repeat(64)],
	[`"${"j".repeat(65)}"`, "default"],
	['""', "default"],
	["[]", "default"],
	["true", "default"],
	['"toString"', "toString"],
])("F7 job %s is %j", (json, wanted) => {
	const one = read(`"backup_id":"a",${facts},"job":${json}`);
	expect(one.ok ? one.report.job : null).toBe(wanted);
});
