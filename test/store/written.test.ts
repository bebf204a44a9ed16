// What was written of which job since when: what is kept of the others rests on it.
import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { closeDatabase, openDatabase, prepareDatabase, transaction } from "../../src/store/database.ts";
import {
	daysWriting,
	jobsWithDaysSince,
	lastWriting,
	noteDay,
	noteEverything,
	noteRuns,
	runsWriting,
} from "../../src/store/written.ts";
import { cleanUp, makeFolder } from "../binary.ts";

afterAll(cleanUp);

let db: Database;
let path: string;
beforeEach(() => {
	path = join(makeFolder(), "backups.db");
	db = openDatabase(path);
	prepareDatabase(db);
});
afterEach(() => closeDatabase(db));

test("a report of one job is no news of another", () => {
	const before = [runsWriting(db, 1), runsWriting(db, 2)];
	noteRuns(db, 1);
	expect(runsWriting(db, 1)).toBeGreaterThan(before[0] ?? 0);
	expect(runsWriting(db, 2)).toBe(before[1] ?? -1);
});

test("days that are over are told from today, and those that nobody remembers count as over", () => {
	noteDay(db, 1, 100);
	const past = daysWriting(db, 1, 98);
	expect(daysWriting(db, 1)).toBeGreaterThan(past);
	noteDay(db, 1, 97);
	expect(daysWriting(db, 1, 98)).toBeGreaterThan(past);
	const all = daysWriting(db, 1, 98);
	for (const day of [101, 102, 103, 104, 105]) noteDay(db, 1, day);
	expect(daysWriting(db, 1, 50)).toBeGreaterThanOrEqual(all);
	expect(daysWriting(db, 2, 1000)).toBe(0);
});

test("the jobs whose sums were written since are named; after a deletion it may be any", () => {
	const at = lastWriting(db) ?? -1;
	noteDay(db, 3, 100);
	expect(jobsWithDaysSince(db, at)).toEqual([3]);
	expect(jobsWithDaysSince(db, lastWriting(db) ?? -1)).toEqual([]);
	noteEverything(db);
	expect(jobsWithDaysSince(db, at)).toBeNull();
	expect(runsWriting(db, 77)).toBe(lastWriting(db) ?? -1);
});

test("what another connection writes counts as everything", () => {
	const before = lastWriting(db);
	expect(lastWriting(db)).toBe(before);
	const other = new Database(path);
	other.run("INSERT INTO meta (key, value) VALUES ('x', '1')");
	other.close();
	expect(lastWriting(db)).toBeGreaterThan(before ?? -1);
	expect(runsWriting(db, 1)).toBe(lastWriting(db) ?? -1);
});

test("within a transaction nothing is kept: it may be undone", () => {
	transaction(db, () => expect(lastWriting(db)).toBeNull());
	expect(lastWriting(db)).not.toBeNull();
});

/** Whatever writes to runs or sums is in one of these files, and each of its functions says so. */
test("every statement that writes runs or daily sums is told of", () => {
	const src = join(import.meta.dir, "../../src");
	const writing = /(?:INTO|UPDATE(?: OR \w+)?|DELETE FROM)\s+(?:run|daily)\b/;
	const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
	const untold: string[] = [];
	let statements = 0;
	for (const file of files) {
		const text = readFileSync(join(src, file), "utf8");
		// From one function of the file to the next.
		for (const part of text.split(/^(?=(?:export )?(?:async )?function )/m)) {
			if (!writing.test(part)) continue;
			statements++;
			const isText =
				/^const insertSql/m.test(part) && !part.startsWith("function") && !part.startsWith("export function");
			if (!isText && !/\bnote(?:Runs|Day|Everything)\(/.test(part)) untold.push(`${file}: ${part.split("\n")[0]}`);
		}
	}
	expect(statements).toBeGreaterThan(5);
	// It is handed over to the function below, which tells.
	expect(readFileSync(join(src, "store/runs.ts"), "utf8")).toMatch(
		/function bindRun\([^}]*\}[^}]*noteRuns\(db, jobId\)/,
	);
	expect(untold).toEqual([]);
});
