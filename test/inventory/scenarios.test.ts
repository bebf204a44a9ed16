// Two hundred labs out of a seed: drops, duplicates, clocks that are wrong, renames, outages, retention. What was really
// lost is found by the second listing, and nothing else is ever called absent.

import type { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type CopiedRun, compareInventory, type ListingFormat, type Snapshot } from "../../src/inventory.ts";
import type { Keep } from "../../src/settings.ts";
import { closeDatabase, openDatabase, prepareDatabase } from "../../src/store/database.ts";
import { readListings, readSnapshots, recordListing } from "../../src/store/inventory.ts";
import { recordJob } from "../../src/store/jobs.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { listedOf } from "./station.ts";

/** More of them for a longer look: LABS=2000. */
const labs = Number(process.env.LABS ?? 200);
/** Others than usual: SEED=1000. */
const firstSeed = Number(process.env.SEED ?? 1);
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Mulberry32: the same seed, the same lab. */
function randomOf(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
	};
}

afterAll(cleanUp);

type Kind = "ids" | "short ids" | "pings" | "files";
type Real = { key: number; madeAt: number; id: string; size: number; isNewest?: boolean };
type Loss = { key: number; madeAt: number; lackingAt: number | null; isDue: boolean; found: boolean };

/** What `restic forget` would keep, written down a second time: newest of each of the newest N days and weeks. */
function kept(remote: Real[], ahead: number, { daily = 0, weekly = 0, last = 0 }: Keep): Set<number> {
	const newestFirst = remote.toSorted((a, b) => b.madeAt - a.madeAt);
	const keep = new Set(newestFirst.slice(0, last).map(({ key }) => key));
	const by = (count: number, bucketOf: (at: number) => number) => {
		const seen = new Set<number>();
		for (const { key, madeAt } of newestFirst) {
			const bucket = bucketOf(madeAt + ahead);
			if (seen.has(bucket)) continue;
			if (seen.size >= count) break;
			seen.add(bucket);
			keep.add(key);
		}
	};
	by(daily, (at) => Math.floor(at / day));
	by(weekly, (at) => Math.floor((Math.floor(at / day) + 3) / 7));
	return keep;
}

function idOf(key: number, generation: number): string {
	return new Bun.CryptoHasher("sha256").update(`${key} ${generation}`).digest("hex");
}

