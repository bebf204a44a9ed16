// Listings that the monitor makes itself: a command and its limits, a mounted folder, a bucket; and what was dropped.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Inventories } from "../../src/ingest/inventories.ts";
import type { ReadListing } from "../../src/ingest/listing.ts";
import { pullCommand } from "../../src/ingest/pull-command.ts";
import { inTime, pullFolder } from "../../src/ingest/pull-folder.ts";
import { pullS3 } from "../../src/ingest/pull-s3.ts";
import type { InventorySettings, JobSettings, Settings } from "../../src/settings.ts";
import { noSettings } from "../../src/settings.ts";
import { parseJobs } from "../../src/settings-jobs.ts";
import { readListings } from "../../src/store/inventory.ts";
import { findJob } from "../../src/store/jobs.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { openBucket } from "./s3-server.ts";
import { hour, type InventoryStation, minute, openInventoryStation } from "./station.ts";

afterAll(cleanUp);

const limits = (timeoutMs = 5000) => ({ timeoutMs, signal: new AbortController().signal });
const env = { PATH: process.env.PATH, PUSH_TOKEN: "a-secret-token" };
const snapshotsOf = ({ listed }: ReadListing) => [...(listed ?? [])];
const run = (argv: string[], timeoutMs?: number) => pullCommand(argv, "find", "UTC", env, limits(timeoutMs));

describe("a command", () => {
	test("what it prints is the listing", async () => {
		const listing = await run(["printf", "%s\\n", "1763859600.5 120 a.tar", "1763946000 130 b.tar"]);
		expect(listing).toMatchObject({ outcome: "ok", entries: 2, bytes: 250 });
	});

	test("its arguments are no shell's, and our secrets are not in its environment", async () => {
		const listing = await run(["printf", "1763859600 1 %s\\n", "$(id); `id` > x"]);
		expect(snapshotsOf(listing).map(({ id }) => id)).toEqual(["$(id); `id` > x"]);
		const seen = await pullCommand(["sh", "-c", 'echo "1763859600 1 [$PUSH_TOKEN]"'], "find", "UTC", env, limits());
		expect(snapshotsOf(seen).map(({ id }) => id)).toEqual(["[]"]);
	});

	test("one that fails, does not exist, or prints half is told with its last words", async () => {
		const failed = await run(["sh", "-c", "echo '1763859600 1 a'; echo unable to open repository >&2; exit 3"]);
		expect(failed).toMatchObject({ outcome: "failed", reason: "sh exited with 3. unable to open repository" });
		expect(failed.listed).toBeNull();
		expect((await run(["no-such-program-here"])).reason).toBe("There is no program no-such-program-here.");
		expect((await run(["printf", "1763859600 1 a"])).outcome).toBe("truncated");
	});

	test("one that hangs is ended with everything that it started", async () => {
		const mark = `31${process.pid}`;
		const began = performance.now();
		const listing = await run(["sh", "-c", `sleep ${mark} & sleep ${mark}`], 300);
		expect(performance.now() - began).toBeLessThan(3000);
		expect(listing).toMatchObject({ outcome: "failed", reason: "sh did not end within 0 s." });
		await Bun.sleep(100);
		const left = Bun.spawnSync(["pgrep", "-f", `sleep ${mark}`])
			.stdout.toString()
			.trim();
		expect(left).toBe("");
	});

	test("one that prints without end is ended at the limit", async () => {
		const listing = await run(
			["yes", "1763859600 1 a-file-of-some-length-so-that-the-limit-comes-soon-enough-for-a-test"],
			60_000,
		);
		expect(listing.outcome).toBe("failed");
		expect(listing.reason).toContain("printed more than");
	}, 60_000);
});

