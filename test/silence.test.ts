// One message instead of ten: silent hosts, jobs under the job they need, and how they speak for themselves again.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Alert } from "../src/alert.ts";
import { groupMissed, hostOf, hostResolution, type SilentJob } from "../src/silence.ts";
import { anAlert, day, hour, now } from "./alert-events.ts";

const zone = "Europe/Berlin";
const slot = now - 4 * hour;

function aSilentJob(jobId: number, name: string, some: Partial<SilentJob> = {}): SilentJob {
	return {
		jobId,
		name,
		host: "nas",
		kind: "missed",
		key: "",
		severity: "warning",
		slotAt: slot,
		newestSlotAt: some.slotAt ?? slot,
		hostBackAt: null,
		...some,
	};
}

type World = { open?: Alert[]; reports?: [string, number][]; parents?: Record<number, number> };

function group(jobs: SilentJob[], { open = [], reports = [["nas", slot - hour]], parents = {} }: World = {}) {
	const groups = groupMissed(jobs, open, new Map(reports), (jobId) => parents[jobId] ?? null, zone, now);
	const under = groups.placements.map(({ job, under }) => [
		job.name,
		under === null || under === "as before" ? under : `${under.jobId} ${under.kind} ${under.key}`,
	]);
	return { ...groups, under: Object.fromEntries(under), sentences: groups.hosts.map(({ sentence }) => sentence) };
}

const hostAlert = anAlert({ id: 90, jobId: 0, kind: "missed", key: "host:nas" });

describe("a host", () => {
	test("of which two jobs did not run and nothing was heard since is one message", () => {
		const { hosts, under } = group([
			aSilentJob(1, "photos"),
			aSilentJob(2, "db", { slotAt: slot + 1, severity: "critical" }),
		]);
		expect(hosts).toEqual([
			{
				host: "nas",
				kind: "missed",
				key: "host:nas",
				severity: "critical",
				sentence: "Host nas is silent: photos and db have not run since Mon 23 Nov 03:42.",
				runId: null,
				since: slot,
			},
		]);
		expect(under).toEqual({ photos: "0 missed host:nas", db: "0 missed host:nas" });
	});

	test("with ten such jobs names two and counts the others", () => {
		const jobs = Array.from({ length: 10 }, (_, n) => aSilentJob(n + 1, `job${n}`));
		expect(group(jobs).sentences).toEqual([
			"Host nas is silent: job0, job1 and 8 more have not run since Mon 23 Nov 03:42.",
		]);
	});

	test("of which one job alone did not run is not called silent, nor are jobs without a host", () => {
		expect(group([aSilentJob(1, "photos")])).toMatchObject({ hosts: [], under: { photos: null } });
		const nowhere = [aSilentJob(1, "photos", { host: "" }), aSilentJob(2, "db", { host: "" })];
		expect(group(nowhere)).toMatchObject({ hosts: [], under: { photos: null, db: null } });
		const apart = [aSilentJob(1, "photos"), aSilentJob(2, "db", { host: "pi" })];
		expect(group(apart).hosts).toEqual([]);
	});

	test("that reported anything since their slots is not silent", () => {
		const reports: [string, number][] = [["nas", slot]];
		expect(group([aSilentJob(1, "photos"), aSilentJob(2, "db")], { reports }).hosts).toEqual([]);
	});

	test("that never reported is silent as well", () => {
		expect(group([aSilentJob(1, "photos"), aSilentJob(2, "db")], { reports: [] }).hosts).toHaveLength(1);
	});

	test("does not take with it a job that was missing long before", () => {
		const old = aSilentJob(3, "old", { slotAt: slot - 3 * day, newestSlotAt: slot });
		const { under, sentences } = group([aSilentJob(1, "photos"), aSilentJob(2, "db"), old]);
		expect(under.old).toBeNull();
		expect(sentences).toEqual(["Host nas is silent: db and photos have not run since Mon 23 Nov 03:42."]);
	});

	test("that is called silent stays so while one of its jobs is waited for and it says nothing", () => {
		const jobs = [aSilentJob(1, "photos")];
		expect(group(jobs, { open: [hostAlert] }).under).toEqual({ photos: "0 missed host:nas" });
		expect(group(jobs, { open: [{ ...hostAlert, resolvedAt: now }] }).hosts).toEqual([]);
		expect(group(jobs, { open: [hostAlert], reports: [["nas", now]] }).hosts).toEqual([]);
	});

	test("that is back gives its other jobs a day, or until their next slot is missed", () => {
		const reports: [string, number][] = [["nas", now]];
		const back = (some: Partial<SilentJob>) => group([aSilentJob(1, "photos", some)], { reports }).under.photos;
		expect(back({ hostBackAt: now - hour })).toBe("as before");
		expect(back({ hostBackAt: now - hour, newestSlotAt: now - hour + 1 })).toBeNull();
		expect(back({ hostBackAt: now - day })).toBeNull();
		expect(back({ hostBackAt: null })).toBeNull();
	});

	test("says by what it is over", () => {
		expect(hostResolution("nas", { since: slot }, now)).toBe("Host nas reports again.");
		expect(hostResolution("nas", { since: slot }, slot - 1)).toBe("No job of host nas is waited for any more.");
		expect(hostResolution("nas", { since: slot }, null)).toBe("No job of host nas is waited for any more.");
		expect(hostOf(hostAlert)).toBe("nas");
		expect([hostOf(anAlert()), hostOf(anAlert({ jobId: 0, kind: "rejected_input", key: "host:x" }))]).toEqual([
			null,
			null,
		]);
	});
});

