// The followed file, whatever happens to it: every line is stored once, and the newest word about a run stands.
import type { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	appendFileSync,
	copyFileSync,
	cpSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	truncateSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FollowedFile } from "../../src/ingest/follow.ts";
import { noCounts } from "../../src/ingest/intake.ts";
import type { Look } from "../../src/ingest/look.ts";
import { pruneStep } from "../../src/ingest/prune.ts";
import { allJobs, readDays } from "../../src/store/daily.ts";
import { closeDatabase, openDatabase, prepareDatabase } from "../../src/store/database.ts";
import { findSource } from "../../src/store/sources.ts";
import { dayOf } from "../../src/time.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { aLine, firstStart, someLines } from "../lines.ts";

afterAll(cleanUp);

const now = Date.UTC(2026, 11, 1);
let folder: string;
let path: string;
let db: Database;
let file: FollowedFile;

beforeEach(() => {
	folder = makeFolder();
	path = join(folder, "metrics.jsonl");
	db = openDatabase(join(folder, "backups.db"));
	prepareDatabase(db);
	file = new FollowedFile(db, path, "UTC");
});
afterEach(() => closeDatabase(db));

/** Looks until there is nothing more; the sums of what was found. */
function read(followed = file): Look & { looks: number } {
	const total = { ...followed.look(now), looks: 1 };
	while (total.more) {
		const look = followed.look(now);
		for (const key of Object.keys(noCounts()) as (keyof Look & ("accepted" | "rejected" | "changed"))[]) {
			if (key in look) total[key] += look[key];
		}
		total.more = look.more;
		total.pending = look.pending;
		total.looks++;
	}
	return total;
}

/** Another start of the program: nothing is known but what the database says. */
function restart(): void {
	closeDatabase(db);
	db = openDatabase(join(folder, "backups.db"));
	prepareDatabase(db);
	file = new FollowedFile(db, path, "UTC");
}

const ids = () =>
	db
		.query<{ backup_id: string }, []>("SELECT backup_id FROM run ORDER BY started_at, id")
		.all()
		.map((row) => row.backup_id);
const outcomeOf = (id: string) =>
	db.query<{ outcome: string }, [string]>("SELECT outcome FROM run WHERE backup_id = ?").get(id)?.outcome;
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `run-${from + n}`);
const touchId = (id: string, success: boolean) => `${aLine(500, { backup_id: id, success })}\n`;

describe("a file that grows", () => {
	test("gives each line once, also over restarts", () => {
		for (let n = 0; n < 20; n++) {
			appendFileSync(path, someLines(n, n + 1));
			expect(read()).toMatchObject({ accepted: 1, changed: 1 });
			if (n % 3 === 0) restart();
		}
		expect(ids()).toEqual(numbered(0, 20));
		expect(findSource(db, path)).toMatchObject({ accepted: 20, rejected: 0 });
	});

	test("that has not changed is not read", () => {
		writeFileSync(path, someLines(0, 3));
		read();
		const before = db.query("SELECT total_changes() AS n").get();
		for (let n = 0; n < 5; n++) expect(file.look(now)).toMatchObject({ accepted: 0, more: false });
		expect(db.query("SELECT total_changes() AS n").get()).toEqual(before);
	});

	test("with a last line cut anywhere keeps it pending until its end comes", () => {
		const line = aLine(1);
		writeFileSync(path, someLines(0, 1));
		read();
		for (let cut = 1; cut < line.length; cut += 17) {
			writeFileSync(path, someLines(0, 1) + line.slice(0, cut));
			const look = read();
			expect({ ...look, looks: 0 }).toMatchObject({ accepted: 0, rejected: 0, pending: true });
		}
		appendFileSync(path, line.slice(readFileSync(path, "utf8").length - someLines(0, 1).length));
		expect(read()).toMatchObject({ accepted: 1, pending: false });
		appendFileSync(path, "\n");
		expect(read()).toMatchObject({ accepted: 0, rejected: 0 });
		appendFileSync(path, someLines(2, 3));
		expect(read()).toMatchObject({ accepted: 1 });
		expect(ids()).toEqual(numbered(0, 3));
		expect(findSource(db, path)).toMatchObject({ accepted: 3, rejected: 0, line: 3 });
	});

	test("read over many slices is read whole", () => {
		writeFileSync(path, someLines(0, 9000));
		const look = read();
		expect(look.looks).toBeGreaterThan(2);
		expect(look.accepted).toBe(9000);
		expect(ids().length).toBe(9000);
	});
});

