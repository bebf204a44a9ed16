// What the inventory is for: a snapshot that somebody deleted behind a good report, in a real repository, by the real program.
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand, startServer, until } from "../binary.ts";

afterAll(cleanUp);

const [library = ""] = new Bun.Glob("*/faketime/libfaketimeMT.so.1").scanSync({ cwd: "/usr/lib", absolute: true });

test("a snapshot deleted from a restic repository turns its job red after the second listing, and says which", async () => {
	const [dataDir, work] = [makeFolder(), makeFolder()];
	const clock = join(work, "clock");
	let ahead = 0;
	const turn = (minutes: number) => {
		ahead += minutes * 60;
		writeFileSync(clock, `+${ahead}s\n`);
	};
	turn(0);
	const env = {
		LD_PRELOAD: library,
		FAKETIME_TIMESTAMP_FILE: clock,
		FAKETIME_NO_CACHE: "1",
		FAKETIME_DONT_FAKE_MONOTONIC: "1",
		HOME: work,
		RESTIC_REPOSITORY: join(work, "repository"),
		RESTIC_PASSWORD: "correct horse",
	};
	const restic = (...args: string[]) => {
		const ended = Bun.spawnSync(["restic", ...args], { env: { ...process.env, ...env, LD_PRELOAD: "" } });
		expect([args[0], ended.exitCode, ended.stderr.toString()]).toEqual([args[0], 0, ended.stderr.toString()]);
		return ended.stdout.toString();
	};
	const source = join(work, "photos");
	restic("init");
	const server = await startServer({ dataDir, env });
	for (const day of ["one", "two"]) {
		writeFileSync(source, day.repeat(100_000));
		const backup = ["run", "--job", "photos", "--", "restic", "backup", "--json", source];
		expect((await runCommand(backup, { dataDir, env })).code).toBe(0);
	}
	await until(async () => (await server.json("/api/summary")).runs_30d === 2);

	const list = async () => {
		const listing = restic("snapshots", "--json");
		const { code, err } = await runCommand(["inventory", "photos", "--from", "restic"], {
			dataDir,
			env,
			input: listing,
		});
		expect([code, err]).toEqual([0, err]);
		await Bun.sleep(2500);
	};
	const rung = async () => (await server.json("/api/jobs/photos")).ladder.present.state;
	turn(12);
	await list();
	expect(await rung()).toBe("ok");

	const [newest] = JSON.parse(restic("snapshots", "--json", "latest"));
	restic("forget", newest.id);
	turn(12);
	await list();
	expect((await server.json("/api/alerts")).open).toEqual([]);
	turn(12);
	await list();
	const { open } = await server.json("/api/alerts");
	expect(open.map(({ kind, severity }: Record<string, string>) => [kind, severity])).toEqual([["absent", "critical"]]);
	expect(open[0].sentence).toContain(newest.short_id);
	expect(await rung()).toBe("failed");
	expect(await (await server.get("/badge/photos.svg")).text()).toContain("photos: failed");
	expect(await (await server.get("/jobs/photos")).text()).toContain("is not in the remote any more");
	await server.stop();
}, 60_000);
