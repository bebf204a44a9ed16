// A clock that is wrong or jumps while the program runs, and nights in which an hour is missing or comes twice, in eight
// zones: nothing is deleted, no line is missed, and the order is that of the instants.
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, runCommand, startServer, until } from "../binary.ts";
import { aLine } from "../lines.ts";
import { inParallel, tell } from "./tell.ts";

afterAll(cleanUp);

const [library = ""] = new Bun.Glob("*/faketime/libfaketimeMT.so.1").scanSync({ cwd: "/usr/lib", absolute: true });
const zones = [
	"Europe/Berlin",
	"America/New_York",
	"America/St_Johns",
	"Australia/Lord_Howe",
	"Africa/Cairo",
	"America/Santiago",
	"Pacific/Auckland",
	"Asia/Beirut",
];
const hour = 3_600_000;
const day = 24 * hour;

type Case = { name: string; zone: string; startAt: number; jumps: number[] };

/** Minutes that a zone is ahead of UTC. */
function offsetAt(zone: string, at: number): number {
	return Math.round(Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).offsetNanoseconds / 6e10);
}

/** The two nights of the next year in which a zone's clocks are changed. */
function nightsOf(zone: string, from: number): { at: number; name: string }[] {
	const nights: { at: number; name: string }[] = [];
	for (let at = from - (from % hour); at < from + 366 * day; at += hour / 2) {
		const change = offsetAt(zone, at) - offsetAt(zone, at - hour / 2);
		if (change !== 0) nights.push({ at, name: change > 0 ? "an hour is missing" : "an hour comes twice" });
	}
	return nights.slice(0, 2);
}

function cases(): Case[] {
	// The tests' clock begins in the real present: a release is never older than itself.
	const now = Date.now();
	const nights = zones.flatMap((zone) =>
		nightsOf(zone, now + 2 * day).map(({ at, name }) => ({
			name: `${zone}, ${name}`,
			zone,
			startAt: at - 10 * 60_000,
			jumps: [at + 5 * 60_000, at + 70 * 60_000],
		})),
	);
	const hours = zones.flatMap((zone) =>
		[-hour, hour].map((by) => ({
			name: `${zone}, ${by / hour} h`,
			zone,
			startAt: now,
			jumps: [now + by, now + 60_000],
		})),
	);
	const far = [Date.UTC(1970, 0, 2), Date.UTC(2036, 1, 7, 6, 28), now + 10 * day, now - 10 * day, now + 400 * day];
	const jumps = [...far, now - 400 * day, now + day, now - day].map((to) => ({
		name: `to ${new Date(to).toISOString().slice(0, 10)}`,
		zone: "UTC",
		startAt: now,
		jumps: [to, to + 2 * hour],
	}));
	return [...nights, ...hours, ...jumps];
}

const all = cases();
const chosen = isHard ? all : all.filter((_, at) => at % 9 === 1);
const lines = 48;

async function live({ zone, startAt, jumps }: Case): Promise<string[]> {
	const failures: string[] = [];
	const dataDir = makeFolder();
	const clock = join(makeFolder(), "clock");
	const setClock = (at: number) =>
		writeFileSync(clock, `${(at - Date.now()) / 1000 >= 0 ? "+" : ""}${(at - Date.now()) / 1000}`);
	setClock(startAt);
	const env = {
		TZ: zone,
		RETENTION_DAYS: "90",
		LD_PRELOAD: library,
		FAKETIME_TIMESTAMP_FILE: clock,
		FAKETIME_NO_CACHE: "1",
		FAKETIME_DONT_FAKE_MONOTONIC: "1",
	};
	// Every half hour of the day around the jump, the newest last; written as the wall clock of the zone, and in UTC.
	const instants = Array.from({ length: lines }, (_, n) => startAt + (n - lines + 4) * (hour / 2));
	const stamp = (at: number, n: number) =>
		n % 2 === 0
			? new Date(at).toISOString()
			: Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toString({ timeZoneName: "never" });
	const lineOf = (at: number, n: number) => `${aLine(n, { backup_id: `r-${n}`, timestamp: stamp(at, n) })}\n`;
	const metrics = join(dataDir, "metrics.jsonl");
	writeFileSync(metrics, instants.map(lineOf).join(""));
	const server = await startServer({ dataDir, env });
	try {
		const count = async () => {
			const { source } = await server.json("/api/health");
			return source.accepted;
		};
		await until(async () => (await count()) === lines, 60_000, "all lines are read");
		let written = lines;
		for (const jump of jumps) {
			setClock(jump);
			appendFileSync(metrics, lineOf(startAt + (written - lines + 5) * (hour / 2), written));
			written++;
			await until(async () => (await count()) === written, 60_000, "a line after the jump is read");
			for (const path of ["/", "/api/jobs", "/jobs/default", "/metrics", "/alerts"]) {
				const { status } = await server.get(path);
				if (status !== 200) failures.push(`${path} answered ${status}`);
			}
			// Handed to the running server, and judged by its clock.
			const pruned = await runCommand(["prune"], { dataDir, env });
			if (pruned.code !== 0) failures.push(`prune: ${pruned.err}`);
			await Bun.sleep(1200);
		}
		const shown: { backup_id: string }[] = await server.json("/api/metrics?limit=365");
		const order = shown.map(({ backup_id }) => backup_id);
		const wanted = Array.from({ length: written }, (_, n) => `r-${n}`);
		if (order.join() !== wanted.join()) failures.push(`shown: ${order.join(" ")}`);
		if (/internal error|uncaught/.test(server.log())) failures.push(server.log());
		await server.stop();
	} catch (error) {
		failures.push(`${error instanceof Error ? error.message : error}: ${server.log().slice(-300)}`);
		await server.kill();
	}
	return failures;
}

test(`${chosen.length} clocks that jump and nights that are longer or shorter: nothing is deleted, the order is right`, async () => {
	expect(library).not.toBe("");
	expect(all.length).toBe(40);
	const failures = (await inParallel(chosen, 4, live)).map((found, at) => ({ name: chosen[at]?.name, found }));
	const failed = failures.filter(({ found }) => found.length > 0);
	tell("R13 clock", chosen.length, failed.length, { zones: zones.length });
	expect(failed).toEqual([]);
}, 3_600_000);
