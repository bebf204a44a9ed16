import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { day, hour, openReceiver, openStation, type Receiver, runDaily, type Station, start } from "./station.ts";

let receiver: Receiver;
const stations: Station[] = [];

const station = async (options: Parameters<typeof openStation>[0] = {}) => {
	const opened = await openStation({ ...options, env: { NOTIFY_URLS: receiver.url, ...options.env } });
	stations.push(opened);
	return opened;
};
const titles = () => receiver.messages.map(({ title }) => title);
const events = () =>
	receiver.messages.flatMap(({ events }) => events.map(({ event, kind, job }) => `${event} ${kind} ${job}`));

beforeEach(() => {
	receiver = openReceiver();
});
afterEach(async () => {
	for (const opened of stations.splice(0)) await opened.stop();
	receiver.stop();
});
afterAll(cleanUp);

const failure = { success: false, error_message: "repository is locked", size_bytes: null };

describe("a failure", () => {
	test("opens one alert and sends one message at once", async () => {
		const lab = await station();
		await lab.run("photos", failure);
		expect(lab.open().map(({ kind, severity }) => [kind, severity])).toEqual([["failed", "critical"]]);
		expect(titles()).toHaveLength(1);
		expect(titles()[0]).toContain("photos");
		expect(titles()[0]).toContain("repository is locked");
		expect(lab.state("photos")).toBe("failed");
	});

	test("that comes again is not told again, and its end is told with how long it was", async () => {
		const lab = await station();
		await lab.run("photos", failure);
		await lab.pass(hour);
		await lab.run("photos", failure);
		await lab.pass(2 * hour);
		await lab.run("photos");
		await lab.pass(5 * 60_000);
		expect(events()).toEqual(["opened failed photos", "resolved failed photos"]);
		expect(lab.open()).toEqual([]);
		expect(titles()[1]).toContain("3 h");
	});

	test("that is followed by a success before anybody looked is told all the same", async () => {
		const lab = await station();
		await lab.push({ job: "db", backup_id: "1", timestamp: new Date(lab.now() - 120_000).toISOString(), ...failure });
		await lab.push({ job: "db", backup_id: "2", timestamp: new Date(lab.now() - 60_000).toISOString(), success: true });
		await lab.look();
		expect(events()).toEqual(["opened failed db", "resolved failed db"]);
		expect(lab.open()).toEqual([]);
	});

	test("the same failure again after a success ends red", async () => {
		const lab = await station();
		await lab.run("db", failure);
		await lab.pass(hour);
		await lab.run("db");
		await lab.pass(hour);
		await lab.run("db", failure);
		await lab.pass(2 * 60_000);
		expect(events()).toEqual(["opened failed db", "resolved failed db", "opened failed db"]);
		expect(lab.state("db")).toBe("failed");
	});

	test("that was there before the monitor is shown, and nobody is told", async () => {
		const dataDir = makeFolder();
		const line = { job: "old", backup_id: "1", timestamp: new Date(start - hour).toISOString(), ...failure };
		writeFileSync(join(dataDir, "metrics.jsonl"), `${JSON.stringify(line)}\n`);
		const lab = await station({ dataDir });
		await lab.pass(10 * 60_000);
		expect(lab.open().map(({ kind, isMuted }) => [kind, isMuted])).toEqual([["failed", true]]);
		expect(titles()).toEqual([]);
	});

	test("that was there before the monitor is told when it happens once more", async () => {
		const dataDir = makeFolder();
		const line = { job: "old", backup_id: "1", timestamp: new Date(start - hour).toISOString(), ...failure };
		writeFileSync(join(dataDir, "metrics.jsonl"), `${JSON.stringify(line)}\n`);
		const lab = await station({ dataDir });
		await lab.pass(hour);
		await lab.run("old", failure);
		expect(events()).toEqual(["opened failed old"]);
		await lab.pass(day + hour, hour);
		expect(events()).toContain("reminder failed old");
	});

	test("is reminded of each day, until it is acknowledged", async () => {
		const lab = await station();
		await lab.run("photos", { ...failure, labels: {} });
		await lab.pass(2 * day + hour, hour);
		expect(events().filter((event) => event.startsWith("reminder failed"))).toHaveLength(2);
		const [alert] = lab.open();
		expect((await lab.post(`/alerts/${alert?.id}/acknowledge`)).status).toBe(200);
		await lab.pass(3 * day, hour);
		expect(events().filter((event) => event.startsWith("reminder failed"))).toHaveLength(2);
		await lab.run("photos");
		await lab.pass(2 * 60_000);
		expect(events().at(-1)).toBe("resolved failed photos");
	});
});