function play(
	db: Database,
	seed: number,
): { absences: number; falses: string[]; losses: number; due: number; late: string[] } {
	const random = randomOf(seed);
	const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
	const kind: Kind = pick(["ids", "ids", "short ids", "pings", "files"]);
	const format: ListingFormat = kind === "files" ? pick(["s3", "rclone", "find"]) : pick(["restic", "borg", "kopia"]);
	const policy: Keep = pick([{ daily: 7, weekly: 4 }, { daily: 14 }, { last: 20 }, { last: 1 }, { last: 5 }]);
	// Whoever promises nothing may keep as little as one.
	const promised: Keep | null = random() < 0.6 ? policy : null;
	const every = pick([day, day, 6 * hour]);
	const hostSkew = random() < 0.3 ? Math.round((random() - 0.5) * 6 * hour) : 0;
	const remoteSkew = kind === "files" && random() < 0.4 ? Math.round((random() - 0.5) * 4 * hour) : 0;
	const zoneSkew = format === "borg" && random() < 0.3 ? 2 * hour : 0;
	const renameAt = kind !== "files" && random() < 0.3 ? 12 + Math.floor(random() * 15) : -1;

	const job = recordJob(db, `lab ${seed}`, "", 0);
	if (job === null) throw new Error("no job");
	const runs: (CopiedRun & { key: number })[] = [];
	const lost = new Map<number, Loss>();
	let remote: Real[] = [];
	let generation = 0;
	let now = Date.UTC(2026, 0, 5, 2) + Math.floor(random() * 20 * hour);
	const falses: string[] = [];
	const late: string[] = [];
	let absences = 0;
	let nextId = 1;
	let lastListedAt = 0;
	/** Reports that are on their way: the network was down. */
	let held: (CopiedRun & { key: number })[] = [];

	const listNow = () => {
		lastListedAt = now;
		const chance = random();
		if (chance < 0.12) {
			const outcome = pick(["failed", "empty", "truncated"] as const);
			const nothing = { entries: 0, bytes: null, newestAt: null, reason: "outage", digest: null };
			recordListing(db, job.id, { at: now, format, source: "push", outcome, ...nothing }, null);
			return;
		}
		const snapshots: Snapshot[] = remote.map(({ id, madeAt, size }) => ({
			id,
			name: null,
			at: madeAt + (kind === "files" ? remoteSkew + 4 * minute : hostSkew + zoneSkew),
			size,
			host: null,
			about: "",
		}));
		if (snapshots.length === 0) return;
		const listing = {
			at: now,
			format,
			source: "push" as const,
			outcome: "ok" as const,
			entries: snapshots.length,
			bytes: snapshots.reduce((sum, { size }) => sum + (size ?? 0), 0),
			newestAt: Math.max(...snapshots.map(({ at }) => at ?? 0)),
			reason: null,
			digest: String(now),
		};
		recordListing(db, job.id, listing, listedOf(snapshots));
		const compared = compareInventory(runs, readSnapshots(db, job.id), readListings(db, job.id), {
			keep: promised,
			zone: "UTC",
		});
		const absent = new Set<number>();
		for (const { run, verdict } of compared.verdicts) {
			if (verdict !== "absent") continue;
			const key = (run as CopiedRun & { key: number }).key;
			absent.add(key);
			absences++;
			if (!lost.has(key)) falses.push(`seed ${seed} ${kind} ${format}: run ${key} at ${new Date(now).toISOString()}`);
		}
		for (const loss of lost.values()) {
			const reported = runs.find(({ key }) => key === loss.key);
			if (reported === undefined || reported.receivedAt >= now) continue;
			if (loss.lackingAt === null) {
				loss.lackingAt = now;
				// Where something newer is there, a policy may have taken it: then it is for the promise to tell.
				const isNewest = !remote.some(({ madeAt }) => madeAt > loss.madeAt);
				// Also where that newer one was lost as well: it was reported, and is missed itself.
				const isLast = !runs.some(({ key: other, receivedAt }) => other > loss.key && receivedAt < now);
				loss.isDue = isNewest && isLast && !compared.isMirror;
			} else if (!loss.found && loss.isDue && now - loss.lackingAt >= 10 * minute) {
				loss.found = true;
				if (!absent.has(loss.key))
					late.push(`seed ${seed} ${kind} ${format} ${JSON.stringify(promised)}: run ${loss.key}`);
			}
		}
	};

	const total = 30 + Math.floor(random() * 20);
	for (let key = 1; key <= total; key++) {
		// The backup.
		const startedAt = now;
		const length = 5 * minute + Math.floor(random() * 10 * minute);
		const size = 1e9 + Math.floor(random() * 1e8);
		const id = kind === "files" ? `nas/${key}-${seed}.tar` : idOf(key, generation);
		const isLost = key > 8 && random() < 0.05;
		const arrives = !(isLost && random() < 0.5);
		if (arrives) remote.push({ key, madeAt: startedAt, id, size });
		now += length;
		const report: CopiedRun & { key: number } = {
			key,
			id: nextId++,
			host: "",
			startedAt: startedAt + hostSkew,
			endedAt: now + hostSkew,
			receivedAt: now + 2000,
			size: random() < 0.8 ? size : null,
			snapshotId: kind === "ids" ? id : kind === "short ids" ? id.slice(0, 8) : null,
		};
		now += 3000;
		if (random() < 0.1) held.push(report);
		else runs.push(report);
		// Reported a second time, by another road.
		if (random() < 0.1) runs.push({ ...report, id: nextId++, receivedAt: now, startedAt: report.startedAt + 1000 });
		if (isLost) {
			if (!arrives) lost.set(key, { key, madeAt: startedAt, lackingAt: null, isDue: false, found: false });
			else if (random() < 0.5) {
				// Seen once, then taken away.
				now += 20 * minute;
				listNow();
			}
			remote = remote.filter((one) => one.key !== key);
			lost.set(key, { key, madeAt: startedAt, lackingAt: null, isDue: false, found: false });
		}
		// The tool's own retention.
		if (random() < 0.8) {
			const keep = kept(remote, hostSkew + zoneSkew, policy);
			remote = remote.filter((one) => keep.has(one.key));
		}
		if (key === renameAt) {
			generation++;
			remote = remote.map((one) => ({ ...one, id: idOf(one.key, generation) }));
		}
		// Listings between two backups: mostly one or two, sometimes none.
		const looks = pick([0, 1, 1, 2, 2]);
		const next = startedAt + every + Math.floor((random() - 0.5) * 10 * minute);
		for (let i = 0; i < looks; i++) {
			now = Math.min(next - 30 * minute, now + 30 * minute + Math.floor(random() * every * 0.3));
			if (now <= lastListedAt) continue;
			listNow();
		}
		if (held.length > 0 && random() < 0.5) {
			for (const one of held) runs.push({ ...one, receivedAt: now + 1000 });
			held = [];
			now += 2000;
		}
		now = Math.max(now, next);
	}
	const due = [...lost.values()].filter(({ found }) => found).length;
	return { absences, falses, losses: lost.size, due, late };
}

test(`${labs} labs: nothing that is there is called absent, all that was lost is found by the second listing`, () => {
	const db = openDatabase(join(makeFolder(), "labs.db"));
	prepareDatabase(db);
	db.run("PRAGMA synchronous = OFF");
	let losses = 0;
	let due = 0;
	let absences = 0;
	const falses: string[] = [];
	const late: string[] = [];
	for (let seed = firstSeed; seed < firstSeed + labs; seed++) {
		const played = play(db, seed);
		losses += played.losses;
		due += played.due;
		absences += played.absences;
		falses.push(...played.falses);
		late.push(...played.late);
	}
	closeDatabase(db);
	console.log(`${losses} lost, ${due} of them found out by a second listing, ${absences} verdicts of absence`);
	expect(falses).toEqual([]);
	expect(late).toEqual([]);
	expect(due).toBeGreaterThan(100);
}, 600_000);
