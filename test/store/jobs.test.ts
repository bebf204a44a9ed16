// Jobs are (name, host); each has one address of its own, and there are at most a thousand.
import type { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { maxJobs, slugOf } from "../../src/job.ts";
import { closeDatabase, openDatabase, prepareDatabase, transaction } from "../../src/store/database.ts";
import { findJob, recordJob } from "../../src/store/jobs.ts";
import { cleanUp, importFile, makeFolder, startServer } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";

afterAll(cleanUp);

function withDatabase(use: (db: Database) => void): void {
	const db = openDatabase(join(makeFolder(), "backups.db"));
	prepareDatabase(db);
	use(db);
	closeDatabase(db);
}

const slug = (db: Database, name: string, host = "") => recordJob(db, name, host, 0)?.slug;

test("a job's slug is its name; the second host's is name-host; what collides or is empty gets six hex digits", () => {
	withDatabase((db) => {
		expect(slug(db, "Photos to NAS")).toBe("photos-to-nas");
		expect(slug(db, "photos")).toBe("photos");
		expect(slug(db, "photos", "pi4")).toBe("photos-pi4");
		expect(slug(db, "photos", "pi5")).toBe("photos-pi5");
		expect(slug(db, "photos pi4")).toMatch(/^photos-pi4-[0-9a-f]{6}$/);
		expect(slug(db, "Photos")).toMatch(/^photos-[0-9a-f]{6}$/);
		expect(slug(db, "备份")).toMatch(/^job-[0-9a-f]{6}$/);
		expect(slug(db, "🎞")).toMatch(/^job-[0-9a-f]{6}$/);
		expect(slug(db, "Ärger")).toBe("arger");
		expect(slug(db, "__proto__")).toBe("__proto__");
		expect(slug(db, "constructor")).toBe("constructor");
	});
});

test("the same jobs in the same order get the same slugs", () => {
	const names = ["a b", "a-b", "A B", "💾", "备份", "a"];
	const once: (string | undefined)[][] = [];
	for (let n = 0; n < 2; n++)
		withDatabase((db) => once.push(names.flatMap((name) => [slug(db, name), slug(db, name, "h")])));
	expect(once[1]).toEqual(once[0]);
	expect(new Set(once[0]).size).toBe(names.length * 2);
});

test("an address finds a job by slug before it finds one by name", () => {
	withDatabase((db) => {
		recordJob(db, "x", "", 0);
		recordJob(db, "Nightly Backup", "", 0);
		expect(findJob(db, "nightly-backup")?.name).toBe("Nightly Backup");
		expect(findJob(db, "Nightly Backup")?.slug).toBe("nightly-backup");
		expect(findJob(db, "nothing")).toBeNull();
		expect(slugOf("--..--")).toBe("");
	});
});

test("the thousand-and-first job is refused, known ones are not", () => {
	withDatabase((db) => {
		transaction(db, () => {
			for (let n = 0; n < maxJobs; n++) expect(recordJob(db, `job ${n}`, "", 0)).not.toBeNull();
		});
		expect(recordJob(db, "one more", "", 0)).toBeNull();
		expect(recordJob(db, "job 7", "", 0)?.slug).toBe("job-7");
	});
});

test("a file that names 1,200 jobs keeps a thousand, and each further line is rejected with the reason", async () => {
	const dataDir = makeFolder();
	const file = join(dataDir, "many.jsonl");
	let text = "";
	for (let n = 0; n < 1200; n++) text += `${aLine(n, { job: `job ${n}` })}\n`;
	await Bun.write(file, text + someLines(1200, 1201, { job: "job 3" }));
	const counts = await importFile(file, dataDir);
	expect(counts).toMatchObject({ lines: 1201, accepted: 1001, rejected: 200, runs: 1001 });
	const server = await startServer({ dataDir, env: { RETENTION_DAYS: "36500" } });
	const { lines, total } = await server.json("/api/rejected?limit=1");
	expect(lines[0].reason).toContain("at most 1000");
	expect(total).toBe(200);
	expect((await server.json("/api/metrics?job=job-3&limit=10")).length).toBe(2);
	await server.stop();
});