describe("a run that does not come", () => {
	test("is late, then missed: told once, and over with the next run", async () => {
		const lab = await station();
		await runDaily(lab, "photos", 5);
		await lab.pass(day + 5 * 60_000);
		expect(lab.state("photos")).toBe("late");
		expect(titles()).toEqual([]);
		await lab.pass(7 * hour);
		expect(lab.state("photos")).toBe("missed");
		expect(events()).toEqual(["opened missed photos"]);
		await lab.run("photos");
		await lab.pass(2 * 60_000);
		expect(events()).toEqual(["opened missed photos", "resolved missed photos"]);
		expect(lab.open()).toEqual([]);
	});

	test("had run in time when its report comes late, and that is said", async () => {
		const lab = await station();
		await runDaily(lab, "photos", 5);
		const slot = lab.now() + day;
		await lab.pass(day + 8 * hour);
		expect(lab.state("photos")).toBe("missed");
		await lab.push({
			job: "photos",
			backup_id: "late",
			timestamp: new Date(slot).toISOString(),
			success: true,
			duration_total: 60,
			size_bytes: 1_000_000_000,
		});
		await lab.pass(2 * 60_000);
		expect(lab.resolved().map(({ resolution }) => resolution)).toEqual(["It had run in time; the report came late."]);
		expect(lab.state("photos")).toBe("ok");
	});

	/** Five days of a job that writes into the metrics file, the last one at `start` + 4 days. */
	const writeDays = (dataDir: string) => {
		for (let i = 0; i < 5; i++) {
			const timestamp = new Date(start + i * day).toISOString();
			const line = { job: "photos", backup_id: String(i), timestamp, success: true, duration_total: 60 };
			appendFileSync(join(dataDir, "metrics.jsonl"), `${JSON.stringify(line)}\n`);
		}
	};

	test("is judged after a restart, and told once", async () => {
		const dataDir = makeFolder();
		writeDays(dataDir);
		const first = await station({ dataDir, at: start + 4 * day + hour });
		await first.stop();
		stations.splice(0);
		const second = await station({ dataDir, at: first.now() + day + 8 * hour });
		await second.pass(30 * 60_000);
		expect(events()).toEqual(["opened missed photos"]);
		await second.stop();
		stations.splice(0);
		const third = await station({ dataDir, at: second.now() + 60_000 });
		await third.pass(hour);
		expect(events()).toEqual(["opened missed photos"]);
	});

	test("while the monitor was off is not called missed where its report could not have been kept", async () => {
		const first = await station();
		await runDaily(first, "photos", 5);
		await first.pass(hour);
		await first.stop();
		stations.splice(0);
		const second = await station({ dataDir: first.dataDir, at: first.now() + day + 8 * hour });
		await second.pass(hour);
		expect(second.state("photos")).toBe("late");
		expect(events()).toEqual([]);
		await second.pass(day, hour);
		expect(events()).toEqual(["opened missed photos"]);
	});

	test("of a job that is only declared is missed from its first slot on; its first report is that job's", async () => {
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "config.yaml"), "jobs:\n  tape: { schedule: { every: 6h }, start_grace: 1h }\n");
		const lab = await station({ dataDir });
		expect(lab.state("tape")).toBe("new");
		await lab.pass(8 * hour, 10 * 60_000);
		expect(events()).toEqual(["opened missed tape"]);
		await lab.run("tape", { host: "attic" });
		await lab.pass(2 * 60_000);
		const { jobs } = await (await lab.get("/api/jobs")).json();
		expect(jobs.map(({ job, host, state }: Record<string, string>) => [job, host, state])).toEqual([
			["tape", "attic", "ok"],
		]);
		expect(events()).toEqual(["opened missed tape", "resolved missed tape"]);
	});

	test("of a job that is declared no longer is forgotten where it never reported", async () => {
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "config.yaml"), "jobs:\n  tape: { schedule: { every: 6h } }\n");
		const lab = await station({ dataDir });
		expect(lab.state("tape")).toBe("new");
		writeFileSync(join(dataDir, "config.yaml"), "# nothing\n");
		await lab.pass(5000, 1000);
		expect((await (await lab.get("/api/jobs")).json()).jobs).toEqual([]);
	});

	test("of several jobs of one host is one message about the host", async () => {
		const lab = await station();
		for (let i = 0; i < 5; i++) {
			if (i > 0) await lab.pass(day, day);
			for (const job of ["photos", "db", "mail"]) await lab.run(job, { host: "nas" });
			await lab.run("laptop", { host: "desk" });
		}
		await lab.pass(day - 60_000, hour);
		await lab.run("laptop", { host: "desk" });
		await lab.pass(9 * hour);
		expect(titles()).toHaveLength(1);
		expect(titles()[0]).toContain("nas");
		expect(lab.open()).toHaveLength(4);
		for (const job of ["photos", "db", "mail"]) await lab.run(job, { host: "nas" });
		await lab.pass(2 * 60_000);
		expect(lab.open()).toEqual([]);
	});
});