describe("rotation", () => {
	test("by rename takes what was left unread, then the new file", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		appendFileSync(path, someLines(5, 9));
		renameSync(path, `${path}.1`);
		writeFileSync(path, someLines(9, 12));
		expect(read()).toMatchObject({ accepted: 7, rejected: 0 });
		expect(ids()).toEqual(numbered(0, 12));
	});

	test("by rename while the monitor was off loses nothing either", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		appendFileSync(path, someLines(5, 9));
		renameSync(path, `${path}.1`);
		writeFileSync(path, someLines(9, 12));
		restart();
		expect(read()).toMatchObject({ accepted: 7, rejected: 0 });
		expect(ids()).toEqual(numbered(0, 12));
	});

	test("twice while the monitor was off loses nothing", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		appendFileSync(path, someLines(5, 9));
		renameSync(path, `${path}.2`);
		writeFileSync(`${path}.1`, someLines(9, 20));
		utimesSync(`${path}.1`, now / 1000 + 60, now / 1000 + 60);
		writeFileSync(path, someLines(20, 22));
		restart();
		read();
		expect(ids()).toEqual(numbered(0, 22));
	});

	test("five times while the monitor was off loses nothing, wherever it is killed, and leaves copies alone", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		copyFileSync(path, `${path}.bak`);
		renameSync(path, `${path}.5`);
		for (let part = 4; part >= 1; part--) {
			const from = 5 + (4 - part) * 3000;
			writeFileSync(`${path}.${part}`, someLines(from, from + 3000));
			const at = now / 1000 + (5 - part) * 60;
			utimesSync(`${path}.${part}`, at, at);
		}
		writeFileSync(path, someLines(12_005, 12_010));
		for (let n = 0; n < 40; n++) {
			restart();
			for (let looks = 0; looks <= n % 3; looks++) file.look(now + 600_000);
		}
		read();
		expect(ids()).toEqual(numbered(0, 12_010));
		expect(findSource(db, path)).toMatchObject({ rejected: 0, known_below: 0 });
	});

	test("before the file was ever looked at since the last rotation loses nothing", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		renameSync(path, `${path}.1`);
		writeFileSync(path, "");
		read();
		appendFileSync(path, someLines(5, 9));
		renameSync(path, `${path}.2`);
		writeFileSync(path, someLines(9, 10));
		read();
		expect(ids()).toEqual(numbered(0, 10));
	});

	test("with a line that a slow writer ends only after the rename", () => {
		writeFileSync(path, someLines(0, 5) + aLine(5).slice(0, 40));
		read();
		renameSync(path, `${path}.1`);
		appendFileSync(`${path}.1`, `${aLine(5).slice(40)}\n`);
		writeFileSync(path, someLines(6, 7));
		read();
		expect(ids()).toEqual(numbered(0, 7));
	});

	test("by rename with no new file yet: the last lines are not waited for until there is one", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		appendFileSync(path, someLines(5, 6));
		renameSync(path, `${path}.1`);
		expect(read()).toMatchObject({ state: "missing", accepted: 1 });
		appendFileSync(`${path}.1`, someLines(6, 7));
		expect(read()).toMatchObject({ state: "missing", accepted: 1 });
		restart();
		appendFileSync(`${path}.1`, someLines(7, 8));
		expect(read()).toMatchObject({ state: "missing", accepted: 1 });
		expect(read()).toMatchObject({ state: "missing", accepted: 0 });
		writeFileSync(path, someLines(8, 9));
		expect(read()).toMatchObject({ state: "read", accepted: 1 });
		expect(ids()).toEqual(numbered(0, 9));
		expect(findSource(db, path)).toMatchObject({ accepted: 9, rejected: 0 });
	});

	test("while a writer keeps the file open under its new name loses nothing, also over restarts and further renames", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		renameSync(path, `${path}.1`);
		writeFileSync(path, someLines(20, 21));
		expect(read()).toMatchObject({ accepted: 1 });
		appendFileSync(`${path}.1`, someLines(5, 6));
		expect(read()).toMatchObject({ accepted: 1 });
		appendFileSync(`${path}.1`, aLine(6).slice(0, 30));
		expect(read()).toMatchObject({ accepted: 0, rejected: 0 });
		restart();
		appendFileSync(`${path}.1`, `${aLine(6).slice(30)}\n`);
		appendFileSync(path, someLines(21, 22));
		expect(read()).toMatchObject({ accepted: 1 });
		expect(read()).toMatchObject({ accepted: 1 });
		renameSync(`${path}.1`, `${path}.2`);
		read();
		appendFileSync(`${path}.2`, `${someLines(7, 9)}garbage\n`);
		expect(read()).toMatchObject({ accepted: 2, rejected: 1 });
		renameSync(path, `${path}.1`);
		appendFileSync(`${path}.2`, someLines(9, 10));
		writeFileSync(path, someLines(22, 23));
		expect(read()).toMatchObject({ accepted: 2 });
		expect(read()).toMatchObject({ accepted: 0, rejected: 0 });
		expect(ids()).toEqual([...numbered(0, 10), ...numbered(20, 23)]);
		expect(findSource(db, path)).toMatchObject({ accepted: 13, rejected: 1 });
	});

	test("by logrotate's dateext, with the ending kept or not, loses nothing", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		for (const [n, part] of ["metrics.jsonl-20260201", "metrics-20260202.jsonl", "metrics-20260203.jsonl"].entries()) {
			appendFileSync(path, someLines(5 + n * 2, 6 + n * 2));
			renameSync(path, join(folder, part));
			writeFileSync(path, someLines(6 + n * 2, 7 + n * 2));
			// The last two happen while nobody looks.
			if (n === 0) read();
			else utimesSync(path, new Date(now + n * 60_000), new Date(now + n * 60_000));
			if (n > 0) utimesSync(join(folder, part), new Date(now + n * 60_000 - 1), new Date(now + n * 60_000 - 1));
		}
		writeFileSync(join(folder, "metrics-old.jsonl"), someLines(90, 91));
		expect(read()).toMatchObject({ rejected: 0 });
		expect(ids()).toEqual(numbered(0, 11));
	});

	test("by copytruncate keeps every line", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		appendFileSync(path, someLines(5, 9));
		copyFileSync(path, `${path}.1`);
		truncateSync(path);
		appendFileSync(path, someLines(9, 10));
		read();
		expect(ids()).toEqual(numbered(0, 10));
	});

	test("by copytruncate keeps every line, also when the file has grown past its old size since", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		copyFileSync(path, `${path}.1`);
		truncateSync(path);
		appendFileSync(path, someLines(9, 40));
		read();
		expect(ids()).toEqual([...numbered(0, 5), ...numbered(9, 40)]);
	});

	test("by copytruncate and then by rename, while the monitor was off, keeps every line", () => {
		for (const restarts of [false, true]) {
			const base = restarts ? 100 : 0;
			writeFileSync(path, someLines(base, base + 5));
			read();
			appendFileSync(path, someLines(base + 5, base + 8));
			copyFileSync(path, `${path}.${base + 1}`);
			truncateSync(path);
			appendFileSync(path, someLines(base + 8, base + 10));
			renameSync(path, `${path}.${base + 2}`);
			writeFileSync(path, someLines(base + 10, base + 12));
			for (const [n, part] of [`${path}.${base + 1}`, `${path}.${base + 2}`, path].entries()) {
				const later = new Date(now + 60_000 + (base + n) * 1000);
				utimesSync(part, later, later);
			}
			if (restarts) restart();
			read();
			expect(ids()).toEqual([...numbered(0, Math.min(12, base + 12)), ...numbered(100, restarts ? 112 : 100)]);
		}
	});

	test("by copytruncate of a file that was seen empty, while the monitor was off, keeps every line", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		copyFileSync(path, `${path}.1`);
		truncateSync(path);
		read();
		appendFileSync(path, someLines(5, 8));
		copyFileSync(path, `${path}.2`);
		truncateSync(path);
		utimesSync(`${path}.1`, new Date(now - 9000), new Date(now - 9000));
		utimesSync(`${path}.2`, new Date(now + 9000), new Date(now + 9000));
		appendFileSync(path, someLines(8, 9));
		restart();
		read();
		expect(ids()).toEqual(numbered(0, 9));
	});

	test("by copytruncate in the middle of the first look at a new file keeps every line", () => {
		// Between the moment in which the file is known as a new one and the one in which it is read.
		let meanwhile = () => {};
		const prepare = db.prepare.bind(db);
		db.prepare = ((sql: string) => {
			const statement = prepare(sql);
			if (!sql.startsWith("UPDATE source SET generation")) return statement;
			const run = statement.run.bind(statement);
			statement.run = (...values) => {
				const result = run(...values);
				const work = meanwhile;
				meanwhile = () => {};
				work();
				return result;
			};
			return statement;
		}) as typeof db.prepare;
		writeFileSync(path, someLines(0, 10));
		read();
		renameSync(path, `${path}.1`);
		writeFileSync(path, someLines(10, 15));
		meanwhile = () => {
			copyFileSync(path, `${path}.2`);
			utimesSync(`${path}.2`, now / 1000 + 1, now / 1000 + 1);
			truncateSync(path);
			appendFileSync(path, someLines(15, 40));
		};
		read();
		expect(ids()).toEqual(numbered(0, 40));
	});

	test("more than once, with a writer that still holds the oldest part, loses no part in between", () => {
		const stamp = (part: string, seconds: number) => {
			const at = new Date(now + seconds * 1000);
			utimesSync(`${path}${part}`, at, at);
		};
		writeFileSync(path, someLines(0, 2));
		read();
		renameSync(path, `${path}.1`);
		writeFileSync(path, someLines(10, 12));
		read();
		for (const [n, base] of [20, 30, 40].entries()) {
			renameSync(path, `${path}.${n + 2}`);
			stamp(`.${n + 2}`, 100 + n);
			writeFileSync(path, someLines(base, base + 2));
		}
		appendFileSync(`${path}.1`, someLines(2, 3));
		stamp(".1", 500);
		// The clock of who reads is ahead of all the time stamps.
		for (let look = 0; look < 20; look++) file.look(now + 1_000_000);
		expect(ids()).toEqual([...numbered(0, 3), ...[10, 20, 30, 40].flatMap((base) => numbered(base, base + 2))]);
	});

	test("by `tail -n 100 > tmp; mv tmp` is no news", () => {
		writeFileSync(path, someLines(0, 300));
		read();
		appendFileSync(path, someLines(300, 303));
		const lines = readFileSync(path, "utf8").trimEnd().split("\n");
		writeFileSync(`${path}.tmp`, `${lines.slice(-100).join("\n")}\n`);
		renameSync(`${path}.tmp`, path);
		expect(read()).toMatchObject({ accepted: 3, changed: 3 });
		expect(ids()).toEqual(numbered(0, 303));
		expect(findSource(db, path)).toMatchObject({ accepted: 303, known_below: 0 });
	});

	test("in place, `tail > tmp; cat tmp > file`, seen while the file is empty, is no news", () => {
		writeFileSync(path, touchId("x", false) + touchId("x", true) + someLines(0, 5));
		read();
		const all = readFileSync(path);
		writeFileSync(path, "");
		read();
		writeFileSync(path, all);
		expect(read()).toMatchObject({ accepted: 0, changed: 0 });
	});

	test("repeated a hundred times leaves no hashes of lines that no file holds", () => {
		for (let n = 0; n < 100; n++) {
			appendFileSync(path, someLines(n * 70, n * 70 + 70));
			read();
			renameSync(path, `${path}.1`);
			writeFileSync(path, "");
			read();
		}
		appendFileSync(path, someLines(7000, 7001));
		read();
		const size = db
			.query<{ size: number }, []>("SELECT coalesce(sum(length(hashes)), 0) AS size FROM seen")
			.get()?.size;
		expect(size).toBeLessThan(3 * 70 * 16);
		expect(ids().length).toBe(7001);
	});
});

