// Much of the overview is kept from one answer to the next. Whatever happens, the page is what a process that has just been
// started makes of the same database at the same moment, byte for byte.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { registerSecret } from "../../../src/secrets.ts";
import { transaction } from "../../../src/store/database.ts";
import { readJobs } from "../../../src/store/jobs.ts";
import { deleteRunsBefore } from "../../../src/store/runs.ts";
import { readerOf } from "../../../src/web/page-reader.ts";
import { day, hour } from "../../alerts/station.ts";
import { cleanUp, isHard } from "../../binary.ts";
import { type InventoryStation, openInventoryStation } from "../../inventory/station.ts";
import type { FreshQuestion } from "./fresh-overview.ts";

afterAll(cleanUp);

const seeds = isHard ? Array.from({ length: 12 }, (_, i) => i + 1) : [Number(process.env.SEED ?? 7)];
const steps = isHard ? 150 : 60;

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

const names = ["photos", "nas", "mail", "etc", "db dump", "Ärger <b>", "laptop"];
const searches = [
	"",
	"range=7",
	"range=90",
	"range=365",
	"range=all",
	"job=nas",
	"job=nas&range=all",
	"show=need",
	"q=a",
];
const languages = ["", "de-DE", "en-US", "ar-EG"];
const zones = ["", "Asia/Tokyo"];
const secret = "hunter2-correct-horse";

for (const seed of seeds) {
	test(`${steps} things happen, and each page is as if it were made for the first time (seed ${seed})`, async () => {
		const random = randomOf(seed);
		const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
		const station = await openInventoryStation({ env: { TZ: "Europe/Berlin" } });
		const secrets: string[] = [];
		await fill(station);
		const done: string[] = [];
		for (let step = 0; step < steps; step++) {
			const what = pick(Object.keys(happenings));
			done.push(`${step} ${what}`);
			await happenings[what]?.({ station, random, pick, secrets, step });
			const jobs = readJobs(station.db()).map(({ slug }) => slug);
			const search = pick(searches);
			const known = search.includes("job=nas") && !jobs.includes("nas") ? "" : search;
			const { page, fresh } = await bothPages(station, `${known}&step=${step}`, pick(languages), pick(zones), secrets);
			const at = firstDifference(page, fresh);
			if (at !== null) {
				throw new Error(
					`after ${done.slice(-12).join(", ")} (${known}):\n${page.slice(at - 300, at + 120)}\n--- fresh:\n${fresh.slice(at - 300, at + 120)}`,
				);
			}
		}
		await station.stop();
		expect(new Set(done.map((line) => line.split(" ")[1])).size).toBeGreaterThan(15);
	}, 1_200_000);
}

function firstDifference(a: string, b: string): number | null {
	if (a === b) return null;
	let at = 0;
	while (a[at] === b[at]) at++;
	return at;
}

async function fill(station: InventoryStation): Promise<void> {
	const lines: string[] = [];
	for (const [n, job] of names.entries()) {
		for (let ago = 50; ago >= 0; ago--) {
			if (n === 6 && ago < 48) continue;
			const at = station.now() - ago * day - n * hour;
			lines.push(
				JSON.stringify({
					job,
					timestamp: new Date(at).toISOString(),
					backup_id: `${job} ${ago}`,
					success: n !== 3 && (n + ago) % 17 !== 0,
					duration_total: 600 + n * 60 + (ago % 5),
					duration_upload: 400,
					size_bytes: (n + 1) * 1e9 + ago,
					labels: { place: n % 2 === 0 ? "attic" : "cellar" },
				}),
			);
		}
	}
	writeFileSync(join(station.dataDir, "metrics.jsonl"), `${lines.join("\n")}\n`);
	await station.look();
}

async function bothPages(
	station: InventoryStation,
	search: string,
	language: string,
	zone: string,
	secrets: string[],
): Promise<{ page: string; fresh: string }> {
	const { monitor, alerting, parts } = station;
	const headers: Record<string, string> = { host: "localhost:5001" };
	if (language !== "") headers["accept-language"] = language;
	if (zone !== "") headers.cookie = `zone=${zone}`;
	const request = new Request(`http://localhost:5001/?${search}`, { headers });
	const response = await station.app.fetch(request);
	expect(response.status).toBe(200);
	const { path, checkedAt } = monitor.source;
	const question: FreshQuestion = {
		database: join(station.dataDir, "backups.db"),
		search,
		place: {
			now: station.now(),
			zone: parts.config.zone,
			metricsFile: parts.config.metricsFile,
			settings: alerting.settings,
		},
		shared: {
			problems: parts.problems(),
			retentionDays: parts.config.retentionDays,
			openAlerts: parts.openAlerts(),
			channels: alerting.channels.settings.length,
			source: { path, checkedAt },
		},
		reader: readerOf(request),
		iec: false,
		secrets,
	};
	const child = Bun.spawnSync([process.execPath, join(import.meta.dir, "fresh-overview.ts")], {
		stdin: Buffer.from(JSON.stringify(question)),
		stderr: "pipe",
	});
	if (!child.success) throw new Error(child.stderr.toString());
	return { page: await response.text(), fresh: child.stdout.toString() };
}

type Place = {
	station: InventoryStation;
	random: () => number;
	pick: <T>(list: readonly T[]) => T;
	secrets: string[];
	step: number;
};

const slugOf = ({ station, pick }: Place) => pick(readJobs(station.db())).slug;
const measures = (random: () => number) => ({
	size_bytes: Math.round(random() * 5e9),
	duration_total: Math.round(300 + random() * 3000),
	duration_upload: Math.round(random() * 300),
});

