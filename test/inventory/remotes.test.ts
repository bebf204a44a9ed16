// A real folder and a real S3 server as remotes of a job that names no snapshots: what is taken away behind the monitor's
// back is found, and a remote that is wiped or cannot be reached never is "all gone". Also with a host whose clock is wrong.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeListing } from "../../src/ingest/inventory.ts";
import type { ReadListing } from "../../src/ingest/listing.ts";
import { pullFolder } from "../../src/ingest/pull-folder.ts";
import { pullS3 } from "../../src/ingest/pull-s3.ts";
import { findJob } from "../../src/store/jobs.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { hour, type InventoryStation, minute, openInventoryStation } from "./station.ts";

afterAll(cleanUp);

const day = 24 * hour;
const limits = () => ({ timeoutMs: 5000, signal: new AbortController().signal });

type Remote = {
	format: "find" | "s3";
	put: (name: string, at: number, size: number) => Promise<void>;
	drop: (name: string) => Promise<void>;
	wipe: () => Promise<void>;
	unplug: () => Promise<void>;
	pull: () => Promise<ReadListing>;
	stop: () => Promise<void>;
};

function openFolder(): Remote {
	const folder = join(makeFolder(), "backup");
	mkdirSync(folder);
	return {
		format: "find",
		put: async (name, at, size) => {
			writeFileSync(join(folder, name), "x".repeat(size));
			utimesSync(join(folder, name), at / 1000, at / 1000);
		},
		drop: async (name) => rmSync(join(folder, name)),
		wipe: async () => {
			for (const name of readdirSync(folder)) rmSync(join(folder, name));
		},
		unplug: async () => renameSync(folder, `${folder}-unplugged`),
		pull: async () => (await pullFolder(folder, false, limits())).listing,
		stop: async () => {},
	};
}

type S3rver = { run: () => Promise<{ port: number }>; close: () => Promise<void> };

async function openS3(): Promise<Remote> {
	const directory = makeFolder();
	const Server = (await import("s3rver")).default as unknown as new (options: object) => S3rver;
	const options = { port: 0, address: "127.0.0.1", silent: true, directory, configureBuckets: [{ name: "backup" }] };
	const server = new Server(options);
	const endpoint = `http://127.0.0.1:${(await server.run()).port}`;
	const client = new Bun.S3Client({ bucket: "backup", endpoint, accessKeyId: "S3RVER", secretAccessKey: "S3RVER" });
	const keys = { S3_ACCESS_KEY_ID: "S3RVER", S3_SECRET_ACCESS_KEY: "S3RVER" };
	const names = new Set<string>();
	let isUp = true;
	return {
		format: "s3",
		put: async (name, at, size) => {
			await client.write(`pi/${name}`, "x".repeat(size));
			names.add(name);
			// When it was last modified is the time of the server's own file.
			utimesSync(join(directory, "backup/pi", `${name}._S3rver_object`), at / 1000, at / 1000);
		},
		drop: async (name) => client.delete(`pi/${name}`),
		wipe: async () => {
			for (const name of names) await client.delete(`pi/${name}`);
		},
		unplug: async () => {
			isUp = false;
			await server.close();
		},
		pull: () => pullS3({ bucket: "backup", prefix: "pi/", endpoint, region: "us-east-1" }, keys, limits()),
		stop: async () => {
			if (isUp) await server.close();
		},
	};
}

const nights = 6;

for (const [kind, open] of [
	["a folder", async () => openFolder()],
	["a bucket", openS3],
] as const) {
	for (const [clock, ahead] of [
		["", 0],
		[", the host's clock three hours ahead", 3 * hour],
	] as const) {
		describe(`${kind}${clock}`, () => {
			let station: InventoryStation;
			let remote: Remote;

			beforeEach(async () => {
				station = await openInventoryStation({ at: Date.now() - 30 * day });
				remote = await open();
			});
			afterEach(async () => {
				await remote.stop();
				await station.stop();
			});

			const list = async (): Promise<void> => {
				await station.pass(hour, hour);
				const job = findJob(station.db(), "nas");
				if (job === null) throw new Error("no job");
				const made = { job, at: station.now(), format: remote.format, source: "folder" as const };
				await takeListing(station.keep, made, await remote.pull());
			};
			/** Taken down in five minutes, reported when it has ended. */
			const backup = async (night: number): Promise<void> => {
				const startedAt = station.now();
				await station.pass(5 * minute, minute);
				await remote.put(`${night}.tar`, station.now() - 1000, 1000 + night);
				const timestamp = new Date(startedAt + ahead).toISOString();
				await station.push({ job: "nas", backup_id: `${night}`, timestamp, duration_total: 300, success: true });
			};

			test("what is taken away is found; wiped or unreachable, nothing more is called absent", async () => {
				for (let night = 0; night < nights; night++) {
					await backup(night);
					await list();
					await station.pass(day - hour - 5 * minute, hour);
				}
				expect(station.verdicts("nas")).toEqual(Array(nights).fill("present"));
				expect(station.rung("nas").state).toBe("ok");

				await remote.drop(`${nights - 1}.tar`);
				await list();
				expect(station.verdicts("nas").at(-1)).toBe("unconfirmed");
				expect(station.findings("nas")).toEqual([]);
				await list();
				const lost = [...Array(nights - 1).fill("present"), "absent"];
				expect(station.verdicts("nas")).toEqual(lost);
				expect(station.rung("nas").state).toBe("failed");

				await remote.wipe();
				for (let i = 0; i < 3; i++) await list();
				expect(station.compare("nas").latest?.outcome).toBe("empty");
				expect(station.verdicts("nas")).toEqual(lost);
				expect(station.findings("nas").map(({ kind: found, key }) => [found, key])).toContainEqual([
					"stale_copy",
					"listing",
				]);

				await remote.unplug();
				for (let i = 0; i < 2; i++) await list();
				expect(station.compare("nas").latest?.outcome).toBe("failed");
				expect(station.verdicts("nas")).toEqual(lost);
			}, 60_000);
		});
	}
}
