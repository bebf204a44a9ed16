// What a renamed, merged or deleted job means for who is told: nobody hears of a job that is gone, and what is still wrong
// is told under the name that it has.
import { afterAll, describe, expect, test } from "bun:test";
import { cleanUp } from "../binary.ts";
import { day, hour, openReceiver, openStation } from "./station.ts";

afterAll(cleanUp);

async function open() {
	const receiver = openReceiver();
	const station = await openStation({ env: { NOTIFY_URLS: receiver.url } });
	for (let night = 0; night < 4; night++) {
		await station.run("a");
		await station.run("b");
		await station.pass(day, hour);
	}
	const told = () => receiver.messages.flatMap(({ events }) => events.map(({ event, job }) => `${event} ${job ?? ""}`));
	const stop = async () => {
		await station.stop();
		receiver.stop();
	};
	return { receiver, station, told, stop };
}

const meant = { confirm: "yes" };

describe("an open alert", () => {
	test("of a deleted job ends without a message, and nothing waits to be sent", async () => {
		const { receiver, station, told, stop } = await open();
		receiver.answer(503);
		await station.run("a", { success: false, error_category: "network" });
		await station.run("b");
		await station.look();
		expect(station.open().map(({ kind }) => kind)).toEqual(["failed"]);
		expect((await station.post("/jobs/a/delete", meant)).status).toBe(200);
		receiver.answer(204);
		await station.pass(5 * hour, hour);
		const ofJobs = () => [
			station.open().filter(({ kind }) => kind === "failed"),
			told().filter((text) => / a$/.test(text)),
		];
		expect(ofJobs()).toEqual([[], []]);
		// Nor is it missed on the nights that follow.
		for (let night = 0; night < 3; night++) {
			await station.run("b");
			await station.pass(day, hour);
		}
		expect(ofJobs()).toEqual([[], []]);
		await stop();
	});

	test("of a renamed job stays open, and its end is told under the new name", async () => {
		const { station, told, stop } = await open();
		await station.run("a", { success: false, error_category: "network" });
		await station.run("b");
		await station.pass(2 * hour, 60_000 * 5);
		expect(told()).toEqual(["opened a"]);
		await station.post("/jobs/a/rename", { ...meant, to: "photos" });
		await station.pass(hour, 60_000 * 5);
		expect(station.open().length).toBe(1);
		await station.pass(21 * hour, hour);
		await station.run("a");
		await station.run("b");
		await station.pass(hour, 60_000 * 5);
		expect([station.open(), told()]).toEqual([[], ["opened a", "reminder photos", "resolved photos"]]);
		expect([station.state("a"), station.state("photos")]).toEqual(["ok", "ok"]);
		await stop();
	});

	test("of a merged job goes over: what is still wrong is an alert of the one that is left", async () => {
		const { station, told, stop } = await open();
		await station.run("b");
		await station.pass(60_000 * 30, 60_000 * 5);
		await station.run("a", { success: false, error_category: "network" });
		await station.pass(2 * hour, 60_000 * 5);
		expect(told()).toEqual(["opened a"]);
		await station.post("/jobs/a/merge", { ...meant, into: "b" });
		await station.pass(hour, 60_000 * 5);
		expect(station.open().map(({ kind }) => kind)).toEqual(["failed"]);
		expect(told().filter((text) => text.startsWith("resolved"))).toEqual([]);
		await station.run("b");
		await station.pass(hour, 60_000 * 5);
		expect(station.open()).toEqual([]);
		expect(told().at(-1)).toBe("resolved b");
		await stop();
	});
});
