// Real listings of each tool, whole, in pieces and cut: what is in them, and whether it was all.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openListing } from "../../../src/ingest/listing.ts";
import type { ListingFormat, Snapshot } from "../../../src/inventory.ts";

const folder = join(import.meta.dir, "../../fixtures/listings");
const fixture = (name: string) => readFileSync(join(folder, name));

function read(format: ListingFormat, bytes: Uint8Array | string, piece = Number.POSITIVE_INFINITY) {
	const all = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
	const sink = openListing(format, "Europe/Berlin");
	for (let at = 0; at < all.length; at += piece) sink.push(all.subarray(at, Math.min(all.length, at + piece)));
	const { listed, ...listing } = sink.finish();
	return { ...listing, snapshots: [...(listed ?? [])] };
}

const newest = (snapshots: Snapshot[]) => snapshots.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0))[0];

const whole: [string, ListingFormat, number, Partial<Snapshot>][] = [
	[
		"restic-0.18.0.json",
		"restic",
		13,
		{
			id: "ffb23686df5030cdbcad5ede0a6f23ac645e10b4cee3e1a4502a2639b6023c7a",
			at: Date.parse("2026-11-23T02:34:03.606+01:00"),
			size: 149_040,
		},
	],
	["restic-0.18.0-grouped.json", "restic", 13, {}],
	["restic-0.14.0.json", "restic", 10, { size: null }],
	[
		"borg-1.4.5.json",
		"borg",
		14,
		{
			id: "c03df70915b7222dee9b54bc5f1458848644bc12375b843a1d00adfd9f9c2dca",
			name: "chg-2026-11-23T02:43:31",
			at: Date.parse("2026-11-23T02:43:31+01:00"),
		},
	],
	["borg-1.4.5-format.json", "borg", 3, { host: "raspberrypi" }],
	["borg-2.0.0b25.json", "borg", 8, { name: "sig-SIGKILL", at: Date.parse("2026-11-23T02:52:10.568+01:00") }],
	["borgmatic-1.9.14.json", "borg", 11, { id: "d8395356e3745310185f1cfc923e6cec197170f629c6c92e784b8dc063cbaf29" }],
	// Kopia cannot run here: made as its source writes it (snapshot/manifest.go, the list command's wrapper).
	[
		"kopia-from-source.json",
		"kopia",
		4,
		{ id: "7b1e0c5a9f3d2e4b6a8c0d1e2f3a4b5f", size: 6_922_127, host: "raspberrypi", about: "/srv" },
	],
	["rclone-1.75.2.json", "rclone", 39, {}],
	["rclone-1.60.1.json", "rclone", 39, {}],
];

describe("a whole listing", () => {
	for (const [name, format, count, expected] of whole) {
		test(`${name} has ${count} entries, read at once or byte by byte`, () => {
			const listing = read(format, fixture(name));
			expect({ outcome: listing.outcome, reason: listing.reason, entries: listing.entries }).toEqual({
				outcome: "ok",
				reason: null,
				entries: count,
			});
			expect(newest(listing.snapshots)).toMatchObject(expected);
			for (const piece of [1, 7, 4096]) expect(read(format, fixture(name), piece)).toEqual(listing);
		});
	}

	test("rclone's files have their sizes, folders are left out", () => {
		expect(read("rclone", fixture("rclone-1.75.2.json")).bytes).toBe(149_040);
	});

	test("the same entries in another order are the same listing", () => {
		const lines = ['{"id":"a","size":1}', '{"id":"b","size":2}'];
		expect(read("jsonl", lines.join("\n")).digest).toBe(read("jsonl", lines.toReversed().join("\n")).digest);
		expect(read("jsonl", lines.join("\n")).digest).not.toBe(read("jsonl", lines[0] ?? "").digest);
	});
});

describe("a listing that was cut", () => {
	for (const [name, format] of whole) {
		test(`${name} cut anywhere is no listing`, () => {
			const bytes = fixture(name);
			const length = bytes.toString().trimEnd().length;
			for (let at = 1; at < length; at += Math.max(1, Math.floor(length / 60))) {
				const outcome = read(format, bytes.subarray(0, at)).outcome;
				expect([at, outcome]).toEqual([at, "truncated"]);
			}
		});
	}

	test("find without the end of its last line is cut", () => {
		const listing = "1763859600.5 120 a.tar\n1763946000.25 130 b.tar\n";
		expect(read("find", listing)).toMatchObject({ outcome: "ok", entries: 2, bytes: 250 });
		expect(read("find", listing.slice(0, -4)).outcome).toBe("truncated");
	});

	test("what rclone prints of a folder that is not there is cut", () => {
		expect(read("rclone", fixture("rclone-1.75.2-missing.json")).outcome).toBe("truncated");
	});
});