describe("an odd backup", () => {
	test("of half the size is found, with the numbers, and over with the next usual one", async () => {
		const lab = await station();
		await runDaily(lab, "dump", 8);
		await lab.pass(day, day);
		await lab.run("dump", { size_bytes: 400_000_000 });
		const [alert] = lab.open();
		expect(alert?.kind).toBe("size");
		expect(alert?.severity).toBe("critical");
		expect(alert?.sentence).toContain("400\u00a0MB");
		expect(alert?.sentence).toContain("1.00\u00a0GB");
		await lab.pass(23 * hour, day);
		await lab.run("dump");
		await lab.pass(2 * 60_000);
		expect(events()).toEqual(["opened size dump", "resolved size dump"]);
	});

	test("that comes five times in a row is taken as the new normal, and that is said once", async () => {
		const lab = await station();
		await runDaily(lab, "dump", 14);
		for (let i = 0; i < 7; i++) {
			await lab.pass(23 * hour, day);
			await lab.run("dump", { size_bytes: 2_500_000_000 });
			await lab.pass(hour, hour);
		}
		expect(lab.open()).toEqual([]);
		const resolved = lab.resolved().filter(({ kind }) => kind === "size");
		expect(resolved).toHaveLength(1);
		expect(resolved[0]?.resolution).toContain("2.50\u00a0GB");
		expect(events().filter((event) => event.startsWith("opened size"))).toHaveLength(1);
	});

	test("stays open when a run fails after it: a failure says nothing about sizes", async () => {
		const lab = await station();
		await runDaily(lab, "dump", 8);
		await lab.pass(23 * hour, day);
		await lab.run("dump", { size_bytes: 400_000_000 });
		await lab.pass(hour, hour);
		await lab.run("dump", failure);
		await lab.run("dump", failure);
		expect(
			lab
				.open()
				.map(({ kind }) => kind)
				.sort(),
		).toEqual(["failed", "size"]);
	});

	test("that is marked as expected is the new normal", async () => {
		const lab = await station();
		await runDaily(lab, "dump", 8);
		await lab.pass(day, day);
		await lab.run("dump", { size_bytes: 400_000_000 });
		expect((await lab.post("/jobs/dump/expected")).status).toBe(200);
		await lab.look();
		expect(lab.open()).toEqual([]);
		await lab.pass(day, day);
		await lab.run("dump", { size_bytes: 400_000_000 });
		expect(lab.open()).toEqual([]);
	});
});

