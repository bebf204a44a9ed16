// Every route of the monitor in one table: its method, path, class, and what it answers.
import type { Database } from "bun:sqlite";
import type { Overview } from "../overview.ts";
import { averagesOf, emptyTotals } from "../rollup.ts";
import { readOverview } from "../store/overview.ts";
import { formatInstant } from "../time.ts";
import type { Visitor } from "./access.ts";
import { actionRoutes } from "./action-routes.ts";
import { alertRoutes } from "./alert-routes.ts";
import { noSuchJob, type Query, readFailureRows, readFailureTrends, readMetrics, readRejectedLines } from "./api.ts";
import type { AppOptions } from "./app.ts";
import { type Client, schemeOf } from "./client.ts";
import { backTo, cameFrom, cookieOf, formOf } from "./forms.ts";
import { wantsFragment } from "./fragment.ts";
import type { Declared, Method } from "./guard.ts";
import { healthObject } from "./health.ts";
import { healthRoute } from "./health-route.ts";
import { inventoryRoutes } from "./inventory-routes.ts";
import { jobChangeRoutes } from "./job-change-routes.ts";
import { jobPageRoutes } from "./job-page-routes.ts";
import { parseTheme } from "./layout.ts";
import { liveRoutes } from "./live-routes.ts";
import { loginRoutes } from "./login-routes.ts";
import { type OverviewAsked, readOverviewAsked } from "./overview-question.ts";
import { parseZone, zoneCookie } from "./page-reader.ts";
import type * as OverviewPages from "./pages/overview.ts";
import { pingRoutes } from "./ping-routes.ts";
import { pushRoutes } from "./push-routes.ts";
import { readRoutes } from "./read-routes.ts";
import { answer, answerJson, answerPage, BodyCache, jsonType } from "./respond.ts";
import { restoreRoutes } from "./restore-routes.ts";
import { runJudge } from "./run-judged.ts";
import { runPageRoutes } from "./run-pages-routes.ts";
import { settingsRoutes } from "./settings-routes.ts";
import { setupRoutes } from "./setup-routes.ts";
import type { Grant } from "./tokens.ts";

/** Who asks: from where, as whom where a login is asked for, and what a report's token opens. */
export type Peer = {
	client: Client;
	visitor: Visitor | null;
	grant: Grant;
	readonly search: URLSearchParams;
	path: string;
};
export type Handler = (request: Request, params: Record<string, string>, peer: Peer) => Response | Promise<Response>;
export type { Method };
export type Route = Declared & { handler: Handler };

const dataForMs = 60_000;
/** How long somebody waits for a file to be read; a connection that is silent for ten seconds is closed. */
const importMs = 5000;

