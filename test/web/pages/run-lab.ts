// The pages of runs on a real database: weeks of a few jobs with failures, warnings, a run under way, labels and logs.
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../../src/config.ts";
import { Monitor } from "../../../src/ingest/monitor.ts";
import { forgetSecrets } from "../../../src/secrets.ts";
import { assetRoutes } from "../../../src/web/assets.ts";
import { nobody } from "../../../src/web/nobody.ts";
import { securityHeaders } from "../../../src/web/respond.ts";
import type { Route } from "../../../src/web/routes.ts";
import { type AboutRun, runPageRoutes } from "../../../src/web/run-pages-routes.ts";
import { makeFolder } from "../../binary.ts";

/** Tuesday noon in Berlin. */
export const labNow = Date.UTC(2026, 10, 24, 11);
const dayMs = 86_400_000;

type Fields = Record<string, unknown>;

export function night(job: string, daysAgo: number, fields: Fields = {}): string {
	const at = new Date(labNow - daysAgo * dayMs - 10 * 3_600_000).toISOString();
	return JSON.stringify({
		timestamp: at,
		job,
		backup_id: `${job}-${daysAgo}`,
		...(fields.outcome === undefined && { success: true }),
		...fields,
	});
}

const dumpLog = [
	"01:30:33 pg_dump: dumping 14 databases",
	"01:33:31 pg_dump: done, 1.85 GB",
	"01:33:32 rclone copy dump-2026-11-23.zst b2:db-dumps",
	"01:35:37 ERROR dial tcp 203.0.113.9:443: i/o timeout",
	"01:35:37 exit status 1",
].join("\n");

/** 30 nights of four jobs; the newest of `postgres-dump` failed, of `mail` warned, `media` is running. */
export function labLines(): string[] {
	const lines: string[] = [];
	for (let day = 29; day >= 0; day--) {
		const wave = Math.sin(day) * 0.03;
		lines.push(
			night("docker-volumes", day, {
				host: "pi4",
				duration_total: 1735 * (1 + wave),
				duration_snapshot: 7,
				duration_archive: 329 * (1 + wave),
				duration_volumes: 480,
				duration_upload: 917 * (1 + wave),
				size_bytes: 3_740_000_000 - day * 9_000_000,
				bytes_added: 41_000_000,
				files_total: 184_220 - day * 12,
				files_new: 120 + day,
				files_changed: 412,
				snapshot_id: `9f3c${day.toString(16).padStart(4, "0")}`,
				repository: "b2:homelab:docker",
				exit_code: 0,
				labels: { place: "attic", tier: "gold" },
				metrics: { dedup_ratio: 1.82, containers: 23 },
			}),
			night("postgres-dump", day, {
				host: "db01",
				...(day === 0 || day === 9
					? {
							success: false,
							duration_total: 304,
							phases: { snapshot: 4, archive: 175, upload: 125 },
							exit_code: 1,
							error_category: "upload",
							error_message: "rclone: dial tcp 203.0.113.9:443: i/o timeout",
							log: dumpLog,
						}
					: {
							duration_total: 385 + wave * 100,
							phases: { snapshot: 4, archive: 178, upload: 203 },
							size_bytes: 1_850_000_000 - day * 1_000_000,
							snapshot_id: `dump-${day}`,
						}),
			}),
			night("mail", day, {
				host: "nas",
				duration_total: 88 + day,
				size_bytes: 5_100_000_000,
				files_total: 91_004,
				...(day === 0 && {
					outcome: "warning",
					success: undefined,
					warnings: 2,
					warning_messages: ["/var/mail/anna: file changed as we read it", "/var/mail/tmp: file vanished"],
					log: "Exit code 1\u0007\u001b[31mred\u001b[0m\u202etxt.exe",
				}),
			}),
		);
		if (day % 7 === 0)
			lines.push(night("mail", day, { host: "nas", kind: "check", backup_id: `check-${day}`, duration_total: 640 }));
		if (day > 0)
			lines.push(
				night("media", day, {
					host: "nas",
					duration_total: 5400,
					phases: { scan: 600, upload: 4800 },
					size_bytes: 1.2e12,
				}),
			);
	}
	const began = new Date(labNow - 42 * 60_000).toISOString();
	lines.push(
		JSON.stringify({ timestamp: began, job: "media", host: "nas", backup_id: "media-now", outcome: "running" }),
	);
	return lines;
}

export type RunLab = {
	monitor: Monitor;
	get: (path: string, headers?: Record<string, string>) => Promise<Response>;
	/** The id of a stored run. */
	idOf: (backupId: string) => number;
	/** Writes reports as a script does, and waits until they are read. */
	report: (...lines: string[]) => Promise<void>;
	listen: () => { url: string; stop: () => Promise<void> };
	close: () => Promise<void>;
};

export async function openRunLab(
	lines: string[],
	{ aboutRun, clock = () => labNow }: { aboutRun?: AboutRun; clock?: () => number } = {},
): Promise<RunLab> {
	forgetSecrets();
	const folder = makeFolder();
	const config = readConfig({ DATA_DIR: folder, TZ: "Europe/Berlin", RETENTION_DAYS: "36500", HOST: "127.0.0.1" });
	writeFileSync(join(folder, "metrics.jsonl"), lines.map((line) => `${line}\n`).join(""));
	const monitor = new Monitor(config, clock);
	monitor.start();
	await monitor.catchUp();
	const headers = securityHeaders(config);
	const routes = runPageRoutes(
		{ monitor, config, clock, problems: () => monitor.problems(), openAlerts: () => 0 },
		headers,
		aboutRun,
	);
	const answer = (request: Request) => {
		// Nothing is told live here: the pages poll.
		if (new URL(request.url).pathname === "/live") return new Response(null, { status: 204, headers });
		return dispatch(routes, request);
	};
	return {
		monitor,
		get: async (path, more = {}) => answer(new Request(`http://localhost:5001${path}`, { headers: more })),
		idOf(backupId) {
			const row = monitor.db
				?.query<{ id: number }, { backupId: string }>("SELECT id FROM run WHERE backup_id = $backupId")
				.get({ backupId });
			if (!row) throw new Error(`no run ${backupId}`);
			return row.id;
		},
		async report(...more) {
			appendFileSync(config.metricsFile, more.map((line) => `${line}\n`).join(""));
			await monitor.catchUp();
		},
		listen() {
			const server = Bun.serve({
				port: 0,
				hostname: "127.0.0.1",
				development: false,
				routes: assetRoutes(headers),
				fetch: answer,
			});
			return { url: server.url.origin, stop: () => server.stop(true) };
		},
		close: () => monitor.stop(),
	};
}

async function dispatch(routes: Route[], request: Request): Promise<Response> {
	const parts = new URL(request.url).pathname.split("/");
	for (const { path, handler } of routes) {
		const wanted = path.split("/");
		if (wanted.length !== parts.length) continue;
		if (!wanted.every((part, i) => part.startsWith(":") || part === parts[i])) continue;
		const params = Object.fromEntries(
			wanted.flatMap((part, i) => (part.startsWith(":") ? [[part.slice(1), parts[i] ?? ""]] : [])),
		);
		return handler(request, params, nobody);
	}
	return new Response("not found", { status: 404 });
}