describe("a listing that is given as another tool's", () => {
	const own: [string, ListingFormat][] = [
		["restic-0.18.0.json", "restic"],
		["restic-0.18.0-grouped.json", "restic"],
		["borg-1.4.5-format.json", "borg"],
		["borg-2.0.0b25.json", "borg"],
		["borgmatic-1.9.14.json", "borg"],
		["kopia-from-source.json", "kopia"],
		["rclone-1.75.2.json", "rclone"],
	];
	const formats: ListingFormat[] = ["restic", "borg", "kopia", "rclone", "s3"];
	for (const [name, format] of own) {
		test(`${name} is no listing of another tool, and it is said whose it is`, () => {
			for (const other of formats.filter((one) => one !== format)) {
				const { outcome, reason, entries } = read(other, fixture(name));
				expect([other, outcome, entries]).toEqual([other, "failed", 0]);
				expect(reason).toBe(`The listing looks like one of ${format}, not of ${other}: give it as from ${format}.`);
			}
			expect(read("find", fixture(name)).outcome).toBe("failed");
		});
	}

	test("tables for people and compressed ones are named", () => {
		const borg = "one                                  Sat, 2026-11-28 15:55:03 [9db70c5b3d1f0a]\n";
		expect(read("borg", borg)).toMatchObject({
			outcome: "failed",
			reason: expect.stringContaining("is no JSON: one "),
		});
		const restic = "ID        Time                 Host        Tags        Paths\n----------\n1 snapshots\n";
		expect(read("restic", restic)).toMatchObject({
			outcome: "failed",
			reason: expect.stringMatching(/is no JSON: ID .*Paths\.$/),
		});
		for (const packed of [
			Bun.gzipSync(fixture("restic-0.18.0.json")),
			Bun.zstdCompressSync(fixture("restic-0.18.0.json")),
		]) {
			expect(read("restic", packed)).toMatchObject({
				outcome: "failed",
				reason: "The listing is compressed: unpack it first.",
			});
		}
		expect(read("restic", '{"answer": 42}').reason).toBe('The listing has something that is no entry: {"answer":42}.');
	});
});

describe("what shows nothing", () => {
	const cases: [string, ListingFormat, string, string][] = [
		["an empty list", "restic", "[]\n", "empty"],
		["restic's null", "restic", "null\n", "empty"],
		["borg without archives", "borg", '{"archives": [], "repository": {"id": "aa"}}', "empty"],
		["nothing at all", "restic", "", "failed"],
		["an error in words", "restic", "Fatal: unable to open config file: lstat: no such file\n", "failed"],
		[
			"an error as JSON",
			"restic",
			'{"message_type":"exit_error","code":10,"message":"Fatal: repository does not exist"}\n',
			"failed",
		],
		["nothing as find", "find", "", "empty"],
		["words as find", "find", "find: nothing here\n", "failed"],
		["lines without ids", "jsonl", '{"size": 5}\n', "truncated"],
		["brackets that do not fit", "kopia", "[}", "truncated"],
	];
	for (const [what, format, text, outcome] of cases) {
		test(`${what} is ${outcome}`, () => {
			const listing = read(format, text);
			expect([listing.outcome, listing.entries]).toEqual([outcome as never, 0]);
			expect(listing.reason).toMatch(/^The listing .+\.$/);
		});
	}
});

test("kopia's snapshots have their source and size, broken-off ones are left out", () => {
	const text = JSON.stringify([
		{
			id: "1b6639b9797dc77a",
			source: { host: "pi4", userName: "pi", path: "/srv" },
			startTime: "2026-11-23T01:00:00.5Z",
			endTime: "2026-11-23T01:02:00Z",
			rootEntry: { summ: { size: 5_312_442, files: 56 } },
		},
		{ id: "2b", source: { host: "pi4" }, startTime: "2026-11-23T02:00:00Z", incomplete: "checkpoint" },
	]);
	expect(read("kopia", text).snapshots).toEqual([
		{
			id: "1b6639b9797dc77a",
			name: null,
			at: Date.parse("2026-11-23T01:00:00.5Z"),
			size: 5_312_442,
			host: "pi4",
			about: "/srv",
		},
	]);
});

