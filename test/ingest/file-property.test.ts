// What must hold for any followed or imported file at all, looked for with random ones. HARD=1 looks at 200,000 of each.
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { FollowedFile } from "../../src/ingest/follow.ts";
import { type Imported, importStream } from "../../src/ingest/import-file.ts";
import { Journal, journaled } from "../../src/ingest/journal.ts";
import { readFinished } from "../../src/store/runs.ts";
import { lineArb, stampArb, withOffset } from "../arbitraries.ts";
import { isHard } from "../binary.ts";
import { tell } from "../hard/tell.ts";
import { type Contents, contentsOf, discard, forget, type KeptStore, makeStore } from "../kept-store.ts";
import { aLine } from "../lines.ts";

const numRuns = isHard ? Number(process.env.CASES ?? 200_000) : 300;
/** Every so many cases the kept store has to give what a new one gives. */
const comparedEvery = 500;
const now = Date.UTC(2026, 11, 1);

const kept = makeStore();
afterAll(() => discard(kept));

let asked = 0;

/** What `use` leaves in a store that held nothing. */
async function stored(use: (store: KeptStore) => void | Promise<void>): Promise<Contents> {
	forget(kept);
	await use(kept);
	const found = contentsOf(kept.db);
	if (asked++ % comparedEvery === 0) {
		const fresh = makeStore();
		await use(fresh);
		expect(contentsOf(fresh.db)).toEqual(found);
		discard(fresh);
	}
	return found;
}

/** Follows a file that is made by `write` in steps; gives all that is stored of it in the end. */
function followed(write: (path: string, look: () => void) => void): Promise<Contents> {
	return stored(({ db, path }) => {
		const file = new FollowedFile(db, path, "UTC");
		const look = () => {
			while (file.look(now).more);
		};
		write(path, look);
		look();
	});
}

/** Imports bytes that come in portions. */
async function imported({ db, folder }: KeptStore, bytes: Buffer, portions: number[]): Promise<Imported> {
	const journal = new Journal(folder);
	let at = 0;
	let reads = 0;
	const read = (into: Buffer) => {
		const most = portions[reads++ % portions.length] ?? 1;
		const got = bytes.copy(into, 0, at, at + most);
		at += got;
		return got;
	};
	try {
		return await importStream(read, "a file", { db, journal, zone: "UTC", now: () => now });
	} finally {
		journal.close();
	}
}

/** What an import leaves, and what is there after the same file once more, which came in one piece. */
async function importedTwice(bytes: Buffer, portions: number[]): Promise<[Contents, Omit<Contents, "rejected">]> {
	let first: Imported | null = null;
	const once = await stored(async (store) => {
		first = await imported(store, bytes, portions);
	});
	const again = await imported(kept, bytes, [bytes.length + 1]);
	// Of two reports of one run the last one counts, so a second time both are told, and it is the last again.
	expect({ ...again, changed: 0 }).toEqual({ ...(first ?? again), changed: 0 });
	const { runs, sums } = contentsOf(kept.db);
	return [
		{ ...once, runs: asSent(once.runs) },
		{ runs: asSent(runs), sums },
	];
}

/** Without what the journal added to the reports. */
function asSent(runs: Contents["runs"]): Contents["runs"] {
	const added = journaled("{}", "import", now).slice(1);
	return runs.map((run) => {
		expect(run.report).toEndWith(added);
		return { ...run, report: `${run.report.slice(0, -added.length)}}` };
	});
}

