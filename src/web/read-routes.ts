// The routes that other programs read: metrics, summary, jobs, runs, exports, badges, the feed, and their description.
import type { Database } from "bun:sqlite";
import { compareStates, type State, shownState } from "../state.ts";
import { readOpenAlerts } from "../store/alerts.ts";
import { readAliases } from "../store/aliases.ts";
import { allJobs } from "../store/daily.ts";
import { findJob } from "../store/jobs.ts";
import { readLadders, readVerdictJobs } from "../store/overview.ts";
import { countRejected } from "../store/rejected.ts";
import { anyRun, searchRuns } from "../store/run-search.ts";
import { readRecentTotals, readRun, readStanding, readStandings, type Standing } from "../store/standings.ts";
import { version } from "../version.ts";
import { jobDetail, jobObject, runObject, wholeRunObject } from "./answers.ts";
import type { AppOptions } from "./app.ts";
import { type BadgeState, drawBadge } from "./badge.ts";
import { ownAddress } from "./client.ts";
import { csv, type ExportFormat, exportRuns, jsonl } from "./export.ts";
import { findSeat, mostExports } from "./export-seats.ts";
import { drawFeed, type FeedAddress, readFeed } from "./feed.ts";
import { splitTarget } from "./guard.ts";
import { metricsHandlers } from "./metrics-handlers.ts";
import { json, type Operation, openApi } from "./openapi.ts";
import { expositionTypes, otherOperations } from "./other-operations.ts";
import { answer, answerJson, BodyCache, jsonType } from "./respond.ts";
import type { Handler, Route } from "./routes.ts";
import { filterParameters, formatCursor, pageParameters, readRunQuery } from "./run-query.ts";
import { ref, type Schema } from "./schema.ts";
import { summaryObject } from "./summary.ts";

// Ages in the summary are at most this old.
const summaryForMs = 10_000;
const dataForMs = 60_000;
const shownEntries = 50;
const recentRuns = 10;