describe("a folder", () => {
	test("one that does not answer is given up in time, and at a stop, and not asked again meanwhile", async () => {
		const folder = makeFolder();
		// It comes back only when it is let go, as a look at a mount whose server is gone.
		const { promise: answer, resolve: letGo } = Promise.withResolvers<void>();
		const look = async () => {
			await answer;
			return pullFolder(makeFolder(), false, limits());
		};
		const late = await inTime(folder, limits(50), look);
		expect(late.listing).toMatchObject({ outcome: "failed", reason: `${folder} was not read within 0 s.` });
		expect((await pullFolder(folder, false, limits(50))).listing.reason).toContain("has not answered since");
		const stop = new AbortController();
		const other = inTime(makeFolder(), { timeoutMs: 60_000, signal: stop.signal }, look);
		stop.abort();
		expect((await other).listing.reason).toBe("The monitor was stopped while it looked.");
		letGo();
		await Bun.sleep(100);
		expect((await pullFolder(folder, false, limits())).listing.outcome).toBe("empty");
	});

	test("its files are listed with time and size, links are not followed", async () => {
		const folder = makeFolder();
		mkdirSync(join(folder, "a/b"), { recursive: true });
		writeFileSync(join(folder, "a/b/one.tar"), "12345");
		utimesSync(join(folder, "a/b/one.tar"), 1_763_859_600, 1_763_859_600);
		const { listing } = await pullFolder(folder, false, limits());
		expect(snapshotsOf(listing)).toEqual([
			{ id: "a/b/one.tar", name: null, at: 1_763_859_600_000, size: 5, host: null, about: "" },
		]);
	});

	test("one that was mounted and is not any more, is empty or not there is no listing", async () => {
		const folder = makeFolder();
		expect((await pullFolder(folder, false, limits())).listing.outcome).toBe("empty");
		writeFileSync(join(folder, "left.txt"), "what lies beneath");
		const root = await pullFolder("/etc", true, limits());
		expect(root.listing).toMatchObject({
			outcome: "failed",
			reason: "/etc is not mounted: what lies there is the folder beneath.",
		});
		expect((await pullFolder(join(folder, "none"), false, limits())).listing.reason).toContain("is not there.");
	});
});

type S3rver = { run: () => Promise<{ port: number }>; close: () => Promise<void> };

describe("a bucket", () => {
	let server: S3rver;
	let endpoint: string;
	let data: string;
	const keys = { S3_ACCESS_KEY_ID: "S3RVER", S3_SECRET_ACCESS_KEY: "S3RVER" };
	const place = () => ({ bucket: "backup", prefix: "pi/", endpoint, region: "us-east-1" });

	beforeAll(async () => {
		data = makeFolder();
		const S3rver = (await import("s3rver")).default as unknown as new (options: object) => S3rver;
		const options = {
			port: 0,
			address: "127.0.0.1",
			silent: true,
			directory: data,
			configureBuckets: [{ name: "backup" }],
		};
		server = new S3rver(options);
		endpoint = `http://127.0.0.1:${(await server.run()).port}`;
	});
	afterAll(() => server.close());

	test("its objects are listed page by page", async () => {
		const client = new Bun.S3Client({ bucket: "backup", endpoint, accessKeyId: "S3RVER", secretAccessKey: "S3RVER" });
		for (let i = 0; i < 5; i++) await client.write(`pi/${i}.tar`, "x".repeat(100 + i));
		await client.write("other/9.tar", "y");
		const listing = await pullS3(place(), keys, limits());
		expect(listing).toMatchObject({ outcome: "ok", entries: 5, bytes: 510 });
		expect(
			snapshotsOf(listing)
				.map(({ id }) => id)
				.sort(),
		).toEqual([0, 1, 2, 3, 4].map((i) => `pi/${i}.tar`));
		expect(Math.abs((listing.newestAt ?? 0) - Date.now())).toBeLessThan(60_000);
	});

	test("more than a page is asked for until the end; whoever may not look is told", async () => {
		const bucket = openBucket(
			Array.from({ length: 2500 }, (_, i) => `pi/${i}.tar`),
			"S3RVER",
		);
		const listing = await pullS3({ ...place(), endpoint: bucket.endpoint }, keys, limits());
		expect([listing.entries, listing.bytes, bucket.pages()]).toEqual([2500, 17_500, 3]);
		const stranger = { S3_ACCESS_KEY_ID: "stranger", S3_SECRET_ACCESS_KEY: "another-secret" };
		const denied = await pullS3({ ...place(), endpoint: bucket.endpoint }, stranger, limits());
		expect(denied).toMatchObject({ outcome: "failed", reason: "Bucket backup cannot be listed: Access Denied." });
		bucket.stop();
	});

	test("an empty prefix is empty, a bucket that is not there is a failure", async () => {
		expect((await pullS3({ ...place(), prefix: "none/" }, keys, limits())).outcome).toBe("empty");
		const missing = await pullS3({ ...place(), bucket: "nowhere" }, keys, limits());
		expect(missing).toMatchObject({ outcome: "failed" });
		expect(missing.reason).toStartWith("Bucket nowhere cannot be listed: ");
	});

	test("one that cannot be reached, and one that never answers, are failures in bounded time", async () => {
		const none = await pullS3({ ...place(), endpoint: "http://127.0.0.1:1" }, keys, limits());
		expect(none.outcome).toBe("failed");
		const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
		const began = performance.now();
		const never = await pullS3({ ...place(), endpoint: `http://127.0.0.1:${silent.port}` }, keys, limits(500));
		expect(never.outcome).toBe("failed");
		expect(performance.now() - began).toBeLessThan(5000);
		silent.stop(true);
	}, 20_000);
});

