// What a listing says of the reported backups: each verdict with its sentence, through the store.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { reasonOf } from "../../src/inventory-words.ts";
import { cleanUp } from "../binary.ts";
import { hour, type InventoryStation, idOf, minute, openInventoryStation, resticEntry } from "./station.ts";

const day = 24 * hour;
let station: InventoryStation;
/** The remote: what a listing would show. */
let remote: Record<string, unknown>[];

beforeEach(async () => {
	station = await openInventoryStation();
	remote = [];
});
afterEach(() => station.stop());
afterAll(cleanUp);

let count = 0;

/** A backup that restic made and reported. */
async function backup(more: Record<string, unknown> = {}): Promise<string> {
	const id = idOf(++count);
	remote.push(resticEntry(id, station.now()));
	await station.run("nas", { snapshot_id: id, host: "", ...more });
	return id;
}

const list = () => station.list("nas", "restic", JSON.stringify(remote));
const drop = (id: string) => {
	remote = remote.filter((entry) => entry.id !== id);
};
const sentence = (index: number) => {
	const comparison = station.compare("nas");
	const found = comparison.verdicts.toReversed()[index];
	if (found === undefined) throw new Error("no such run");
	return reasonOf(found, comparison, { now: station.now(), zone: "UTC" });
};

describe("absent", () => {
	test("needs two listings a while apart; the finding names the snapshot and both listings", async () => {
		await backup();
		const id = await backup();
		await station.pass(4 * hour, hour);
		await list();
		expect(station.verdicts("nas")).toEqual(["present", "present"]);
		drop(id);
		await station.pass(day, day);
		await list();
		expect(station.verdicts("nas")).toEqual(["present", "unconfirmed"]);
		expect(station.findings("nas")).toEqual([]);
		expect(station.rung("nas")).toMatchObject({ state: "warning" });
		await station.pass(minute);
		await list();
		expect(station.verdicts("nas")).toEqual(["present", "unconfirmed"]);
		await station.pass(day, day);
		await list();
		expect(station.verdicts("nas")).toEqual(["present", "absent"]);
		expect(station.findings("nas")).toMatchObject([
			{
				kind: "absent",
				severity: "critical",
				sentence: `Snapshot ${id.slice(0, 8)} of Thu 5 Nov 12:00 is not in the remote any more: two listings, the last Sat 7 Nov 16:01, do not have it.`,
			},
		]);
		expect(station.rung("nas")).toMatchObject({ state: "failed" });
	});

	test("a snapshot that never arrived is found as well, and what comes back is there again", async () => {
		await backup();
		const id = await backup();
		const entry = remote.at(-1) ?? {};
		drop(id);
		await station.pass(hour, hour);
		await list();
		await station.pass(hour, hour);
		await list();
		expect(sentence(1)).toBe(
			`Snapshot ${id.slice(0, 8)} of Thu 5 Nov 12:00 was never seen in the remote: two listings, the last Thu 5 Nov 14:00, do not have it.`,
		);
		remote.push(entry);
		await station.pass(hour, hour);
		await list();
		expect(station.verdicts("nas")).toEqual(["present", "present"]);
		expect(station.findings("nas")).toEqual([]);
	});

	test("a listing from before the backup says nothing about it", async () => {
		await backup();
		await station.pass(hour, hour);
		await list();
		await station.pass(hour, hour);
		await station.run("nas", { snapshot_id: idOf(999) });
		expect(station.verdicts("nas")).toEqual(["present", "unlisted"]);
		expect(sentence(1)).toContain("is newer than the last good listing");
	});
});