/** `originalMetrics` answers `/api/metrics` where JSON is preferred. */
export function readRoutes(options: AppOptions, headers: Record<string, string>, originalMetrics: Handler): Route[] {
	const { monitor, config, clock } = options;
	const { zone } = config;
	const cache = new BodyCache(headers);
	// A badge is shown on other sites: that is what it is for.
	const badges = new BodyCache({ ...headers, "cross-origin-resource-policy": "cross-origin" });
	// Answers to questions that are hardly ever asked twice: tagged, never kept.
	const once = () => new BodyCache(headers);

	const fail = (status: number, error: string) => answerJson(headers, status, { error });
	const unavailable = () => fail(503, monitor.problems()[0]?.title ?? "The database is not open.");
	const withDatabase =
		// The value of the path's one parameter: the router has null for what it cannot decode, and no params where there are none.
			(handler: (db: Database, request: Request, parameter: string) => Response): Handler =>
			(request, params) =>
				monitor.db === null ? unavailable() : handler(monitor.db, request, Object.values(params ?? {})[0] ?? "");
	const kept = (type: string, forMs: number) => ({ revision: monitor.revision, type, forMs });
	const keptJson = (request: Request, key: string, forMs: number, make: () => unknown) =>
		cache.answer(request, key, kept(jsonType, forMs), () => `${JSON.stringify(make())}\n`) ?? unavailable();

	const { metrics, metricsByAccept } = metricsHandlers(options, headers, originalMetrics);

	const summary = withDatabase((db, request) =>
		keptJson(request, "summary", summaryForMs, () => {
			const now = clock();
			const standings = readStandings(db, zone, now);
			const reading = {
				standings,
				totals: readRecentTotals(db, allJobs, zone, now),
				rejected: countRejected(db),
				problems: options.problems(),
				openAlerts: readOpenAlerts(db).length,
				verdictJobs: readVerdictJobs(db, { now, zone, settings: options.alerting.settings }),
				version,
			};
			return summaryObject(reading, now, zone);
		}),
	);

	const besideOf = (db: Database) => ({
		ladders: readLadders(db, { now: clock(), zone, settings: options.alerting.settings }),
		former: Map.groupBy(readAliases(db), ({ jobId }) => jobId),
	});

	const jobs = withDatabase((db, request) =>
		keptJson(request, "jobs", dataForMs, () => {
			const beside = besideOf(db);
			return { jobs: readStandings(db, zone, clock()).map((standing) => jobObject(standing, beside, zone)) };
		}),
	);

	const job = withDatabase((db, request, address) => {
		const found = findJob(db, address);
		if (found === null) return fail(404, noSuchJob);
		const make = () => {
			const standing = readStanding(db, found, zone, clock());
			const recent = searchRuns(db, { ...anyRun, jobId: found.id }, recentRuns).runs;
			const totals = readRecentTotals(db, found.id, zone, clock());
			return `${JSON.stringify(jobDetail(standing, besideOf(db), totals, recent, zone))}\n`;
		};
		return cache.answer(request, `job ${found.id}`, kept(jsonType, dataForMs), make) ?? fail(404, noSuchJob);
	});

	const runs = withDatabase((db, request) => {
		const asked = readRunQuery(db, pageParameters, searchOf(request), zone);
		if (!asked.ok) return fail(asked.status, asked.message);
		const { filter, limit, after } = asked.query;
		const page = searchRuns(db, filter, limit, after);
		const next = page.next === null ? null : formatCursor(page.next);
		const body = `${JSON.stringify({ runs: page.runs.map(runObject), next })}\n`;
		return once().answer(request, "", kept(jsonType, 0), () => body) ?? unavailable();
	});

	const run = withDatabase((db, request, id) => {
		const found = /^\d{1,15}$/.test(id) ? readRun(db, Number(id)) : null;
		if (found === null) return fail(404, "No run has this id.");
		const body = `${JSON.stringify(wholeRunObject(found))}\n`;
		return once().answer(request, "", kept(jsonType, 0), () => body) ?? unavailable();
	});

	// Names a state of the data: a body that is written while it is read cannot be hashed before.
	const started = crypto.randomUUID().slice(0, 8);
	const exported = (format: ExportFormat) =>
		withDatabase((db, request) => {
			const search = searchOf(request);
			const asked = readRunQuery(db, filterParameters, search, zone);
			if (!asked.ok) return fail(asked.status, asked.message);
			const digest = Bun.hash.xxHash64(`${format.file}?${search}`).toString(36);
			const etag = `W/"${started}-${monitor.revision}-${digest}"`;
			const common = { ...headers, etag, "cache-control": "no-cache" };
			if (request.headers.get("if-none-match")?.includes(etag.slice(2)))
				return new Response(null, { status: 304, headers: common });
			const seat = findSeat();
			if (seat === null) {
				const error = `${mostExports} exports are being read already. Try again in a few seconds.`;
				return answerJson(headers, 503, { error }, { "retry-after": "10" });
			}
			const body = exportRuns(() => monitor.db, asked.query.filter, format, seat);
			return new Response(body, {
				headers: {
					...common,
					"content-type": format.type,
					"content-disposition": `attachment; filename="${format.file}"`,
				},
			});
		});

	/** While the monitor cannot tell, only what is wrong anyway is known. */
	const badgeOf = (state: State): BadgeState => {
		const isBlind = options.problems().some(({ severity }) => severity === "critical");
		return isBlind && compareStates(state, "running") >= 0 ? "unknown" : state;
	};

	const badge = withDatabase((db, request, file) => {
		const found = file.endsWith(".svg") ? findJob(db, file.slice(0, -4)) : null;
		if (found === null) {
			const type = { "content-type": svgType, "cross-origin-resource-policy": "cross-origin" };
			return answer(headers, 404, drawBadge("no such job", "unknown"), type);
		}
		const made = badges.answer(request, `${found.id}`, kept(svgType, summaryForMs), () =>
			drawBadge(found.name, badgeOf(shownOf(readStanding(db, found, zone, clock())))),
		);
		return made ?? unavailable();
	});

	const feed = withDatabase((db, request) => {
		const address = addressOf(request);
		const how = { ...kept(feedType, dataForMs), vary: "Accept-Encoding, Host" };
		const made = cache.answer(request, `feed ${address.base}`, how, () =>
			drawFeed(readFeed(db, shownEntries), address, zone),
		);
		return made ?? unavailable();
	});

	const addressOf = (request: Request): FeedAddress => {
		if (config.publicUrl !== null) return { base: config.publicUrl, isFixed: true };
		return { base: ownAddress(request, config), isFixed: false };
	};

	const described: (Operation & { handler: Handler })[] = [
		{
			...get("/metrics", "The metrics as Prometheus reads them", {
				200: { description: "Text, or OpenMetrics where Accept prefers it", types: expositionTypes },
			}),
			handler: metrics,
		},
		{
			...get("/api/summary", "One flat object for Homepage, Glance and Home Assistant", {
				200: json("Summary", ref("Summary")),
			}),
			handler: summary,
		},
		{ ...get("/api/jobs", "Every job and how it stands", { 200: json("Jobs", ref("Jobs")) }), handler: jobs },
		{
			...get("/api/jobs/:job", "One job with its last 30 days and runs", {
				200: json("Job", ref("JobDetail")),
				404: noJob,
			}),
			handler: job,
		},
		{
			...get("/api/runs", "Runs, newest first, page by page", {
				200: json("A page", ref("Runs")),
				404: noJob,
				422: badQuery,
			}),
			parameters: pageParameters,
			handler: runs,
		},
		{
			...get("/api/runs/:id", "One run with its log", {
				200: json("Run", ref("WholeRun")),
				404: json("No run has this id", ref("Error")),
			}),
			handler: run,
		},
		...[csv, jsonl].map((format) => ({
			...get(`/api/${format.file}`, `Runs as a file: ${format.file}`, {
				200: {
					description: "The runs, newest first",
					types: { [format.type.split(";")[0] ?? ""]: fileSchema(format) },
				},
				404: noJob,
				422: badQuery,
				503: json("Too many exports are read at the moment; Retry-After says when to ask again", ref("Error")),
			}),
			parameters: filterParameters,
			handler: exported(format),
		})),
		{
			...get("/badge/:file", "A job's state as a picture", {
				200: { description: "SVG", types: { "image/svg+xml": { type: "string" } } },
				404: {
					description: "No job has this name; a picture that says so",
					types: { "image/svg+xml": { type: "string" } },
				},
			}),
			shownPath: "/badge/:job.svg",
			handler: badge,
		},
		{
			...get("/feed.xml", "What went wrong and what is over, as an Atom feed", {
				200: { description: "Atom", types: { "application/atom+xml": { type: "string" } } },
			}),
			handler: feed,
		},
	];
	const description: Operation = get("/api/openapi.json", "This description", {
		200: json("OpenAPI 3.1", { type: "object" }),
	});
	const openapi: Handler = (request) =>
		cache.answer(request, "openapi", { revision: 0, type: jsonType, forMs: Number.POSITIVE_INFINITY }, () => {
			const operations = described.map(({ handler: _handler, ...operation }) => operation);
			return `${JSON.stringify(openApi([...otherOperations, ...operations, description], version))}\n`;
		}) ?? unavailable();

	const shared = { class: "read", opensTo: "read-token" } as const;
	return [
		{ ...scraped, method: "GET", path: "/api/metrics", handler: metricsByAccept },
		...described.map(
			({ method, path, handler }): Route => ({ ...(path === "/metrics" ? scraped : shared), method, path, handler }),
		),
		{ ...shared, method: "GET", path: description.path, handler: openapi },
	];
}

/** Asked for every few seconds, on many a monitor by nobody else. */
const scraped = { class: "read", opensTo: "read-token", isDirect: true, isKeptReady: true } as const;
const noSuchJob = "No job has this name.";
const svgType = "image/svg+xml; charset=utf-8";
const feedType = "application/atom+xml; charset=utf-8";
const noJob = json(noSuchJob, ref("Error"));
const badQuery = json("A parameter that cannot be used; the answer names it", ref("Error"));

function get(path: string, summary: string, answers: Operation["answers"]): Operation {
	return { method: "GET", path, summary, answers };
}

function fileSchema(format: ExportFormat): Schema {
	return format === jsonl ? ref("WholeRun") : { type: "string" };
}

function searchOf(request: Request): URLSearchParams {
	return new URLSearchParams(splitTarget(request.url).search);
}

function shownOf({ state, worstAlert }: Standing): State {
	return shownState(state, worstAlert);
}
