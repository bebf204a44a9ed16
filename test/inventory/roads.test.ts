// The roads by which listings arrive over the network and from the shell, what the page and the API show of them, and
// what the journal remembers.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Inventories } from "../../src/ingest/inventories.ts";
import { replayListing } from "../../src/ingest/inventory.ts";
import { parseListingDigest } from "../../src/listing-digest.ts";
import { noSettings } from "../../src/settings.ts";
import { transaction } from "../../src/store/database.ts";
import { readListings } from "../../src/store/inventory.ts";
import { readInventoryReadings } from "../../src/store/inventory-page.ts";
import { findJob } from "../../src/store/jobs.ts";
import { Entry } from "../../src/web/entry.ts";
import { formatMetrics, textType } from "../../src/web/exposition.ts";
import { inventoryMetrics } from "../../src/web/inventory-metrics.ts";
import { inventoryRoutes } from "../../src/web/inventory-routes.ts";
import { nobody } from "../../src/web/nobody.ts";
import type { Peer } from "../../src/web/routes.ts";
import { readTokens } from "../../src/web/tokens.ts";
import { cleanUp } from "../binary.ts";
import { hour, type InventoryStation, idOf, openInventoryStation, resticEntry } from "./station.ts";

const main = join(import.meta.dir, "../../src/main.ts");
let station: InventoryStation;
let routes: ReturnType<typeof inventoryRoutes>;

beforeEach(async () => {
	station = await openInventoryStation({ at: Date.now() });
	const { config } = station.monitor;
	const entry = new Entry(readTokens(config), station.now);
	const parts = {
		monitor: station.monitor,
		alerting: station.alerting,
		config,
		clock: station.now,
		entry,
		access: null,
	};
	routes = inventoryRoutes(
		{ ...parts, problems: () => [], openAlerts: () => 0, inventory: { keep: station.keep } },
		{},
	);
});
afterEach(() => station.stop());
afterAll(cleanUp);

async function ask(
	method: string,
	path: string,
	body?: BodyInit,
	grant: Peer["grant"] = "everything",
): Promise<Response> {
	const url = new URL(path, "http://localhost:5001");
	const job = /^\/api\/jobs\/([^/]+)\/inventory$/.exec(url.pathname)?.[1];
	const pattern = job === undefined ? url.pathname : "/api/jobs/:job/inventory";
	const route = routes.find((one) => one.method === method && one.path === pattern);
	if (route === undefined) throw new Error(`no route ${method} ${path}`);
	const request = new Request(url, {
		method,
		...(body !== undefined && { body }),
		headers: { host: "localhost:5001" },
	});
	const peer: Peer = { ...nobody, grant, search: url.searchParams, path: url.pathname };
	return route.handler(request, job === undefined ? {} : { job: decodeURIComponent(job) }, peer);
}

const listing = (...ids: number[]) => JSON.stringify(ids.map((id) => resticEntry(idOf(id), station.now() - id * 1000)));
const stored = () => readListings(station.db(), findJob(station.db(), "nas")?.id ?? 0);

describe("a listing that is put", () => {
	test("is stored, and answered with what was read", async () => {
		await station.run("nas", { snapshot_id: idOf(1) });
		const response = await ask("PUT", "/api/jobs/nas/inventory?from=restic", listing(1, 2));
		expect(response.status).toBe(200);
		expect(await response.json()).toMatchObject({ job: "nas", outcome: "ok", entries: 2, added: 2, gone: 0 });
		expect(station.verdicts("nas")).toEqual(["present"]);
		expect(stored()).toMatchObject([{ source: "push", format: "restic", outcome: "ok" }]);
	});

	test("that is cut is refused with the reason, and remembered as one that says nothing", async () => {
		await station.run("nas", { snapshot_id: idOf(1) });
		const response = await ask("PUT", "/api/jobs/nas/inventory?from=restic", listing(1, 2).slice(0, -20));
		expect(response.status).toBe(422);
		expect(await response.json()).toMatchObject({
			outcome: "truncated",
			error: "The listing ends in the middle of an entry: it was cut.",
		});
		expect(stored()).toMatchObject([{ outcome: "truncated", isCompared: false }]);
	});

	test("tells of the moment at which it began: what was backed up meanwhile is not missed", async () => {
		const text = listing(1);
		let sent = 0;
		const slow = new ReadableStream<Uint8Array>({
			pull: async (controller) => {
				if (sent === 0) controller.enqueue(Buffer.from(text.slice(0, 20)));
				else if (sent === 1) {
					await station.run("nas", { snapshot_id: idOf(2) });
					await station.pass(hour, hour);
					controller.enqueue(Buffer.from(text.slice(20)));
				} else controller.close();
				sent++;
			},
		});
		await station.run("nas", { snapshot_id: idOf(1) });
		await station.pass(hour, hour);
		expect((await ask("PUT", "/api/jobs/nas/inventory?from=restic", slow)).status).toBe(200);
		expect(station.verdicts("nas")).toEqual(["present", "unlisted"]);
	});

	test("needs a format, a job that is there, and a token for it", async () => {
		await station.run("nas");
		expect((await ask("PUT", "/api/jobs/nas/inventory", "[]")).status).toBe(422);
		expect((await ask("PUT", "/api/jobs/nas/inventory?from=tar", "[]")).status).toBe(422);
		expect((await ask("PUT", "/api/jobs/nobody/inventory?from=restic", "[]")).status).toBe(404);
		expect((await ask("PUT", "/api/jobs/nas/inventory?from=restic", "[]", { jobs: ["other"] })).status).toBe(403);
	});

	test("over 64 MiB is refused, whatever length it claims", async () => {
		await station.run("nas");
		const piece = Buffer.alloc(1024 * 1024, " ");
		let sent = 0;
		const endless = new ReadableStream<Uint8Array>({
			pull: (controller) => {
				if (++sent > 70) controller.close();
				else controller.enqueue(piece);
			},
		});
		expect((await ask("PUT", "/api/jobs/nas/inventory?from=restic", endless)).status).toBe(413);
		expect(sent).toBeLessThan(70);
	}, 20_000);
});