describe("reading again", () => {
	test("a file that was deleted and made again gives only what is new in it", () => {
		writeFileSync(path, someLines(0, 5));
		read();
		unlinkSync(path);
		expect(file.look(now)).toMatchObject({ state: "missing" });
		writeFileSync(path, someLines(2, 7));
		expect(read()).toMatchObject({ accepted: 2, changed: 2 });
		expect(ids()).toEqual(numbered(0, 7));
	});

	test("never puts an older line over a newer one", () => {
		writeFileSync(path, touchId("x", false) + touchId("x", true));
		read();
		expect(outcomeOf("x")).toBe("success");
		const all = readFileSync(path);
		unlinkSync(path);
		writeFileSync(path, all);
		expect(read()).toMatchObject({ accepted: 0, changed: 0 });
		expect(outcomeOf("x")).toBe("success");
	});

	test("does not undo what came by another road since", () => {
		writeFileSync(path, touchId("x", false));
		read();
		const other = join(folder, "other.jsonl");
		writeFileSync(other, touchId("x", true));
		read(new FollowedFile(db, other, "UTC"));
		const all = readFileSync(path);
		unlinkSync(path);
		writeFileSync(path, all + someLines(0, 1));
		expect(read()).toMatchObject({ accepted: 1 });
		expect(outcomeOf("x")).toBe("success");
	});

	test("takes a correction of a run that lasted next to nothing, whose rate is beyond all numbers", () => {
		const lines = [{ duration_total: 5e-324, size_bytes: 1 }, {}, { duration_total: 1e-308, size_bytes: 2 ** 53 - 1 }];
		writeFileSync(path, `${lines.map((more) => aLine(1, { size_bytes: 5, ...more })).join("\n")}\n`);
		expect(read()).toMatchObject({ accepted: 3, rejected: 0 });
		appendFileSync(path, someLines(1, 3));
		expect(read()).toMatchObject({ accepted: 2 });
		expect(ids()).toEqual(numbered(1, 3));
	});

	test("counts a rejected line once", () => {
		writeFileSync(path, `nonsense\n${someLines(0, 2)}`);
		expect(read()).toMatchObject({ accepted: 2, rejected: 1 });
		const all = readFileSync(path);
		unlinkSync(path);
		writeFileSync(path, all);
		expect(read()).toMatchObject({ accepted: 0, rejected: 0 });
		expect(db.query("SELECT count(*) AS n FROM rejected").get()).toEqual({ n: 1 });
	});

	test("stopped in the middle goes on to the same end", () => {
		writeFileSync(path, someLines(0, 9000));
		read();
		const all = readFileSync(path, "utf8");
		writeFileSync(`${path}.new`, all + someLines(9000, 9010));
		renameSync(`${path}.new`, path);
		for (let n = 0; n < 6; n++) {
			expect(file.look(now).more).toBe(true);
			restart();
		}
		file.look(now);
		file.look(now);
		restart();
		expect(read()).toMatchObject({ rejected: 0, changed: 10 });
		expect(ids()).toEqual(numbered(0, 9010));
		expect(findSource(db, path)).toMatchObject({ accepted: 9010 });
	});
});