describe("a listing that shows nothing", () => {
	test("empty, failed and cut ones leave everything as it was, and are told", async () => {
		await backup();
		await backup();
		await list();
		await station.pass(hour, hour);
		for (const text of ["[]", '[{"id":"ab', { failed: "restic exited with 1: unable to open the repository." }]) {
			await station.list("nas", "restic", text);
			await station.pass(hour, hour);
		}
		expect(station.verdicts("nas")).toEqual(["present", "present"]);
		expect(station.findings("nas")).toEqual([]);
		expect(station.rung("nas")).toMatchObject({
			state: "unknown",
			sentence:
				"The listing of Thu 5 Nov 15:00 says nothing: restic exited with 1: unable to open the repository. The last good one, Thu 5 Nov 12:00, had 2\u00a0snapshots.",
		});
	});

	test("a wiped remote is never all gone; two empty listings warn", async () => {
		await backup();
		await list();
		await station.pass(day, day);
		await station.list("nas", "restic", "[]");
		expect(station.findings("nas")).toEqual([]);
		await station.pass(hour, hour);
		await station.list("nas", "restic", "[]");
		expect(station.verdicts("nas")).toEqual(["present"]);
		expect(station.findings("nas")).toMatchObject([
			{
				kind: "stale_copy",
				key: "listing",
				severity: "warning",
				sentence:
					"The listing of Fri 6 Nov 13:00 says nothing: it is empty. The last good one, Thu 5 Nov 12:00, had 1\u00a0snapshot.",
			},
		]);
	});

	test("no listing for twice the usual time is a warning", async () => {
		await backup();
		await list();
		await station.pass(47 * hour, day);
		expect(station.findings("nas")).toEqual([]);
		await station.pass(2 * hour, hour);
		expect(station.findings("nas")).toMatchObject([
			{ kind: "stale_copy", key: "listing", sentence: "No listing of the remote was made since Thu 5 Nov 12:00." },
		]);
	});
});

describe("retention", () => {
	test("what the promise lets go is not missed, what it keeps is", async () => {
		const ids: string[] = [];
		for (let i = 0; i < 12; i++) {
			ids.push(await backup());
			await station.pass(day, day);
		}
		await list();
		for (const id of ids.slice(0, 5)) drop(id);
		await list();
		await station.pass(hour, hour);
		await list();
		await station.pass(hour, hour);
		await list();
		const keep = { daily: 7 };
		expect(station.compare("nas", { keep }).counts).toMatchObject({ present: 7, forgotten: 5, absent: 0 });
		expect(station.findings("nas", { keep })).toEqual([]);
		drop(ids[8] ?? "");
		for (let i = 0; i < 2; i++) {
			await station.pass(hour, hour);
			await list();
		}
		expect(station.compare("nas", { keep }).counts).toMatchObject({ present: 6, forgotten: 5, absent: 1 });
		expect(station.compare("nas", { keep }).promise).toEqual([{ period: "daily", wanted: 7, has: 6 }]);
		// Without a promise nobody knows whether an older one was meant to go.
		expect(station.compare("nas").counts).toMatchObject({ forgotten: 6, absent: 0 });
	});

	test("two backups of one day: either of them serves the day", async () => {
		const ids: string[] = [];
		for (let i = 0; i < 6; i++) {
			ids.push(await backup());
			await station.pass(12 * hour, 12 * hour);
		}
		// A tool that keeps the first of the day.
		drop(ids[1] ?? "");
		drop(ids[3] ?? "");
		for (let i = 0; i < 2; i++) {
			await list();
			await station.pass(hour, hour);
		}
		expect(station.compare("nas", { keep: { daily: 7 } }).counts).toMatchObject({ absent: 0, forgotten: 2 });
	});
});

describe("a repository that was copied, renamed or rewritten", () => {
	test("other ids with the same times are the same snapshots, and those that are gone are missed", async () => {
		const ids: string[] = [];
		for (let i = 0; i < 6; i++) {
			ids.push(await backup());
			await station.pass(day, day);
		}
		await list();
		await station.pass(hour, hour);
		const old = remote;
		remote = old.map((entry, i) => ({ ...entry, id: idOf(5000 + i) }));
		const lost = remote.pop();
		expect(lost).toBeDefined();
		for (let i = 0; i < 2; i++) {
			await list();
			await station.pass(hour, hour);
		}
		const comparison = station.compare("nas", { keep: { daily: 7 } });
		expect(comparison.counts).toMatchObject({ present: 5, absent: 1 });
		expect(comparison.unreported).toEqual([]);
	});

	test("restic's `original` is the snapshot that a tag has rewritten", async () => {
		const id = await backup();
		await list();
		await station.pass(hour, hour);
		remote = [{ ...remote[0], id: idOf(7000), original: id, tags: ["kept"] }];
		await list();
		expect(station.verdicts("nas")).toEqual(["present"]);
	});
});