export function routes(options: AppOptions, headers: Record<string, string>): Route[] {
	const { monitor, config, clock } = options;
	const cache = new BodyCache(headers);

	/** A JSON answer from the database, kept until something changes. */
	const data =
		(name: string, read: (db: Database, query: Query) => unknown): Handler =>
		(request) => {
			const search = searchOf(request);
			if (monitor.db === null) return unavailable();
			const { db } = monitor;
			const kept = { revision: monitor.revision, type: jsonType, forMs: dataForMs };
			const made = cache.answer(request, `${name}${search}`, kept, () => {
				const found = read(db, { zone: config.zone, now: clock(), search: new URLSearchParams(search) });
				return found === noSuchJob ? null : `${JSON.stringify(found)}\n`;
			});
			return made ?? answerJson(headers, 404, { error: "No job has this name." });
		};

	const unavailable = () =>
		answerJson(headers, 503, { error: monitor.problems()[0]?.title ?? "The database is not open." });

	const overviewOf = (params: URLSearchParams): Overview | null => {
		const asked = readOverviewAsked(params);
		const { alerting } = options;
		const shared = {
			problems: options.problems(),
			retentionDays: config.retentionDays,
			openAlerts: options.openAlerts(),
			channels: alerting.channels.settings.length,
		};
		const { path, checkedAt } = monitor.source;
		if (monitor.db === null)
			return { ...nothing(clock(), config.zone, asked), ...shared, source: { path, checkedAt, lines: 0 } };
		const place = { now: clock(), zone: config.zone, metricsFile: config.metricsFile, settings: alerting.settings };
		const stored = readOverview(monitor.db, { ...asked, ...place });
		if (stored === null) return null;
		const { lines, ...rest } = stored;
		return { ...rest, ...shared, source: { path, checkedAt, lines } };
	};

	// The pages are loaded with the first one that is asked for: many a server is only scraped.
	let pages: typeof OverviewPages | null = null;
	const loadPages = async () => {
		pages ??= await import("./pages/overview.ts");
		return pages;
	};

	const home: Handler = (request, params, peer) => {
		if (pages === null) return loadPages().then(() => home(request, params, peer));
		const { overviewLive, overviewPage } = pages;
		const search = searchOf(request);
		noteAddress(request, options);
		const isFragment = wantsFragment(request.headers);
		const theme = parseTheme(cookieOf(request, "theme"));
		const units = { iec: config.units === "iec" };
		const made = cache.page(request, `/ ${isFragment} ${theme} ${search}`, monitor.revision, () => {
			const overview = overviewOf(new URLSearchParams(search));
			if (overview === null) return null;
			return (isFragment ? overviewLive(overview, { units }) : overviewPage(overview, { theme, units })).toString();
		});
		// A job that is gone, or never was: the overview of all jobs is what there is.
		return made ?? answer(headers, 303, null, { location: "/" });
	};

	const healthDetails: Handler = () => answerJson(headers, 200, healthObject(options));

	let lastImport = { at: Number.NEGATIVE_INFINITY, answer: null as Promise<Response> | null };
	/**
	 * Reads the file now, and of a big one what is read in `importMs`. A second call within two seconds finds nothing new
	 * and costs nothing.
	 */
	const importNow: Handler = () => {
		const asked = performance.now();
		const isRepeated = asked - lastImport.at < 2000;
		if (isRepeated && lastImport.answer !== null) {
			return lastImport.answer.then(() => imported(0));
		}
		const result = monitor.catchUpWithin(importMs).then(({ changed }) => imported(changed));
		lastImport = { at: asked, answer: result };
		return result.then((response) => response.clone());
	};
	const imported = (inserted: number) => {
		if (monitor.db === null || !monitor.isWritable) return unavailable();
		const imported_at = formatInstant(clock(), config.zone).slice(0, 19);
		return answerJson(headers, 200, { imported_at, inserted, status: "ok" });
	};

	const refresh: Handler = async (request, _params, peer) => {
		await importNow(request, {}, peer);
		const params = await formOf(request);
		if (!wantsFragment(request.headers)) return answer(headers, 303, null, { location: backTo(params.get("path")) });
		const overview = overviewOf(new URL(backTo(params.get("path")), "http://localhost").searchParams);
		if (overview === null) return answer(headers, 303, null, { location: "/" });
		const { overviewLive } = await loadPages();
		return answerPage(request, headers, 200, () => overviewLive(overview, { units: { iec: config.units === "iec" } }));
	};

	const chooseTheme: Handler = async (request) => {
		const params = await formOf(request);
		const theme = parseTheme(params.get("theme"));
		// A script has changed the page already and only wants it remembered.
		const isScript = request.headers.get("hx-request") === "true";
		return answer(headers, isScript ? 204 : 303, null, {
			...(!isScript && { location: backTo(params.get("path")) }),
			"set-cookie": `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Strict`,
		});
	};

	/** "My time" names the browser's zone, "server time" none. */
	const chooseZone: Handler = async (request) => {
		const zone = parseZone((await formOf(request)).get("zone")) ?? "";
		return answer(headers, 303, null, {
			location: cameFrom(request),
			"set-cookie": `${zoneCookie}=${zone}; Path=/; Max-Age=${zone === "" ? 0 : 31536000}; SameSite=Strict`,
		});
	};

	const forPrograms = { class: "read", opensTo: "read-token" } as const;
	return [
		{ method: "GET", path: "/", class: "read", isKeptReady: true, handler: home },
		healthRoute(options, headers),
		{ ...forPrograms, method: "GET", path: "/api/health", handler: healthDetails },
		...readRoutes(options, headers, data("metrics", readMetrics)),
		{ ...forPrograms, method: "GET", path: "/api/failures", handler: data("failures", readFailureRows) },
		{ ...forPrograms, method: "GET", path: "/api/failure-trends", handler: data("trends", readFailureTrends) },
		{ ...forPrograms, method: "GET", path: "/api/rejected", handler: data("rejected", readRejectedLines) },
		{ method: "POST", path: "/api/import", class: "write", handler: importNow },
		{ method: "POST", path: "/refresh", class: "write", handler: refresh },
		{ method: "POST", path: "/theme", class: "write", handler: chooseTheme },
		{ method: "POST", path: "/zone", class: "write", handler: chooseZone },
		...loginRoutes(options, headers),
		...pushRoutes(options, headers),
		...inventoryRoutes(options, headers),
		...pingRoutes(options, headers),
		...setupRoutes(options, headers),
		...liveRoutes(options, headers),
		...settingsRoutes(options, headers),
		...jobPageRoutes(options, headers),
		...jobChangeRoutes(options, headers),
		...runPageRoutes(options, headers, runJudge(options)),
		...alertRoutes(options, headers),
		...restoreRoutes(options, headers),
		...actionRoutes(options, headers),
	];
}

/** Where a browser reached this server: the links in messages lead there, unless PUBLIC_URL says where. */
function noteAddress(request: Request, { alerting, config }: AppOptions): void {
	const host = request.headers.get("host");
	if (config.publicUrl !== null || host === null || request.headers.get("sec-fetch-mode") !== "navigate") return;
	alerting.noteAddress(`${schemeOf(request)}://${host}`);
}

function nothing(
	now: number,
	zone: string,
	{ range, filter }: OverviewAsked,
): Omit<Overview, "problems" | "retentionDays" | "source" | "channels"> {
	return {
		now,
		zone,
		job: null,
		jobs: [],
		range,
		filter,
		from: now,
		totals: averagesOf(emptyTotals()),
		before: null,
		series: { per: "run", points: [] },
		newest: null,
		usualPhases: {},
		judged: [],
		alerts: [],
		night: [],
		totalSize: null,
		restore: null,
		recent: [],
		failures: [],
		trend: [],
		rejected: { total: 0, lines: [] },
	};
}

function searchOf(request: Request): string {
	const mark = request.url.indexOf("?");
	return mark === -1 ? "" : request.url.slice(mark);
}
