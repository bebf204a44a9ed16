// The routes of the pages of runs: the list, one run, its log and its report as files.
import type { Database } from "bun:sqlite";
import type { JudgedAs, RunAlert, RunPage, StoredRunPage } from "../run-page.ts";
import type { RunsPage } from "../runs-page.ts";
import { readAlertsOfRun } from "../store/alerts.ts";
import { readJobs } from "../store/jobs.ts";
import type { RunFilter } from "../store/run-filter.ts";
import { readReport, readRunPage } from "../store/run-page.ts";
import { anyRun, countFound, type Page, searchNewer, searchRuns } from "../store/run-search.ts";
import { findSource } from "../store/sources.ts";
import { readRun } from "../store/standings.ts";
import type { AppOptions } from "./app.ts";
import { cookieOf } from "./forms.ts";
import { wantsFragment } from "./fragment.ts";
import { splitTarget } from "./guard.ts";
import { parseTheme } from "./layout.ts";
import type * as RunPages from "./pages/run.ts";
import type * as RunsPages from "./pages/runs.ts";
import { filtersOf, pathOfRuns, runsPath } from "./pages/runs-path.ts";
import { answer, answerPage, BodyCache, jsonType } from "./respond.ts";
import type { Handler, Route } from "./routes.ts";
import { formatCursor, readCursor } from "./run-query.ts";
import { exportQueryOf, readAsked, understand } from "./runs-question.ts";

const pageForMs = 5000;
const runsShown = 50;
const textType = "text/plain; charset=utf-8";

/** What is known of a run beside its report: how it was judged, and the alerts that it opened. */
export type AboutRun = (db: Database, stored: StoredRunPage) => { judgedAs: JudgedAs | null; alerts: RunAlert[] };

const usually: AboutRun = (db, { run }) => ({ judgedAs: null, alerts: readAlertsOfRun(db, run.id) });

export function runPageRoutes(
	{
		monitor,
		config,
		clock,
		problems,
		openAlerts,
	}: Pick<AppOptions, "monitor" | "config" | "clock" | "problems" | "openAlerts">,
	headers: Record<string, string>,
	aboutRun: AboutRun = usually,
): Route[] {
	const { zone } = config;
	let cache = new BodyCache(headers);
	let cacheMadeAt = performance.now();
	/** Every search is a body of its own, and hardly asked for again: none is held for longer than it is right. */
	const bodies = () => {
		if (performance.now() - cacheMadeAt > 2 * pageForMs) {
			cache = new BodyCache(headers);
			cacheMadeAt = performance.now();
		}
		return cache;
	};
	const units = { iec: config.units === "iec" };
	const kept = (type: string) => ({ revision: monitor.revision, type, forMs: pageForMs });

	const frame = () => {
		const now = clock();
		const { path, checkedAt } = monitor.source;
		const lines = monitor.db === null ? 0 : (findSource(monitor.db, config.metricsFile)?.line ?? 0);
		return {
			now,
			zone,
			problems: problems(),
			retentionDays: config.retentionDays,
			openAlerts: openAlerts(),
			source: { path, checkedAt, lines },
		};
	};

	const runsOf = (search: URLSearchParams): RunsPage => {
		const asked = readAsked(search);
		const { db } = monitor;
		const empty = {
			...frame(),
			asked,
			trouble: null,
			runs: [],
			count: null,
			newer: null,
			older: null,
			searchedTo: null,
		};
		if (db === null) return { ...empty, jobs: [], hosts: [], total: null, exportQuery: null };
		const jobs = readJobs(db);
		const shared = {
			...empty,
			jobs: jobs.map(({ slug, name, host }) => ({ slug, name, host })),
			hosts: [...new Set(jobs.map((job) => job.host))].filter((host) => host !== "").sort(),
			total: countFound(db, anyRun),
		};
		const understood = understand(db, asked, zone);
		if (!understood.ok) return { ...shared, trouble: understood.trouble, exportQuery: null };
		const { filter } = understood;
		return {
			...shared,
			...readPage(db, filter, asked.older, asked.newer),
			count: countFound(db, filter),
			exportQuery: exportQueryOf(asked, filter, zone),
		};
	};

	// Loaded with the first page that is asked for: many a server is only scraped.
	let runsPages: typeof RunsPages | null = null;
	let runPages: typeof RunPages | null = null;

	const list: Handler = async (request) => {
		runsPages ??= await import("./pages/runs.ts");
		const { runsLive, runsPage } = runsPages;
		const search = new URLSearchParams(splitTarget(request.url).search);
		const asked = readAsked(search);
		const path = pathOfRuns(asked);
		const isFragment = wantsFragment(request.headers);
		// A form sends its empty fields too; nobody wants them in an address.
		const hasEmpty = [...search.values()].some((value) => value === "");
		if (!isFragment && hasEmpty) return answer(headers, 303, null, { location: path });
		const theme = parseTheme(cookieOf(request, "theme"));
		const made = bodies().page(request, `${path} ${isFragment} ${theme}`, monitor.revision, () => {
			const data = runsOf(search);
			return (isFragment ? runsLive(data, { units }) : runsPage(data, { theme, units })).toString();
		});
		if (made === null) throw new Error("A page is always made");
		if (isFragment && request.headers.get("hx-source")?.startsWith("form") === true) {
			const how = historyOf(request.headers.get("hx-current-url"), path);
			if (how !== null) made.headers.set(how, path);
		}
		return made;
	};

	const runOf = (id: string): RunPage | null => {
		const stored = monitor.db === null ? null : readRunPage(monitor.db, idOf(id));
		if (stored === null || monitor.db === null) return null;
		return { ...stored, ...frame(), ...aboutRun(monitor.db, stored) };
	};

	const one: Handler = async (request, params) => {
		const id = idIn(params);
		runPages ??= await import("./pages/run.ts");
		const { noRunPage, runLive, runPage } = runPages;
		const isFragment = wantsFragment(request.headers);
		const theme = parseTheme(cookieOf(request, "theme"));
		const made = bodies().page(request, `${idOf(id)} ${isFragment} ${theme}`, monitor.revision, () => {
			const data = runOf(id);
			if (data === null) return null;
			return (isFragment ? runLive(data, { units }) : runPage(data, { theme, units })).toString();
		});
		if (made !== null) return made;
		const isOpen = monitor.db !== null;
		return answerPage(request, headers, isOpen ? 404 : 503, () => noRunPage({ ...frame(), id, isOpen }, theme));
	};

	/** A part of a run as a file of its own; it is read by people, and never runs as anything. */
	const part =
		(type: string, read: (db: Database, id: number) => string | null): Handler =>
		(request, params) => {
			const { db } = monitor;
			const id = idOf(idIn(params));
			const made = db === null ? null : new BodyCache(headers).answer(request, "", kept(type), () => read(db, id));
			return (
				made ??
				answer(headers, 404, "There is no such run, or nothing of this came with it.\n", { "content-type": textType })
			);
		};

	return [
		{ method: "GET", path: "/runs", class: "read", handler: list },
		{ method: "GET", path: "/runs/:id", class: "read", handler: one },
		{
			method: "GET",
			path: "/runs/:id/log",
			class: "read",
			handler: part(textType, (db, id) => readRun(db, id)?.log ?? null),
		},
		{ method: "GET", path: "/runs/:id/report", class: "read", handler: part(jsonType, readReport) },
	];
}