describe("the same line again", () => {
	const failure = touchId("x", false);
	const success = touchId("x", true);

	test("newly appended applies: failure, success, the same failure ends red", () => {
		writeFileSync(path, failure);
		read();
		appendFileSync(path, success);
		read();
		expect(outcomeOf("x")).toBe("success");
		appendFileSync(path, failure);
		read();
		expect(outcomeOf("x")).toBe("failure");
	});

	test("appended while the file was replaced applies too", () => {
		writeFileSync(path, failure + success);
		read();
		unlinkSync(path);
		writeFileSync(path, failure + success + failure);
		expect(read()).toMatchObject({ accepted: 1 });
		expect(outcomeOf("x")).toBe("failure");
	});

	test("appended after the replaced file was read again applies too", () => {
		writeFileSync(path, failure + success + someLines(0, 10));
		read();
		const all = readFileSync(path);
		unlinkSync(path);
		writeFileSync(path, all);
		read();
		expect(outcomeOf("x")).toBe("success");
		appendFileSync(path, failure);
		read();
		expect(outcomeOf("x")).toBe("failure");
		const day = dayOf(firstStart + 500 * 3_600_000, "UTC");
		expect(readDays(db, allJobs, day, day).map(({ totals }) => [totals.failed, totals.succeeded])).toEqual([[1, 0]]);
	});
});