describe("a job with a parent", () => {
	const child = aSilentJob(2, "child", { host: "" });
	const parents = { 2: 1 };

	test("is silent under a parent that failed, hangs or did not run either", () => {
		for (const kind of ["failed", "stuck"] as const) {
			const open = [anAlert({ jobId: 1, kind })];
			expect(group([child], { open, parents }).under).toEqual({ child: `1 ${kind} ` });
		}
		const parent = aSilentJob(1, "parent", { host: "", kind: "stale" });
		const { under, placements } = group([child, parent], { parents });
		expect(under).toEqual({ child: "1 stale ", parent: null });
		expect(placements.map(({ job }) => job.name)).toEqual(["parent", "child"]);
	});

	test("speaks for itself where the parent is well, muted, or its trouble is over or of another sort", () => {
		const well = [
			[],
			[anAlert({ jobId: 1, isMuted: true })],
			[anAlert({ jobId: 1, resolvedAt: now })],
			[anAlert({ jobId: 1, kind: "size" })],
			[anAlert({ jobId: 1, kind: "missed" })],
		];
		for (const open of well) expect(group([child], { open, parents }).under).toEqual({ child: null });
	});

	test("stands under the topmost that is in trouble, also over one that is not", () => {
		const open = [anAlert({ jobId: 1 })];
		expect(group([aSilentJob(3, "grandchild")], { open, parents: { 3: 2, 2: 1 } }).under).toEqual({
			grandchild: "1 failed ",
		});
	});

	test("goes with its parent under a silent host", () => {
		const jobs = [aSilentJob(1, "parent"), aSilentJob(4, "other"), child];
		expect(group(jobs, { parents }).under).toEqual({
			parent: "0 missed host:nas",
			other: "0 missed host:nas",
			child: "0 missed host:nas",
		});
	});

	test("that is above itself by mistake is not lost", () => {
		const ring = [aSilentJob(1, "a", { host: "" }), aSilentJob(2, "b", { host: "" }), aSilentJob(3, "c", { host: "" })];
		const { under } = group(ring, { parents: { 1: 2, 2: 1, 3: 1 } });
		expect([under.a, under.b]).toEqual([null, null]);
		expect(under.c).not.toBeNull();
		expect(group([child], { parents: { 2: 2 } }).under).toEqual({ child: null });
	});
});

test("whatever stands above what: each job is placed once, and whom it stands under is heard", () => {
	const jobArb = fc.record({
		host: fc.constantFrom("", "nas", "pi"),
		ago: fc.integer({ min: 0, max: 50 }),
		isMuted: fc.boolean(),
	});
	const parentsArb = fc.dictionary(fc.constantFrom("1", "2", "3", "4", "5", "6"), fc.integer({ min: 1, max: 8 }));
	fc.assert(
		fc.property(fc.array(jobArb, { maxLength: 6 }), parentsArb, fc.boolean(), (some, parents, isSilent) => {
			const jobs = some.map(({ host, ago }, n) => aSilentJob(n + 1, `j${n}`, { host, slotAt: now - ago * hour }));
			const muted = some.flatMap(({ isMuted }, n) =>
				isMuted ? [anAlert({ id: n + 1, jobId: n + 1, kind: "missed", isMuted })] : [],
			);
			const open = [...muted, anAlert({ id: 50, jobId: 8 })];
			const reports: [string, number][] = isSilent ? [] : [["nas", now - 10 * hour]];
			const { placements, hosts } = group(jobs, { open, reports, parents });
			expect(placements.map(({ job }) => job.jobId).sort()).toEqual(jobs.map(({ jobId }) => jobId).sort());
			const heard = new Set([
				"8 failed ",
				...hosts.map(({ key }) => `0 missed ${key}`),
				...placements.filter(({ under }) => under === null).map(({ job }) => `${job.jobId} missed `),
			]);
			for (const { alertId } of muted.map(({ jobId }) => ({ alertId: jobId }))) heard.delete(`${alertId} missed `);
			for (const { under } of placements) {
				if (under === null) continue;
				expect(under).not.toBe("as before");
				if (under !== "as before") expect(heard).toContain(`${under.jobId} ${under.kind} ${under.key}`);
			}
		}),
		{ numRuns: 2000 },
	);
});