describe("messages", () => {
	test("the first goes at once, what follows within a minute is gathered", async () => {
		const lab = await station();
		await lab.run("a", failure);
		await lab.pass(5000, 1000);
		await lab.run("b", failure);
		await lab.run("c", failure);
		expect(receiver.messages).toHaveLength(1);
		await lab.pass(60_000, 1000);
		expect(receiver.messages).toHaveLength(2);
		expect(receiver.messages[1]?.events.map(({ job }) => job)).toEqual(["b", "c"]);
	});

	test("wait for a receiver that fails, and go once it is back", async () => {
		const lab = await station();
		receiver.answer(503);
		await lab.run("photos", failure);
		await lab.pass(5 * 60_000, 10_000);
		expect(receiver.messages).toEqual([]);
		const page = await (await lab.get("/alerts")).text();
		expect(page).toContain("Not delivered");
		expect(page).toContain("503");
		receiver.answer(204);
		await lab.pass(20 * 60_000, 10_000);
		expect(events()).toEqual(["opened failed photos"]);
		await lab.pass(hour);
		expect(events()).toEqual(["opened failed photos"]);
	});

	test("that are refused for good are not tried again, and a working channel is told of the broken one", async () => {
		const other = openReceiver();
		const dataDir = makeFolder();
		writeFileSync(
			join(dataDir, "config.yaml"),
			`channels:\n  one: { url: "${receiver.url}" }\n  two: { url: "${other.url}" }\n`,
		);
		const lab = await openStation({ dataDir });
		stations.push(lab);
		receiver.answer(401);
		await lab.run("photos", failure);
		await lab.pass(3 * 60_000, 10_000);
		expect(other.messages.flatMap(({ events }) => events.map(({ kind }) => kind))).toEqual([
			"failed",
			"channel_broken",
		]);
		expect(JSON.stringify(other.messages)).toContain("one");
		other.stop();
	});

	test("survive a restart between the alert and its delivery", async () => {
		const first = await station();
		receiver.answer(503);
		await first.run("photos", failure);
		await first.stop();
		stations.splice(0);
		receiver.answer(204);
		const second = await station({ dataDir: first.dataDir, at: first.now() + hour });
		await second.pass(2 * 60_000, 1000);
		expect(events()).toEqual(["opened failed photos"]);
	});

	test("are held in quiet hours and then told as one summary; what is critical passes where it may", async () => {
		const dataDir = makeFolder();
		const config = (passes: boolean) =>
			`channels:\n  one: { url: "${receiver.url}" }\nquiet_hours: { from: "22:00", to: "07:00", critical_passes: ${passes} }\n`;
		writeFileSync(join(dataDir, "config.yaml"), config(false));
		const lab = await openStation({ dataDir, at: Date.UTC(2026, 10, 2, 23) });
		stations.push(lab);
		await lab.run("a", failure);
		await lab.run("b", failure);
		await lab.pass(hour);
		expect(receiver.messages).toEqual([]);
		await lab.pass(8 * hour);
		expect(receiver.messages).toHaveLength(1);
		expect(receiver.messages[0]?.events.map(({ job }) => job)).toEqual(["a", "b"]);
		writeFileSync(join(dataDir, "config.yaml"), config(true));
		await lab.pass(16 * hour, 10 * 60_000);
		const before = receiver.messages.length;
		await lab.run("c", failure);
		expect(receiver.messages.length).toBe(before + 1);
	});

	test("are summed up once a day where a digest is asked for, also after a time when the monitor was off", async () => {
		const dataDir = makeFolder();
		writeFileSync(
			join(dataDir, "config.yaml"),
			`channels:\n  one: { url: "${receiver.url}" }\ndigest: { daily: "08:00" }\n`,
		);
		const lab = await openStation({ dataDir });
		stations.push(lab);
		await lab.run("photos");
		await lab.pass(day, 30 * 60_000);
		const digests = () => receiver.messages.filter(({ type }) => type === "digest");
		expect(digests()).toHaveLength(1);
		expect(digests()[0]?.text).toContain("photos");
		await lab.stop();
		stations.splice(0);
		const later = await openStation({ dataDir, at: lab.now() + 3 * day });
		stations.push(later);
		await later.pass(hour, 10 * 60_000);
		expect(digests()).toHaveLength(2);
	});

	test("of a job are those of the job that it needs, while that one is in trouble", async () => {
		const dataDir = makeFolder();
		const plan = "schedule: { every: 6h }, start_grace: 1h";
		writeFileSync(
			join(dataDir, "config.yaml"),
			`jobs:\n  nas: { ${plan} }\n  photos: { ${plan}, parent: nas }\nchannels:\n  one: { url: "${receiver.url}" }\n`,
		);
		const lab = await openStation({ dataDir });
		stations.push(lab);
		await lab.pass(9 * hour, 10 * 60_000);
		expect(events()).toEqual(["opened missed nas"]);
		expect(lab.open()).toHaveLength(2);
	});

	test("carry signed links that acknowledge after a question", async () => {
		const lab = await station({ env: { PUBLIC_URL: "http://localhost:5001" } });
		await lab.run("photos", failure);
		const [alert] = lab.open();
		const { signLink } = await import("../../src/signed-link.ts");
		const key = lab.alerting.linkKey;
		if (key === null || alert === undefined) throw new Error("no key or no alert");
		const token = signLink(key, { alertId: alert.id, action: "acknowledge", expiresAt: lab.now() + day });
		const question = await lab.get(`/alerts/link/${token}`);
		expect(question.status).toBe(200);
		expect(lab.open()[0]?.acknowledgedAt).toBeNull();
		expect((await lab.post(`/alerts/link/${token}`)).status).toBe(303);
		expect(lab.open()[0]?.acknowledgedAt).not.toBeNull();
		const forged = `${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`;
		expect((await lab.get(`/alerts/link/${forged}`)).status).toBe(404);
	});

	test("carry links that need no login where there is one, and show nothing but what they are about", async () => {
		const hash = "$2y$10$3IXrriWF0ACmuQhO4aXuAO.CBAG3nEQfGv.VjerpnaWg8lX1ARwt6";
		const lab = await station({ env: { PUBLIC_URL: "http://localhost:5001", AUTH_PASSWORD_HASH: hash } });
		await lab.run("photos", failure);
		await lab.run("mail", failure);
		const alert = lab.open().find(({ sentence }) => lab.open()[0]?.sentence === sentence);
		const { signLink } = await import("../../src/signed-link.ts");
		const key = lab.alerting.linkKey;
		if (key === null || alert === undefined) throw new Error("no key or no alert");
		const token = signLink(key, { alertId: alert.id, action: "acknowledge", expiresAt: lab.now() + day });
		expect((await lab.get("/alerts")).status).toBe(303);
		const question = await lab.get(`/alerts/link/${token}`);
		const asked = await question.text();
		expect([question.status, question.headers.get("cache-control")]).toEqual([200, "no-store"]);
		expect(asked).toContain("photos");
		expect(asked).toContain(`action="/alerts/link/${token}"`);
		expect(asked).not.toMatch(/mail|mainnav|<script|metrics\.jsonl/);
		const forged = await lab.get(`/alerts/link/${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`);
		expect([forged.status, (await forged.text()).includes("photos")]).toEqual([404, false]);
		const done = await lab.post(`/alerts/link/${token}`);
		expect([done.status, await done.text()]).toEqual([200, expect.stringContaining("Acknowledged")]);
		expect(lab.open().find(({ id }) => id === alert.id)?.acknowledgedAt).not.toBeNull();
		expect((await lab.post(`/alerts/${alert.id}/snooze`)).status).toBe(401);
	});
});