describe("lines older than retention", () => {
	test("are accepted, summed once, and not summed again when the file is read again after they were deleted", () => {
		const stamp = "2020-03-03T10:00:00Z";
		const old = [0, 1, 2].map((n) => `${aLine(n, { backup_id: `old-${n}`, timestamp: stamp })}\n`).join("");
		writeFileSync(path, old + someLines(0, 3));
		expect(read()).toMatchObject({ accepted: 6 });
		const day = dayOf(Date.parse(stamp), "UTC");
		const sums = () => readDays(db, allJobs, day, day).map(({ totals }) => totals.succeeded);
		expect(sums()).toEqual([3]);
		while (pruneStep(db, 3650 / 10, now, { isConfirmed: true }).more);
		expect(ids()).toEqual(numbered(0, 3));
		expect(sums()).toEqual([3]);
		const all = readFileSync(path);
		unlinkSync(path);
		writeFileSync(path, all + someLines(3, 4));
		expect(read()).toMatchObject({ accepted: 1 });
		expect(sums()).toEqual([3]);
		expect(ids()).toEqual(numbered(0, 4));
	});
});

test("a data folder that was moved is the same one: what was deleted since is not summed again", () => {
	writeFileSync(path, someLines(0, 10));
	read();
	const sums = () => readDays(db, allJobs, 0, dayOf(now, "UTC")).reduce((sum, { totals }) => sum + totals.succeeded, 0);
	pruneStep(db, 30, now, { isConfirmed: true });
	expect([ids(), sums()]).toEqual([[], 10]);
	closeDatabase(db);
	const moved = `${folder}-moved`;
	cpSync(folder, moved, { recursive: true });
	rmSync(folder, { recursive: true });
	[folder, path] = [moved, join(moved, "metrics.jsonl")];
	restart();
	appendFileSync(path, someLines(10, 11));
	expect(read()).toMatchObject({ accepted: 1 });
	expect([ids(), sums()]).toEqual([["run-10"], 11]);
	expect(findSource(db, path)).toMatchObject({ accepted: 11 });
	rmSync(moved, { recursive: true });
});