describe("the page", () => {
	test("is hollow until something was listed, and says how", async () => {
		await station.run("nas");
		const text = await (await ask("GET", "/inventory")).text();
		expect(text).toContain("Nobody has looked into a remote yet");
		expect(text).toContain("restic snapshots --json | backup-monitor inventory nas --from restic");
		expect(text).toContain("http://localhost:5001/api/jobs/nas/inventory?from=restic");
		expect(text).not.toContain("<script>");
		expect(text).not.toMatch(/ style="/);
	});

	test("shows what is missing, what nobody reported, what would be lost, and every name escaped", async () => {
		await station.run("nas", { snapshot_id: idOf(1), timestamp: new Date(station.now() - 26 * hour).toISOString() });
		await station.run("nas", { snapshot_id: idOf(2), timestamp: new Date(station.now() - 2 * hour).toISOString() });
		const entries = [
			resticEntry(idOf(1), station.now() - 26 * hour),
			resticEntry(idOf(3), station.now() - 27 * hour, { tags: ["<img src=x onerror=alert(1)>"] }),
			resticEntry("<b>bold</b>", station.now() - 28 * hour),
		];
		for (let i = 0; i < 2; i++) {
			await station.pass(hour, hour);
			await station.list("nas", "restic", JSON.stringify(entries));
		}
		const text = await (await ask("GET", "/inventory")).text();
		expect(text).toContain("was never seen in the remote: two listings, the last");
		expect(text).toContain("If the source dies now you lose 28\u00a0h.");
		expect(text).toContain("&lt;b&gt;bold&lt;/b&gt;");
		expect(text).not.toContain("<b>bold");
		expect(text).not.toContain("<img");
		const { jobs, summary } = (await (await ask("GET", "/api/inventory")).json()) as {
			summary: string;
			jobs: Record<string, unknown>[];
		};
		expect(summary).toBe("If everything dies now you lose at most 28\u00a0h of what was looked at (nas).");
		expect(jobs).toMatchObject([{ slug: "nas", state: "failed", reported: 2, present: 1, missing_total: 1 }]);
	});

	test("is short where all is well, open where somebody should look, and explains its words", async () => {
		for (const job of ["good", "bad"]) await station.run(job, { snapshot_id: idOf(1) });
		await station.pass(hour, hour);
		await station.list("good", "restic", listing(1));
		await station.list("bad", "restic", JSON.stringify([resticEntry(idOf(2), station.now() - 30 * hour)]));
		const text = await (await ask("GET", "/inventory")).text();
		expect(text).toContain('<details class="opens" id="inventory-good-more"><summary>');
		expect(text).toContain('<details class="opens" id="inventory-bad-more" open><summary>');
		expect(text).toContain('<li data-state="unconfirmed"');
		expect(text).toContain("<dt>Absent</dt><dd>Reported as a success, and two good listings");
	});

	test("as a fragment for htmx it is the live region alone", async () => {
		await station.run("nas");
		const route = routes.find(({ path }) => path === "/inventory");
		const request = new Request("http://localhost:5001/inventory", { headers: { "hx-request": "true" } });
		const peer: Peer = { ...nobody, path: "/inventory" };
		const text = await (await route?.handler(request, {}, peer))?.text();
		expect(text).toStartWith("<title>");
		expect(text).toContain('hx-get="/inventory"');
		expect(text).not.toContain("<html");
	});
});

test("the metrics name what is there, how old the newest copy is, and what is absent", async () => {
	await station.run("nas", { snapshot_id: idOf(1), host: "pi4" });
	await station.pass(hour, hour);
	await station.list("nas", "restic", listing(1));
	const text = formatMetrics(inventoryMetrics(readInventoryReadings(station.db(), noSettings, "UTC")), textType);
	expect(text).toContain('backup_remote_snapshots{backup="nas",host="pi4"} 1\n');
	expect(text).toContain('backup_absent_snapshots{backup="nas",host="pi4"} 0\n');
	expect(text).toMatch(/backup_newest_copy_timestamp_seconds\{backup="nas",host="pi4"\} 1\d{9}/);
	if (Bun.which("promtool") !== null) {
		const check = Bun.spawnSync(["promtool", "check", "metrics"], { stdin: Buffer.from(text) });
		expect(check.stderr.toString()).toBe("");
	}
});

describe("the journal", () => {
	test("a digest that is read back is history: it counts, and tells nothing of what is there", async () => {
		await station.run("nas", { snapshot_id: idOf(1) });
		await station.pass(hour, hour);
		const about = {
			format: "restic",
			source: "push",
			outcome: "ok",
			entries: 3,
			bytes: null,
			newestAt: null,
			reason: null,
		};
		const lines = [1, 2, 3].map((i) => ({ job: "nas", host: "", listing: { at: station.now() + i * hour, ...about } }));
		for (const line of lines) {
			expect(parseListingDigest(JSON.parse(JSON.stringify(line)))).toEqual(line as never);
			transaction(station.db(), () => replayListing(station.db(), line));
		}
		expect(stored().map(({ isCompared, entries }) => [isCompared, entries])).toEqual(Array(3).fill([false, 3]));
		// Three listings that agree, and none whose entries are known: nothing is called absent.
		expect(station.verdicts("nas")).toEqual(["unknown"]);
		expect(station.findings("nas")).toEqual([]);
	});

	test("lines that this version does not know are nothing", () => {
		for (const line of [null, 5, {}, { listing: {} }, { job: "nas", host: "", listing: { format: "zip" } }]) {
			expect(parseListingDigest(line)).toBeNull();
		}
	});
});

describe("the command", () => {
	const command = async (args: string[], input: string, env: Record<string, string> = {}) => {
		const child = Bun.spawn([process.execPath, main, "inventory", ...args], {
			stdin: Buffer.from(input),
			stdout: "pipe",
			stderr: "pipe",
			env: { PATH: process.env.PATH ?? "", HOST: "127.0.0.1", TZ: "UTC", DATA_DIR: station.dataDir, ...env },
		});
		const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
		return { code: await child.exited, out, err };
	};

	test("hands a listing over through the spool, and the server takes it as made then", async () => {
		await station.run("nas", { snapshot_id: idOf(1) });
		const { code, out } = await command(["nas", "--from", "restic"], listing(1, 2));
		expect([code, out]).toEqual([0, expect.stringMatching(/^nas: 2\u00a0entries, the newest of /)]);
		const inventories = new Inventories({
			dataDir: station.dataDir,
			keep: station.keep,
			settings: () => noSettings,
			zone: "UTC",
			clock: () => Date.now() + 60_000,
			env: {},
			db: () => station.db(),
		});
		await inventories.tick();
		expect(stored()).toMatchObject([{ source: "shell", entries: 2, outcome: "ok" }]);
		expect(Math.abs((stored()[0]?.at ?? 0) - Date.now())).toBeLessThan(30_000);
		expect(readdirSync(join(station.dataDir, "spool"))).toEqual([]);
		await inventories.stop();
	}, 20_000);

	test("says when it read no whole listing, hands that over too, and names a job that is not there", async () => {
		await station.run("nas");
		const cut = await command(["nas", "--from", "restic"], listing(1).slice(0, -5));
		expect([cut.code, cut.out]).toEqual([
			1,
			"nas: The listing ends in the middle of an entry: it was cut. The monitor counts what is there as unknown.\n",
		]);
		const stranger = await command(["nsa", "--from", "restic"], "[]");
		expect([stranger.code, stranger.err]).toEqual([1, expect.stringContaining("There is no job nsa yet")]);
		expect((await command(["nas"], "[]")).code).toBe(2);
	}, 20_000);

	test("puts it to a monitor elsewhere with the token of a file", async () => {
		const seen: { path: string; token: string | null; body: string }[] = [];
		const server = Bun.serve({
			hostname: "127.0.0.1",
			port: 0,
			fetch: async (request) => {
				const { pathname, search } = new URL(request.url);
				seen.push({ path: pathname + search, token: request.headers.get("authorization"), body: await request.text() });
				return Response.json({ outcome: "ok" });
			},
		});
		const folder = join(station.dataDir, "remote");
		mkdirSync(folder);
		writeFileSync(join(folder, "token"), "the-token\n");
		writeFileSync(join(folder, "list.json"), listing(1));
		const to = ["--to", `http://127.0.0.1:${server.port}/monitor/`, "--token-file", join(folder, "token")];
		const { code } = await command(["my job", "--from", "restic", join(folder, "list.json"), ...to], "");
		expect(code).toBe(0);
		expect(seen).toEqual([
			{
				path: "/monitor/api/jobs/my%20job/inventory?from=restic",
				token: "Bearer the-token",
				body: readFileSync(join(folder, "list.json"), "utf8"),
			},
		]);
		server.stop(true);
		const gone = await command(["nas", "--from", "restic", ...to], "[]");
		expect([gone.code, gone.err]).toEqual([1, expect.stringContaining("cannot be reached")]);
	}, 20_000);
});