describe("what the operator decides", () => {
	test("a paused job is silent, and speaks again afterwards", async () => {
		const lab = await station();
		await lab.run("photos", failure);
		expect((await lab.post("/jobs/photos/pause", { until: "2d" })).status).toBe(200);
		await lab.look();
		expect(lab.state("photos")).toBe("paused");
		expect(lab.open()).toEqual([]);
		const told = receiver.messages.length;
		await lab.run("photos", failure);
		await lab.pass(day, hour);
		expect(receiver.messages.length).toBe(told);
		await lab.pass(day + hour, hour);
		expect(lab.state("photos")).toBe("failed");
		expect(receiver.messages.length).toBe(told + 1);
	});

	test("is kept when the database is lost", async () => {
		const first = await station();
		await runDaily(first, "photos", 4);
		await first.post("/jobs/photos/fix-schedule");
		await first.post("/jobs/photos/archive");
		await first.stop();
		stations.splice(0);
		for (const end of ["", "-wal", "-shm"]) rmSync(join(first.dataDir, `backups.db${end}`), { force: true });
		const second = await station({ dataDir: first.dataDir, at: first.now() + 60_000 });
		expect(second.state("photos")).toBe("archived");
		await second.post("/jobs/photos/unarchive");
		await second.look();
		const page = await (await second.get("/api/jobs/photos")).json();
		expect(page.state).toBe("ok");
		const { readDecision } = await import("../../src/store/decisions.ts");
		const { findJob } = await import("../../src/store/jobs.ts");
		const { db } = second.monitor;
		if (db === null) throw new Error("the database is not open");
		expect(readDecision(db, findJob(db, "photos")?.id ?? 0).schedule).not.toBeNull();
	});

	test("acknowledged alerts stay acknowledged when the database is lost", async () => {
		const first = await station();
		await first.run("photos", failure);
		await first.pass(60_000);
		await first.post(`/alerts/${first.open()[0]?.id}/acknowledge`);
		await first.stop();
		stations.splice(0);
		const told = receiver.messages.length;
		for (const end of ["", "-wal", "-shm"]) rmSync(join(first.dataDir, `backups.db${end}`), { force: true });
		const second = await station({ dataDir: first.dataDir, at: first.now() + 120_000 });
		await second.pass(2 * day, hour);
		expect(second.open().map(({ kind, acknowledgedAt }) => [kind, acknowledgedAt !== null])).toContainEqual([
			"failed",
			true,
		]);
		expect(receiver.messages.slice(told).flatMap(({ events }) => events.map(({ kind }) => kind))).not.toContain(
			"failed",
		);
	});

	test("of a job that is not there is refused", async () => {
		const lab = await station();
		expect((await lab.post("/jobs/nothing/pause")).status).toBe(404);
		await lab.run("photos");
		expect((await lab.post("/jobs/photos/pause", { until: "soon" })).status).toBe(422);
		expect((await lab.post("/alerts/99/acknowledge")).status).toBe(404);
	});
});

test("lines that cannot be read are told once", async () => {
	const lab = await station();
	await lab.pass(60_000);
	appendFileSync(join(lab.dataDir, "metrics.jsonl"), "not json\n");
	await lab.pass(60_000, 1000);
	expect(events()).toEqual(["opened rejected_input null"]);
	appendFileSync(join(lab.dataDir, "metrics.jsonl"), "not json either\n");
	await lab.pass(23 * hour, hour);
	expect(events()).toEqual(["opened rejected_input null"]);
	await lab.pass(2 * hour, hour);
	expect(lab.open()).toEqual([]);
});

test("an idle tick writes nothing", async () => {
	const lab = await station();
	await runDaily(lab, "photos", 4);
	await lab.pass(60_000);
	const { db } = lab.monitor;
	const changes = () => db?.query<{ n: number }, []>("SELECT total_changes() AS n").get()?.n;
	const before = changes();
	await lab.pass(10 * hour, 60_000);
	expect(changes()).toBe(before as number);
});