test("snapshots that nobody reported, and those of another host in the same repository", async () => {
	await backup();
	await station.pass(hour, hour);
	remote.push(resticEntry(idOf(8000), station.now()));
	remote.push(resticEntry(idOf(8001), station.now(), { hostname: "laptop", paths: ["/home"] }));
	await list();
	const { unreported, others } = station.compare("nas");
	expect(unreported.map(({ id }) => id)).toEqual([idOf(8000)]);
	expect(others).toBe(1);
});

test("another size than reported is a warning", async () => {
	const id = idOf(++count);
	await station.run("nas", { snapshot_id: id, size_bytes: 5_000_000 });
	remote.push(resticEntry(id, station.now(), { summary: { total_bytes_processed: 2_000_000 } }));
	await list();
	expect(station.verdicts("nas")).toEqual(["size_differs"]);
	expect(station.rung("nas")).toMatchObject({ state: "warning" });
	expect(sentence(0)).toContain("2.00\u00a0MB in the remote, reported 5.00\u00a0MB");
});

test("the newest copy is held against the target; a reported one counts until a listing should have shown it", async () => {
	await backup();
	await list();
	const rpo = 26 * 3600;
	await station.pass(25 * hour, day);
	expect(station.findings("nas", { rpo })).toEqual([]);
	await station.pass(2 * hour, hour);
	expect(station.findings("nas", { rpo })).toMatchObject([
		{
			kind: "stale_copy",
			key: "",
			severity: "warning",
			sentence: "The newest copy in the remote is of Thu 5 Nov 12:00; it should never be older than 26\u00a0h.",
		},
	]);
	await station.run("nas", { snapshot_id: idOf(9000) });
	expect(station.findings("nas", { rpo })).toEqual([]);
});

test("a remote that shrank is told after two listings", async () => {
	await station.run("nas");
	const lines = (files: number) =>
		Array.from({ length: files }, (_, i) => `${1_700_000_000 + i * 3601} 1000000 folder/${i}.bin\n`).join("");
	for (let i = 0; i < 3; i++) {
		await station.list("nas", "find", lines(100));
		await station.pass(day, day);
	}
	await station.list("nas", "find", lines(20));
	expect(station.findings("nas").map(({ kind }) => kind)).toEqual([]);
	await station.pass(hour, hour);
	await station.list("nas", "find", lines(20));
	expect(station.findings("nas")).toMatchObject([
		{
			kind: "shrunk",
			severity: "warning",
			sentence: "The remote shrank: 20\u00a0files since Sun 8 Nov 12:00, before that 100\u00a0files.",
		},
	]);
});

describe("a folder that others write to as well", () => {
	/** Each night a tar of our own, and at the same time a few files of somebody else, never as many. */
	const nights = 12;
	const filesOf = (night: number, at: number) => [
		{ id: `nas-${night}.tar`, time: at / 1000 + 200, size: 1_000_000 + night * 1000 },
		...Array.from({ length: (night * 7) % 5 }, (_, i) => ({
			id: `other/${night}-${i}`,
			time: at / 1000 + 60 + i,
			size: 77 + i,
		})),
	];

	test("time and size together tell which file is a run's, and that it is gone", async () => {
		const files: { id: string; time: number; size: number }[] = [];
		const find = () => files.map(({ id, time, size }) => `${time} ${size} ${id}\n`).join("");
		for (let night = 0; night < nights; night++) {
			await station.pass(day, day);
			files.push(...filesOf(night, station.now()));
			await station.run("nas", { duration_total: 300, size_bytes: 1_000_000 + night * 1000 });
		}
		await station.pass(hour, hour);
		await station.list("nas", "find", find());
		expect(station.compare("nas").isMirror).toBe(false);
		expect(station.verdicts("nas")).toEqual(Array(nights).fill("present"));
		// The newest one goes; what others wrote in that minute is there.
		files.splice(
			files.findIndex(({ id }) => id === `nas-${nights - 1}.tar`),
			1,
		);
		for (let i = 0; i < 2; i++) {
			await station.pass(hour, hour);
			await station.list("nas", "find", find());
		}
		expect(station.verdicts("nas").at(-1)).toBe("absent");
		expect(station.verdicts("nas").slice(0, -1)).toEqual(Array(nights - 1).fill("present"));
	});
});
