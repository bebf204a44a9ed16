// Whatever keeps the watch from judging or telling must show: an old verdict that stays is a green light over a red one.

import { Database } from "bun:sqlite";
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Alerting } from "../../src/alerts/alerting.ts";
import { readConfig } from "../../src/config.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { hour, openReceiver, openStation, type Receiver, runDaily, type Station, start } from "./station.ts";

const open: { stop: () => unknown }[] = [];
const stationOf = async (options?: Parameters<typeof openStation>[0]): Promise<Station> => {
	const station = await openStation(options);
	open.push(station);
	return station;
};
const receiverOf = (): Receiver => {
	const receiver = openReceiver();
	open.push(receiver);
	return receiver;
};
afterEach(async () => {
	for (const { stop } of open.splice(0)) await stop();
});
afterAll(cleanUp);

const criticals = (station: Station) =>
	[...station.monitor.problems(), ...station.alerting.problems(station.now())]
		.filter(({ severity }) => severity === "critical")
		.map(({ title }) => title);

const storeSchedule = (station: Station, schedule: object) =>
	station.monitor.db?.run("INSERT OR REPLACE INTO decision (job_id, schedule) VALUES (1, ?)", [
		JSON.stringify(schedule),
	]);

describe("a job that cannot be judged", () => {
	test("is a critical problem by name, until it can be", async () => {
		const station = await stationOf();
		await station.run("photos");
		storeSchedule(station, { type: "cron", cron: "0 2 * * *", zone: "Mars/Olympus" });
		await station.run("photos", { success: false });
		expect(criticals(station)).toEqual(["The state of photos cannot be worked out."]);
		const summary = (await (await station.get("/api/summary")).json()) as { status: string };
		expect(summary.status).toBe("unknown");
		const health = await (await station.get("/health")).json();
		expect(health).toMatchObject({ status: "degraded", problems: [{ id: "job-not-judged" }] });

		storeSchedule(station, { type: "cron", cron: "0 2 * * *", zone: "Europe/Berlin" });
		await station.pass(61_000, 61_000);
		expect(station.state("photos")).toBe("failed");
		expect(criticals(station)).toEqual([]);
	});

	test("does not keep the others from being judged", async () => {
		const station = await stationOf();
		await station.run("photos");
		storeSchedule(station, { type: "cron", cron: "no cron", zone: "UTC" });
		await station.run("photos", { success: false });
		await station.run("db", { success: false });
		expect(station.state("db")).toBe("failed");
	});
});

test("jobs whose settings changed while another program had the database are judged once it is free", async () => {
	const station = await stationOf();
	await runDaily(station, "photos", 5);
	await station.pass(2 * hour);
	expect(station.state("photos")).toBe("ok");
	const other = new Database(join(station.dataDir, "backups.db"));
	other.run("BEGIN IMMEDIATE");
	writeFileSync(join(station.dataDir, "config.yaml"), "jobs:\n  photos:\n    schedule: { age: 1h }\n");
	expect(() => station.alerting.reload()).not.toThrow();
	expect(() => station.alerting.tick()).toThrow(/locked|busy/);
	other.run("ROLLBACK");
	other.close();
	await station.pass(2000, 1000);
	expect(station.state("photos")).toBe("stale");
});

describe("a message", () => {
	test("that cannot be written is tried again later and shown, and holds up nothing else", async () => {
		const receiver = receiverOf();
		const station = await stationOf({ env: { NOTIFY_URLS: receiver.url } });
		receiver.answer(503);
		await station.run("photos", { success: false });
		station.monitor.db?.run("UPDATE delivery SET body = 'torn' WHERE alert_id = 1");
		receiver.answer(204);
		await station.pass(hour);
		const row = station.monitor.db?.query<{ attempts: number; error: string }, []>("SELECT * FROM delivery").get();
		expect(row?.attempts).toBeGreaterThan(2);
		expect(row?.error).toContain("could not be written");

		await station.run("db", { success: false });
		await station.pass(hour);
		expect(receiver.messages.map(({ events }) => events[0]?.job)).toContain("db");
	});

	test("that waited for a channel which is gone goes to those that are there now", async () => {
		const receivers = [receiverOf(), receiverOf()];
		const dataDir = makeFolder();
		const write = (name: string, url = "") =>
			writeFileSync(join(dataDir, "config.yaml"), `channels:\n  ${name}: { url: "${url}" }\n`);
		write("old", receivers[0]?.url);
		const station = await stationOf({ dataDir });
		receivers[0]?.answer(503);
		await station.run("photos", { success: false });
		await station.pass(hour);

		write("new", receivers[1]?.url);
		station.alerting.reload();
		await station.pass(10 * 60_000);
		expect(receivers[1]?.messages.map(({ events }) => [events[0]?.event, events[0]?.job])).toEqual([
			["opened", "photos"],
		]);
		expect(criticals(station)).toEqual([]);
	});

	test("that nobody can be told any more, because its alert is over, is no problem of today", async () => {
		const receiver = receiverOf();
		const station = await stationOf({ env: { NOTIFY_URLS: receiver.url } });
		receiver.answer(400);
		await station.run("photos", { success: false });
		receiver.answer(204);
		await station.pass(hour);
		await station.run("photos");
		await station.pass(49 * hour, hour);
		expect(criticals(station)).toEqual([]);
	});
});

