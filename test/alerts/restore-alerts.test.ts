// Drills and targets through a whole monitor: alerts open when their time comes, are told, and end with the next drill.
import { afterAll, expect, test } from "bun:test";
import { cleanUp, makeFolder } from "../binary.ts";
import { day, hour, openReceiver, openStation } from "./station.ts";

afterAll(cleanUp);

const drill = { kind: "restore_test", duration_total: 7200, size_bytes: 1_000_000_000, labels: { tool: "restic" } };

async function open(config: string) {
	const dataDir = makeFolder();
	const receiver = openReceiver();
	await Bun.write(`${dataDir}/config.yaml`, `channels:\n  hook: { url: "${receiver.url}" }\n${config}`);
	const station = await openStation({ dataDir });
	const told = () => receiver.messages.flatMap(({ events }) => events.map(({ event, kind }) => `${event} ${kind}`));
	const restoreAlerts = () => station.open().filter(({ kind }) => kind === "drill_overdue" || kind === "rto_exceeded");
	const stop = async () => {
		await station.stop();
		receiver.stop();
	};
	return { station, told, restoreAlerts, stop };
}

test("a drill grows too old: an alert after 90 days, over with the next drill that works", async () => {
	const { station, told, restoreAlerts, stop } = await open("jobs:\n  photos: { schedule: none }\n");
	await station.run("photos");
	await station.run("photos", drill);
	await station.pass(90 * day, day);
	expect(restoreAlerts()).toEqual([]);
	await station.pass(3 * hour, hour);
	expect(restoreAlerts()).toMatchObject([{ kind: "drill_overdue", severity: "warning" }]);
	await station.run("photos", { ...drill, success: false, error_message: "no such snapshot" });
	await station.pass(hour, hour);
	expect(restoreAlerts()).toHaveLength(1);
	await station.run("photos", drill);
	await station.pass(3 * hour, hour);
	expect(restoreAlerts()).toEqual([]);
	expect(station.resolved().find(({ kind }) => kind === "drill_overdue")?.resolution).toBe(
		"A restore was tried, and it worked.",
	);
	await station.pass(2 * 60_000);
	expect(told()).toContain("opened drill_overdue");
	expect(told()).toContain("resolved drill_overdue");
	await stop();
});

test("a target that is not met is told at the drill that shows it, and ends when it is met again", async () => {
	const { station, told, restoreAlerts, stop } = await open("jobs:\n  photos: { schedule: none, rto: 1h }\n");
	await station.run("photos");
	expect(restoreAlerts()).toEqual([]);
	await station.run("photos", drill);
	expect(restoreAlerts()).toMatchObject([{ kind: "rto_exceeded", severity: "critical" }]);
	for (let i = 0; i < 3; i++) {
		await station.pass(day, day);
		await station.run("photos", { ...drill, duration_total: 900 });
	}
	expect(restoreAlerts()).toEqual([]);
	await station.pass(2 * 60_000);
	expect(told()).toContain("opened rto_exceeded");
	expect(told()).toContain("resolved rto_exceeded");
	await stop();
});

test("a paused job says nothing of drills", async () => {
	const { station, restoreAlerts, stop } = await open("jobs:\n  photos: { schedule: none, rto: 1h }\n");
	await station.run("photos");
	await station.run("photos", drill);
	expect(restoreAlerts()).toHaveLength(1);
	await station.post("/jobs/photos/archive", {});
	await station.look();
	expect(restoreAlerts()).toEqual([]);
	await stop();
});

test("a restore test that failed stays an alert however many backups follow, until one works", async () => {
	const { station, told, stop } = await open("");
	await station.run("nas");
	await station.run("nas", { ...drill, success: false, error_message: "repository is locked" });
	const failed = () => station.open().filter(({ kind, key }) => kind === "failed" && key === "restore_test");
	expect(failed()).toMatchObject([{ sentence: "The last restore test failed: repository is locked" }]);
	for (let i = 0; i < 60; i++) {
		await station.pass(day, day);
		await station.run("nas");
	}
	expect(failed()).toHaveLength(1);
	await station.run("nas", drill);
	expect(failed()).toEqual([]);
	const words = told().filter((event) => event === "opened failed" || event === "resolved failed");
	expect(words).toEqual(["opened failed", "resolved failed"]);
	await stop();
}, 60_000);