test("a bucket is read from aws s3api, aws s3 ls and mc ls", () => {
	const api = {
		Contents: [{ Key: "pi/a.tar", LastModified: "2026-11-23T01:00:00+00:00", Size: 12 }],
		RequestCharged: null,
	};
	const expected = [{ id: "pi/a.tar", name: null, at: Date.UTC(2026, 10, 23, 1), size: 12, host: null, about: "" }];
	expect(read("s3", JSON.stringify(api, null, 4)).snapshots).toEqual(expected);
	expect(
		read("s3", "2026-11-23 02:00:00         12 pi/a.tar\n\nTotal Objects: 1\n   Total Size: 12\n").snapshots,
	).toEqual(expected);
	const mc =
		'{"status":"success","type":"file","lastModified":"2026-11-23T01:00:00Z","size":12,"key":"pi/a.tar","etag":"x"}\n';
	expect(read("s3", mc).snapshots).toEqual(expected);
	const shortened = { IsTruncated: true, Contents: api.Contents, NextContinuationToken: "x" };
	expect(read("s3", JSON.stringify(shortened), 5).outcome).toBe("truncated");
});

test("a warning before the list, and names full of quotes and brackets, do no harm", () => {
	const path = 'a "quoted" {x}[y]\\ \u00e4\n.tar';
	const text = `NOTICE: config "x": not found\n[\n${JSON.stringify({ Path: path, Size: 3, ModTime: "2026-11-23T01:00:00Z", IsDir: false })}\n]\n`;
	for (const piece of [1, 2, 3, 5, 1000])
		expect(read("rclone", text, piece).snapshots.map(({ id }) => id)).toEqual([path]);
});

test("an entry is read alike whether it stands in one piece or in two, whatever brackets it holds", () => {
	const entries = [
		{
			id: "a".repeat(64),
			time: "2026-11-23T01:00:00Z",
			paths: ["/srv/}{", '/"]'],
			summary: { total_bytes_processed: 5 },
		},
		{ id: "b".repeat(64), time: "2026-11-23T02:00:00Z", paths: [], tags: ["snapshots", "}}}}}}"] },
		{ id: "c".repeat(64), time: "2026-11-23T03:00:00Z", paths: ["/x"], summary: { a: { b: { c: { d: {} } } } } },
	];
	const texts = [
		JSON.stringify(entries),
		entries.map((entry) => JSON.stringify(entry)).join("\n"),
		JSON.stringify([{ group_key: { hostname: "pi" }, snapshots: entries }]),
		JSON.stringify({ some: { snapshots: entries } }),
	];
	for (const text of texts) {
		const whole = read("restic", text);
		expect([whole.outcome, whole.entries]).toEqual(["ok", 3]);
		for (const piece of [1, 13, 100]) expect(read("restic", text, piece)).toEqual(whole);
	}
});

test("one that is listed twice counts once", () => {
	const line = '{"id":"a","size":1}\n';
	expect(read("jsonl", `${line}${line}{"id":"b","size":2}\n`)).toMatchObject({ entries: 2, bytes: 3 });
});

test("what is hostile is no listing, and is read in bounded time", () => {
	const began = performance.now();
	const texts: [ListingFormat, string][] = [
		["restic", "[".repeat(1_000_000)],
		["restic", `[{"id":${"[".repeat(100_000)}`],
		["rclone", `[{"Path":"${"}".repeat(2_000_000)}`],
		["jsonl", `{"id":"${"x".repeat(2_000_000)}"}`],
		["kopia", "\0".repeat(1_000_000)],
		["borg", "\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56"],
		["find", "\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56"],
		["s3", "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>"],
	];
	for (const [format, text] of texts) {
		const { outcome, entries } = read(format, text, 65_536);
		expect([format, outcome === "failed" || outcome === "truncated", entries]).toEqual([format, true, 0]);
	}
	expect(performance.now() - began).toBeLessThan(20_000);
});

test("100,000 entries are read in bounded pieces", () => {
	const sink = openListing("rclone", "UTC");
	sink.push(Buffer.from("["));
	for (let i = 0; i < 100_000; i++) {
		const entry = { Path: `folder/${i}.tar`, Size: i, ModTime: "2026-11-23T01:00:00Z", IsDir: false };
		sink.push(Buffer.from(`${i > 0 ? "," : ""}${JSON.stringify(entry)}\n`));
	}
	sink.push(Buffer.from("]"));
	expect(sink.finish()).toMatchObject({ outcome: "ok", entries: 100_000 });
});
