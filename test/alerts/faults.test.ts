// Receivers that fail in every way, with restarts in between: what was opened is told at least once, and hardly twice.
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MessageData } from "../../src/message.ts";
import { cleanUp, isHard } from "../binary.ts";
import { tell } from "../hard/tell.ts";
import { openStation, type Station, start } from "./station.ts";

afterAll(cleanUp);

const rounds = isHard ? 1000 : 200;
const faults = ["none", "busy", "broken", "redirect", "flood", "lost-answer"] as const;
type Fault = (typeof faults)[number];

/** mulberry32: the same seed, the same day. */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

function openFaulty() {
	const taken: MessageData[] = [];
	let fault: Fault = "none";
	const flood = () =>
		new ReadableStream({
			pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
		});
	const server = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch: async (request) => {
			const message = (await request.json()) as MessageData;
			if (fault === "busy") return new Response("slow down", { status: 429, headers: { "retry-after": "30" } });
			if (fault === "broken") return new Response("oops", { status: 502 });
			if (fault === "redirect") return Response.redirect("http://127.0.0.1:9/elsewhere", 302);
			if (fault === "flood") return new Response(flood(), { status: 500 });
			taken.push(message);
			// It took the message, and its answer is lost: only a repetition can be the answer to that.
			return new Response(null, { status: fault === "lost-answer" ? 503 : 200 });
		},
	});
	const { port } = server;
	return {
		port,
		taken,
		set: (next: Fault) => {
			fault = next;
		},
		stop: () => server.stop(true),
	};
}

test(`each failure reaches a faulty receiver, in ${rounds} rounds with restarts`, async () => {
	const told = { opened: 0, missing: 0, tooOften: 0, messages: 0 };
	for (let seed = 1; seed <= rounds; seed++) {
		const random = randomOf(seed);
		const receiver = openFaulty();
		const env = { NOTIFY_URLS: `json://127.0.0.1:${receiver.port}/hook` };
		let station: Station = await openStation({ env });
		const opened = new Set<number>();
		let restarts = 0;
		let lostAnswers = 0;
		for (let step = 0; step < 6; step++) {
			const fault = faults[Math.floor(random() * faults.length)] ?? "none";
			receiver.set(fault);
			if (fault === "lost-answer") lostAnswers++;
			const job = ["photos", "db", "mail"][Math.floor(random() * 3)] ?? "photos";
			await station.run(job, { success: random() < 0.4, error_message: "no" });
			// That the only channel is broken cannot be told through it.
			for (const { id, kind } of station.open()) if (kind === "failed") opened.add(id);
			await station.pass(Math.floor(random() * 20) * 60_000 + 1000, 120_000);
			if (random() < 0.4) {
				restarts++;
				const at = station.now() + 1000;
				await station.stop();
				station = await openStation({ dataDir: station.dataDir, env, at });
			}
		}
		receiver.set("none");
		await station.pass(3 * 3_600_000, 5 * 60_000);
		await station.stop();
		receiver.stop();
		const counts = new Map<number, number>();
		for (const { events } of receiver.taken) {
			for (const { event, alert_id } of events) {
				if (event === "opened") counts.set(alert_id, (counts.get(alert_id) ?? 0) + 1);
			}
		}
		told.messages += receiver.taken.length;
		for (const id of opened) {
			told.opened++;
			const count = counts.get(id) ?? 0;
			if (count === 0) told.missing++;
			// A lost answer makes a repetition, and so may a restart: each of them once a try at most.
			if (count > 1 + restarts && lostAnswers === 0) told.tooOften++;
		}
	}
	tell("R22 receivers that fail", rounds, told.missing + told.tooOften, told);
	expect(told.opened).toBeGreaterThan(rounds);
	expect(told.missing).toBe(0);
	expect(told.tooOften).toBe(0);
}, 600_000);

test("a year of ticks over a thousand idle jobs costs less than two seconds, and writes nothing", async () => {
	const station = await openStation({ at: start });
	const { db } = station.monitor;
	if (db === null) throw new Error("the database is not open");
	const reports = Array.from({ length: 1000 }, (_, i) => ({
		job: `job-${i}`,
		backup_id: "1",
		timestamp: new Date(start - 60_000).toISOString(),
		success: true,
	}));
	const jobs = reports.map(({ job }) => `  ${job}: { schedule: { cron: "0 0 29 2 *", zone: UTC } }`).join("\n");
	writeFileSync(join(station.dataDir, "config.yaml"), `jobs:\n${jobs}\n`);
	writeFileSync(
		join(station.dataDir, "metrics.jsonl"),
		reports.map((report) => `${JSON.stringify(report)}\n`).join(""),
	);
	station.alerting.reload();
	await station.look();
	const changes = () => db.query<{ n: number }, []>("SELECT total_changes() AS n").get()?.n ?? 0;
	const before = changes();
	const cpu = process.cpuUsage();
	const ticks = 365 * 24 * 60;
	for (let minute = 0; minute < ticks; minute++) station.alerting.judge(start + minute * 60_000);
	const used = process.cpuUsage(cpu);
	const seconds = (used.user + used.system) / 1e6;
	tell("a year of ticks", ticks, 0, { seconds, writes: changes() - before });
	expect(seconds).toBeLessThan(2);
	expect(changes()).toBe(before);
	await station.stop();
}, 120_000);