/** A report that begins some hours before now. */
function reportOf({ station, random, step }: Place, job: string, more: Record<string, unknown>) {
	const at = station.now() - Math.round(random() * 3 * hour);
	return {
		job,
		backup_id: `step ${step}`,
		timestamp: new Date(at).toISOString(),
		success: true,
		...measures(random),
		...more,
	};
}

async function report(place: Place, more: Record<string, unknown> = {}, job = place.pick(names)): Promise<void> {
	await place.station.push(reportOf(place, job, more));
	// Not always is it judged before somebody looks.
	if (place.random() < 0.7) await place.station.look();
}

/** Everything that may change what the page says. */
const happenings: Record<string, (place: Place) => Promise<unknown>> = {
	good: (place) => report(place),
	labelled: (place) => report(place, { labels: { place: place.pick(["attic", "cellar", "bunker"]), owner: "me" } }),
	warned: (place) => report(place, { outcome: "warning", success: undefined, warnings: 1 }),
	failed: (place) =>
		report(place, {
			success: false,
			error_category: place.pick(["network", "disk_full"]),
			error_message: `no ${secret}`,
		}),
	begun: (place) =>
		report(place, { outcome: "running", success: undefined, duration_total: undefined, size_bytes: undefined }),
	late: (place) => {
		const at = place.station.now() - Math.ceil(place.random() * 40) * day;
		return report(place, { timestamp: new Date(at).toISOString() });
	},
	early: (place) => report(place, { timestamp: new Date(place.station.now() + 20 * hour).toISOString() }),
	check: (place) => report(place, { kind: "check" }),
	drill: (place) =>
		report(place, { kind: "restore_test", success: place.random() < 0.7, error_message: `lost ${secret}` }),
	again: async (place) => {
		const job = place.pick(names);
		await place.station.push(reportOf(place, job, { labels: { place: "before" } }));
		await bothViews(place);
		await place.station.push(reportOf(place, job, { labels: { place: "after!" } }));
	},
	followed: async (place) => {
		const lines = names.map((job) => JSON.stringify(reportOf(place, job, { backup_id: `file ${place.step} ${job}` })));
		const path = join(place.station.dataDir, "metrics.jsonl");
		writeFileSync(path, `${await Bun.file(path).text()}${lines.join("\n")}\n${place.random() < 0.3 ? "broken\n" : ""}`);
		await place.station.look();
	},
	listed: async (place) => {
		const found = [
			{
				time: new Date(place.station.now() - hour).toISOString(),
				id: "ab".repeat(32),
				short_id: "abababab",
				hostname: "",
			},
		];
		await place.station
			.list(place.pick(names.slice(0, 3)), "restic", JSON.stringify(place.random() < 0.3 ? [] : found))
			.catch(() => {});
		await place.station.look();
	},
	second: (place) => place.station.pass(1000, 1000),
	minute: (place) => place.station.pass(61_000),
	hours: (place) => place.station.pass(Math.ceil(place.random() * 5) * hour, hour),
	night: (place) => place.station.pass(day, 6 * hour),
	pause: (place) => place.station.post(`/jobs/${slugOf(place)}/pause`, { until: place.pick(["1d", "next-run", "7d"]) }),
	resume: (place) => place.station.post(`/jobs/${slugOf(place)}/resume`),
	archive: (place) => place.station.post(`/jobs/${slugOf(place)}/archive`),
	unarchive: (place) => place.station.post(`/jobs/${slugOf(place)}/unarchive`),
	fix: (place) => place.station.post(`/jobs/${slugOf(place)}/fix-schedule`),
	expected: (place) => place.station.post(`/jobs/${slugOf(place)}/expected`),
	acknowledge: (place) => place.station.post(`/alerts/${place.pick(place.station.open())?.id ?? 0}/acknowledge`),
	snooze: (place) => place.station.post(`/alerts/${place.pick(place.station.open())?.id ?? 0}/snooze`, { until: "1d" }),
	rename: (place) =>
		place.station.post(`/jobs/${slugOf(place)}/rename`, { to: `${place.pick(names)} ${place.step}`, confirm: "yes" }),
	merge: (place) => place.station.post(`/jobs/${slugOf(place)}/merge`, { into: slugOf(place), confirm: "yes" }),
	remove: (place) =>
		place.random() < 0.4 ? place.station.post(`/jobs/${slugOf(place)}/delete`, { confirm: "yes" }) : Promise.resolve(),
	settings: async (place) => {
		const jobs = names.slice(0, 3).map((name) => {
			const title = place.random() < 0.5 ? `\n    title: "${name} ${place.step}"` : "";
			return `  ${JSON.stringify(name)}:\n    rto: ${place.pick(["1s", "4h"])}\n    rpo: ${place.pick(["1h", "30d"])}\n    labels: { box: "${place.step % 3}" }${title}`;
		});
		writeFileSync(join(place.station.dataDir, "config.yaml"), `jobs:\n${jobs.join("\n")}\n`);
		await place.station.pass(2000, 2000);
	},
	secret: async ({ secrets }) => {
		registerSecret(secret);
		secrets.push(secret);
	},
	pruned: async ({ station }) => {
		transaction(station.db(), () => deleteRunsBefore(station.db(), station.now() - 30 * day, 40));
		station.monitor.touch();
	},
	foreign: async ({ station }) => {
		// Another program that writes into the database.
		const other = new Database(join(station.dataDir, "backups.db"), { readwrite: true });
		other.run("UPDATE daily SET failed = failed + 1, size_sum = size_sum * 1.1");
		other.run("UPDATE run SET duration = duration + 60 WHERE kind = 'backup'");
		other.close();
		station.monitor.touch();
	},
};

/** Somebody looks in between. */
async function bothViews({ station, step }: Place): Promise<void> {
	for (const search of ["", "range=all"]) await (await station.get(`/?${search}&between=${step}`)).text();
}
