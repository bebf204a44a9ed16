// The metrics over HTTP: which form a client gets, and how long what was made stays good.
import type { Database } from "bun:sqlite";
import { readOpenAlerts } from "../store/alerts.ts";
import { readDatabaseSize } from "../store/database.ts";
import { readInventoryReadings } from "../store/inventory-page.ts";
import { countRejected } from "../store/rejected.ts";
import { readRestoreJobs } from "../store/restore.ts";
import { readStandings } from "../store/standings.ts";
import { commit, version } from "../version.ts";
import { preferred } from "./accept.ts";
import type { AppOptions } from "./app.ts";
import {
	closing,
	type ExpositionType,
	formatMetrics,
	jobMetrics,
	openMetricsType,
	type SelfReading,
	selfMetrics,
	textType,
} from "./exposition.ts";
import { inventoryMetrics } from "./inventory-metrics.ts";
import { answerJson, BodyCache } from "./respond.ts";
import { restoreMetrics } from "./restore-metrics.ts";
import type { Handler } from "./routes.ts";

/** The monitor's own figures are at most this old; those of the jobs are made again when something was stored. */
const metricsForMs = 5000;

type JobsText = { revision: number; text: string; jobs: number };

/** `originalMetrics` answers `/api/metrics` where JSON is preferred. */
export function metricsHandlers(
	{ monitor, alerting, config, clock, problems }: AppOptions,
	headers: Record<string, string>,
	originalMetrics: Handler,
): { metrics: Handler; metricsByAccept: Handler } {
	const cache = new BodyCache(headers);
	const jobTexts = new Map<ExpositionType, JobsText>();

	const jobsText = (db: Database, type: ExpositionType): JobsText => {
		const { revision } = monitor;
		const known = jobTexts.get(type);
		if (known?.revision === revision) return known;
		const standings = readStandings(db, config.zone, clock());
		const inventories = inventoryMetrics(readInventoryReadings(db, alerting.settings, config.zone));
		const restores = readRestoreJobs(db, alerting.settings, clock());
		const text = formatMetrics([...jobMetrics(standings), ...restoreMetrics(restores), ...inventories], type);
		const made = { revision, text, jobs: standings.length };
		jobTexts.set(type, made);
		return made;
	};

	const readSelf = (db: Database | null): SelfReading => {
		const wrong = problems();
		const count = (severity: string) => wrong.filter((problem) => problem.severity === severity).length;
		return {
			version,
			commit,
			startedAt: clock() - performance.now(),
			residentMemory: process.memoryUsage.rss(),
			databaseSize: db === null ? null : readDatabaseSize(db),
			lastReadAt: monitor.source.checkedAt,
			rejectedLines: db === null ? null : countRejected(db),
			problems: { critical: count("critical"), warning: count("warning") },
			alerts: db === null ? null : countOpen(db),
		};
	};

	const exposition = (request: Request, type: ExpositionType): Response => {
		const { db, revision } = monitor;
		const contentType = `${type.replace(";", "; ")}; charset=utf-8`;
		const kept = { revision, type: contentType, forMs: metricsForMs, vary };
		// Without a database the monitor still says that something is wrong with it.
		const made = cache.answer(request, type, kept, () => {
			const jobs = db === null ? null : jobsText(db, type);
			return `${jobs?.text ?? ""}${formatMetrics(selfMetrics(readSelf(db), jobs?.jobs ?? null), type)}${closing(type)}`;
		});
		return made ?? answerJson(headers, 503, { error: "There are no metrics." });
	};

	return {
		metrics: (request) => exposition(request, preferred(request.headers.get("accept"), [textType, openMetricsType])),
		/** Pointed at by Prometheus it is what Prometheus reads; to everybody else it is the original's JSON. */
		metricsByAccept: (request, params, peer) => {
			const type = preferred(request.headers.get("accept"), ["application/json", textType, openMetricsType]);
			if (type !== "application/json") return exposition(request, type);
			const response = originalMetrics(request, params, peer);
			return response instanceof Response ? varied(response) : response.then(varied);
		},
	};
}

function countOpen(db: Database): NonNullable<SelfReading["alerts"]> {
	const counts = { critical: 0, warning: 0, info: 0 };
	for (const { severity } of readOpenAlerts(db)) counts[severity]++;
	return counts;
}

const vary = "Accept, Accept-Encoding";

function varied(response: Response): Response {
	response.headers.set("vary", vary);
	return response;
}