describe("the watch", () => {
	const alertingWith = (options: Partial<ConstructorParameters<typeof Alerting>[0]>) => {
		let monotonic = 0;
		const db = new Database(":memory:");
		const alerting = new Alerting({
			config: readConfig({ DATA_DIR: makeFolder(), TZ: "UTC" }),
			clock: () => 0,
			db: () => db,
			outages: () => [],
			isWell: () => true,
			refused: () => [],
			onChange: () => {},
			monotonic: () => monotonic,
			...options,
		});
		return {
			alerting,
			after: (ms: number) => {
				monotonic += ms;
				try {
					alerting.tick();
				} catch {
					// What it throws is logged by whoever calls it each second.
				}
				return alerting.problems(0).map(({ id, severity }) => [id, severity]);
			},
		};
	};

	test("that fails at every look is a critical problem after five minutes", () => {
		const { after } = alertingWith({});
		expect(after(60_000)).toEqual([]);
		expect(after(241_000)).toEqual([["not-judged", "critical"]]);
	});

	test("that never gets a database which is read to its end is one, too", () => {
		const { after } = alertingWith({ db: () => null });
		expect(after(299_000)).toEqual([]);
		expect(after(2000)).toEqual([["not-judged", "critical"]]);
	});
});

test("with no channel left that can be used, the mistake in one is critical", async () => {
	const dataDir = makeFolder();
	const file = join(dataDir, "config.yaml");
	const broken = '  mail: { url_file: "/nonexistent/mail" }\n';
	writeFileSync(file, `channels:\n${broken}`);
	const station = await stationOf({ dataDir });
	expect(criticals(station)).toEqual(["Channel mail cannot be used: /nonexistent/mail cannot be read (ENOENT)"]);
	writeFileSync(file, `channels:\n${broken}  hook: { url: "${receiverOf().url}" }\n`);
	station.alerting.reload();
	expect(criticals(station)).toEqual([]);
});

test("a channel whose secret comes later than the monitor is used from then on", async () => {
	const receiver = receiverOf();
	const dataDir = makeFolder();
	const secret = join(dataDir, "hook-url");
	writeFileSync(join(dataDir, "config.yaml"), `channels:\n  hook: { url_file: "${secret}" }\n`);
	const station = await stationOf({ dataDir });
	await station.run("photos", { success: false });
	expect(criticals(station)).toHaveLength(1);
	writeFileSync(secret, receiver.url);
	await station.pass(2 * 60_000);
	expect(criticals(station)).toEqual([]);
	await station.run("db", { success: false });
	await station.pass(2 * 60_000);
	expect(receiver.messages.flatMap(({ events }) => events.map(({ job }) => job))).toContain("db");
});

test("a heartbeat stops where reports are refused because the token cannot be read", async () => {
	let calls = 0;
	const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(`${++calls}`) });
	const dataDir = makeFolder();
	mkdirSync(join(dataDir, "push-token"));
	const station = await stationOf({ dataDir, env: { HEARTBEAT_URL: `http://127.0.0.1:${server.port}/beat` } });
	expect(await (await station.get("/health")).json()).toMatchObject({ problems: [{ id: "tokens" }] });
	await Bun.sleep(100);
	expect(calls).toBe(0);
	server.stop(true);
});

test("a heartbeat that its address does not take is shown", async () => {
	const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(null, { status: 404 }) });
	const station = await stationOf({ env: { HEARTBEAT_URL: `http://127.0.0.1:${server.port}/beat` } });
	const titles = () => station.alerting.problems(station.now()).map(({ title }) => title);
	for (let round = 0; round < 100 && titles().length === 0; round++) await Bun.sleep(20);
	expect(titles()).toEqual(["HEARTBEAT_URL was called and did not take it: the address answered 404."]);
	server.stop(true);
});

test("a digest that was planned on a clock that was years ahead is planned anew by the right one", async () => {
	const receiver = receiverOf();
	const dataDir = makeFolder();
	const file = `channels:\n  one: { url: "${receiver.url}" }\ndigest: { daily: "08:00" }\n`;
	writeFileSync(join(dataDir, "config.yaml"), file);
	await (await openStation({ dataDir, at: start + 4 * 365 * 24 * hour })).stop();
	const station = await stationOf({ dataDir, at: start });
	await station.pass(25 * hour, hour / 4);
	expect(receiver.messages.map(({ type }) => type)).toEqual(["digest"]);
});

test("what was opened on a clock that was years ahead is told and reminded of by the right one", async () => {
	const receiver = receiverOf();
	const dataDir = makeFolder();
	const env = { NOTIFY_URLS: receiver.url };
	const ahead = await openStation({ dataDir, env, at: start + 4 * 365 * 24 * hour });
	receiver.answer(503);
	await ahead.run("photos", { timestamp: new Date(start - hour).toISOString(), success: false });
	await ahead.pass(hour);
	expect(ahead.open().map(({ kind }) => kind)).toContain("failed");
	await ahead.stop();

	receiver.answer(204);
	const station = await stationOf({ dataDir, env, at: start });
	await station.pass(2 * hour);
	const told = () => receiver.messages.flatMap(({ events }) => events.map(({ event }) => event));
	expect(told()).toEqual(["opened"]);
	await station.pass(25 * hour, hour / 4);
	expect(told()).toContain("reminder");
});