/** What stands between lines in files that were really found, and what a power cut leaves. */
const endArb = fc.constantFrom("\n", "\n", "\n", "\r\n", "\r", "\n\n", " \t\n", "\n\0\0\0\n", "\n\ufeff");
const partArb = fc.tuple(
	lineArb.filter((line) => !/[\r\n\0]/.test(line)),
	endArb,
);
/** A file, and where it is cut on its way. */
const fileArb = fc.record({
	parts: fc.array(partArb, { maxLength: 12 }),
	cuts: fc.array(fc.nat(4000), { maxLength: 6 }),
	portions: fc.array(fc.integer({ min: 5, max: 4000 }), { minLength: 1, maxLength: 4 }),
	/** Parts that are there when it is read first, and how many of them are kept when it is cut at the front. */
	early: fc.nat(12),
	keeps: fc.nat(12),
});

const bytesOf = (parts: [string, string][]) => Buffer.from(parts.flat().join(""));

/** Looks for a counterexample, and says how long it looked. */
async function holds<T>(name: string, property: fc.IAsyncProperty<T>): Promise<void> {
	const begun = process.cpuUsage();
	await fc.assert(property, { numRuns });
	const { user, system } = process.cpuUsage(begun);
	tell(`R3 ${name}`, numRuns, 0, { cpu_seconds: Math.round((user + system) / 1e6) });
}

test("a file gives the same split into appends, read again, cut at the front, imported in portions, and imported again", () =>
	holds(
		"split, read again, cut at the front, imported, imported again",
		fc.asyncProperty(fileArb, async ({ parts, cuts, portions, early, keeps }) => {
			const bytes = bytesOf(parts);
			const whole = await followed((path) => writeFileSync(path, bytes));
			const split = await followed((path, look) => {
				writeFileSync(path, "");
				let from = 0;
				for (const cut of [...cuts.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
					appendFileSync(path, bytes.subarray(from, cut));
					from = cut;
					look();
				}
			});
			expect({ way: "split into appends", ...split }).toEqual({ way: "split into appends", ...whole });
			const again = await followed((path, look) => {
				for (let n = 0; n < 2; n++) {
					writeFileSync(`${path}.new`, bytes);
					renameSync(`${path}.new`, path);
					look();
				}
			});
			expect({ way: "read again", ...again }).toEqual({ way: "read again", ...whole });
			const { runs, sums } = await followed((path, look) => {
				writeFileSync(path, bytesOf(parts.slice(0, early)));
				look();
				writeFileSync(`${path}.new`, bytesOf(parts.slice(Math.max(0, Math.min(early, parts.length) - keeps - 1))));
				renameSync(`${path}.new`, path);
			});
			expect({ way: "cut at the front", runs, sums }).toEqual({
				way: "cut at the front",
				runs: whole.runs,
				sums: whole.sums,
			});
			const [once, twice] = await importedTwice(bytes, portions);
			expect({ way: "imported", ...once }).toEqual({ way: "imported", ...whole });
			expect({ way: "imported again", ...twice }).toEqual({
				way: "imported again",
				runs: whole.runs,
				sums: whole.sums,
			});
		}),
	));

test("in any order of lines is answered in the order of instants, whatever offset each is written in", () =>
	holds(
		"order by instant, any offset",
		fc.asyncProperty(
			fc.uniqueArray(stampArb, { maxLength: 12, selector: ({ at }) => at }),
			fc.integer({ min: -14 * 60, max: 14 * 60 }),
			async (stamps, other) => {
				const textWith = (stampOf: (stamp: (typeof stamps)[number]) => string) =>
					stamps.map((stamp, n) => `${aLine(n, { timestamp: stampOf(stamp), backup_id: `s-${n}` })}\n`).join("");
				const order = stamps.map(({ at }) => at).sort((a, b) => b - a);
				const answered: number[][] = [];
				const sums: unknown[] = [];
				for (const text of [textWith(({ text }) => text), textWith(({ at }) => withOffset(at, other))]) {
					const { sums: days } = await followed((path) => writeFileSync(path, text));
					answered.push(readFinished(kept.db, null, 365, 0).map((run) => run.startedAt));
					sums.push(days);
				}
				expect(answered).toEqual([order, order]);
				expect(sums[1]).toEqual(sums[0]);
			},
		),
	));
