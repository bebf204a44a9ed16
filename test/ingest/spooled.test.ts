// Files handed over by the shell, and a crash in the middle of taking them: nothing older comes over something newer.
import { afterAll, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Journal } from "../../src/ingest/journal.ts";
import { makeSpool, spoolFolder } from "../../src/ingest/spool.ts";
import { SpoolTaker, type SpoolTarget } from "../../src/ingest/spooled.ts";
import { closeDatabase, openDatabase, prepareDatabase } from "../../src/store/database.ts";
import { readMeta } from "../../src/store/meta.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { aLine } from "../lines.ts";

afterAll(cleanUp);

const name = (at: number) => `${String(at).padStart(14, "0")}-0000000a.import.jsonl`;

function open() {
	const folder = makeFolder();
	makeSpool(folder);
	const db = openDatabase(join(folder, "backups.db"));
	prepareDatabase(db);
	const journal = new Journal(folder);
	let stopAfter = Number.POSITIVE_INFINITY;
	const target: SpoolTarget = {
		db,
		journal: () => journal,
		afterImport: () => {},
		zone: "UTC",
		retentionDays: 36_500,
		clock: () => Date.UTC(2026, 10, 23),
		decide: () => {},
		isStopped: () => stopAfter-- <= 0,
	};
	const put = (at: number, text: string) => {
		const path = join(spoolFolder(folder), name(at));
		writeFileSync(path, text);
		return path;
	};
	const sizes = () =>
		new Map(
			db
				.query<{ backup_id: string; size: number }, []>("SELECT backup_id, size FROM run")
				.all()
				.map((row) => [row.backup_id, row.size]),
		);
	return {
		put,
		sizes,
		db,
		reportAnew: () => {
			db.run(`UPDATE run SET size = 2, report = replace(report, '"size_bytes":1', '"size_bytes":2')`);
		},
		/** As a start after a crash does it: nothing is remembered but what is on the disk. */
		look: (reads = Number.POSITIVE_INFINITY) => {
			stopAfter = reads;
			return new SpoolTaker(folder).look(target);
		},
		close: () => {
			journal.close();
			closeDatabase(db);
		},
	};
}

test("a crash between the storing and the removal of a file does not put it over what was reported since", async () => {
	const lab = open();
	const older = aLine(1, { backup_id: "a", size_bytes: 1 });
	const path = lab.put(1, older);
	await lab.look();
	expect(existsSync(path)).toBe(false);
	// What the crash leaves: stored, and still there. Meanwhile the same run was reported anew.
	lab.put(1, older);
	lab.reportAnew();
	await lab.look();
	expect(lab.sizes().get("a")).toBe(2);
	lab.close();
});

test("a crash in the middle of a long file goes on behind what was stored of it", async () => {
	const lab = open();
	const lines = Array.from({ length: 3000 }, (_, n) => aLine(n, { backup_id: `run ${n}`, size_bytes: 1 }));
	lab.put(1, `${lines.join("\n")}\n`);
	await expect(lab.look(2)).rejects.toThrow("stops");
	const before = lab.sizes().size;
	expect(before).toBeGreaterThan(0);
	expect(before).toBeLessThan(3000);
	lab.reportAnew();
	await lab.look();
	const sizes = [...lab.sizes().values()];
	expect([sizes.length, sizes.filter((size) => size === 2).length]).toEqual([3000, before]);
	lab.close();
});

test("of files that are gone nothing is remembered", async () => {
	const lab = open();
	for (let at = 1; at <= 5; at++) {
		lab.put(at, aLine(at, { backup_id: `${at}` }));
		await lab.look();
	}
	expect(Object.keys(readMeta<Record<string, number>>(lab.db, "spool-passed") ?? {})).toEqual([name(5)]);
	lab.close();
});