describe("on a schedule", () => {
	let station: InventoryStation;
	let inventories: Inventories;
	let settings: Settings;
	let remote: string;

	const jobSettings = (inventory: Partial<InventorySettings>): JobSettings[] => {
		const [known] = parseJobs(undefined);
		const base = { from: "find", every: 3600, command: null, dir: null, s3: null, ...inventory };
		return [{ ...(known ?? empty), name: "nas", inventory: base }];
	};
	const empty: JobSettings = {
		name: "nas",
		title: null,
		host: null,
		labels: {},
		schedule: null,
		startGrace: null,
		maxRuntime: null,
		minSize: null,
		maxSize: null,
		sensitivity: "balanced",
		warningExitCodes: [],
		parent: null,
		keep: null,
		rpo: null,
		rto: null,
		inventory: null,
	};
	const look = async () => {
		await inventories.tick();
		await inventories.settled();
	};
	const listings = () => readListings(station.db(), findJob(station.db(), "nas")?.id ?? 0);

	beforeEach(async () => {
		station = await openInventoryStation({ at: Date.now() });
		remote = makeFolder();
		settings = noSettings;
		await station.run("nas");
		inventories = new Inventories({
			dataDir: station.dataDir,
			keep: station.keep,
			settings: () => settings,
			zone: "UTC",
			clock: station.now,
			env,
			db: () => station.db(),
		});
		mkdirSync(join(station.dataDir, "inventory"), { recursive: true });
	});
	afterEach(async () => {
		await inventories.stop();
		await station.stop();
	});

	test("a folder is listed once a period, and again soon after a failure", async () => {
		settings = { ...noSettings, jobs: jobSettings({ dir: remote }) };
		writeFileSync(join(remote, "a.tar"), "12345");
		await look();
		await look();
		expect(listings()).toMatchObject([{ outcome: "ok", source: "folder", format: "find", entries: 1 }]);
		await station.pass(hour, hour);
		rmSync(remote, { recursive: true });
		await look();
		await station.pass(10 * minute, 10 * minute);
		await look();
		expect(listings().map(({ outcome }) => outcome)).toEqual(["ok", "failed"]);
		await station.pass(6 * minute, 6 * minute);
		await look();
		expect(listings().map(({ outcome }) => outcome)).toEqual(["ok", "failed", "failed"]);
	});

	test("a restart does not list again what was listed", async () => {
		settings = { ...noSettings, jobs: jobSettings({ command: ["printf", "1763859600 1 a\\n"] }) };
		await look();
		inventories.reload();
		await look();
		expect(listings()).toHaveLength(1);
	});

	test("a folder for dropped files that cannot be listed is told", async () => {
		const folder = join(station.dataDir, "inventory");
		rmSync(folder, { recursive: true });
		writeFileSync(folder, "a file");
		await look();
		expect(inventories.problems()).toMatchObject([{ id: "inventory-file" }]);
	});

	test("a dropped file is taken when it has settled, once, and again when it is written anew", async () => {
		const path = join(station.dataDir, "inventory", "nas.find");
		writeFileSync(path, "1763859600 1 a\n");
		await look();
		expect(listings()).toEqual([]);
		await station.pass(5000, 5000);
		await look();
		await look();
		expect(listings()).toMatchObject([{ outcome: "ok", source: "file", entries: 1 }]);
		writeFileSync(path, "1763859600 1 a\n1763859700 2 b\n");
		await station.pass(5000, 5000);
		await look();
		expect(listings().map(({ entries }) => entries)).toEqual([1, 2]);
	});

	test("a file of no job, or of no format, is told and does not stop the others", async () => {
		const folder = join(station.dataDir, "inventory");
		writeFileSync(join(folder, "nobody.restic"), "[]");
		writeFileSync(join(folder, "nas.find"), "1763859600 1 a\n");
		await station.pass(5000, 5000);
		await look();
		expect(listings()).toHaveLength(1);
		expect(inventories.problems()[0]?.title).toBe(
			"A listing cannot be taken: There is no job nobody yet; it appears with its first report.",
		);
	});
});