/** The router has null for what it cannot decode. */
function idIn(params: Record<string, string | null> | null): string {
	return (params?.id ?? "").toWellFormed();
}

/** No run has the id 0. */
function idOf(text: string): number {
	return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

type Found = Pick<RunsPage, "runs" | "newer" | "older" | "searchedTo">;

function readPage(db: Database, filter: RunFilter, older: string, newer: string): Found {
	const before = readCursor(newer);
	if (before !== null) {
		const page = searchNewer(db, filter, runsShown, before);
		// What is left above the cursor is less than a page: the first page shows it whole.
		if (page.next !== null && page.runs.length > 0) {
			const last = page.runs.at(-1);
			return {
				runs: page.runs,
				newer: formatCursor(page.next),
				older: last === undefined ? null : formatCursor({ at: last.startedAt, id: last.id }),
				searchedTo: null,
			};
		}
	}
	const after = before === null ? readCursor(older) : null;
	const page: Page = searchRuns(db, filter, runsShown, after);
	const first = page.runs[0];
	const isShort = page.next !== null && page.runs.length < runsShown;
	const top = first === undefined ? after : { at: first.startedAt, id: first.id };
	return {
		runs: page.runs,
		newer: after === null || top === null ? null : formatCursor(top),
		older: page.next === null ? null : formatCursor(page.next),
		searchedTo: isShort && page.next !== null ? page.next.at : null,
	};
}

/** Typing on changes the address in place; every other choice is a step that the back button undoes. */
function historyOf(current: string | null, path: string): "hx-push-url" | "hx-replace-url" | null {
	const url = current === null ? null : URL.parse(current);
	if (url === null) return "hx-push-url";
	const before = readAsked(url.searchParams);
	if (url.pathname === "/runs" && pathOfRuns(before) === path) return "hx-replace-url";
	const after = readAsked(new URL(path, url).searchParams);
	const isTyping = before.q !== "" && after.q !== "" && filtersOf(before).length === filtersOf(after).length;
	return isTyping && runsPath(before, { q: "" }) === runsPath(after, { q: "" }) ? "hx-replace-url" : "hx-push-url";
}