describe("what is not a plain file", () => {
	test("is named with its reason, and read once it is one", () => {
		expect(file.look(now)).toMatchObject({ state: "missing" });
		mkdirSync(path);
		expect(file.look(now)).toMatchObject({ state: "unreadable", reason: expect.stringContaining("directory") });
		rmSync(path, { recursive: true });
		Bun.spawnSync(["mkfifo", path]);
		expect(file.look(now)).toMatchObject({ state: "unreadable", reason: expect.stringContaining("pipe") });
		rmSync(path);
		symlinkSync(path, path);
		expect(file.look(now)).toMatchObject({ state: "unreadable", reason: expect.stringContaining("symbolic link") });
		rmSync(path);
		symlinkSync("/dev/zero", path);
		expect(file.look(now)).toMatchObject({ state: "unreadable", reason: expect.stringContaining("device") });
		rmSync(path);
		symlinkSync("/proc/self/mem", path);
		expect(["unreadable", "read"]).toContain(file.look(now).state);
		rmSync(path);
		writeFileSync(path, someLines(0, 2));
		expect(read()).toMatchObject({ state: "read", accepted: 2 });
	});

	test("behind a symbolic link is followed, and so is the link when it points elsewhere", () => {
		const first = join(folder, "2026-01.jsonl");
		const second = join(folder, "2026-02.jsonl");
		writeFileSync(first, someLines(0, 3));
		symlinkSync(first, path);
		expect(read()).toMatchObject({ accepted: 3 });
		appendFileSync(first, someLines(3, 4));
		expect(read()).toMatchObject({ accepted: 1 });
		writeFileSync(second, someLines(4, 6));
		unlinkSync(path);
		symlinkSync(second, path);
		expect(read()).toMatchObject({ accepted: 2 });
		unlinkSync(path);
		symlinkSync(first, path);
		read();
		expect(ids()).toEqual(numbered(0, 6));
	});

	test("a path inside a file is missing or unreadable, never an error", () => {
		writeFileSync(path, "x");
		const inside = new FollowedFile(db, join(path, "metrics.jsonl"), "UTC");
		expect(["missing", "unreadable"]).toContain(inside.look(now).state);
	});
});
