// The page Restore and its API: how long it takes to get everything back, or the jobs that were chosen.
import type { Database } from "bun:sqlite";
import { estimateLab } from "../restore-lab.ts";
import { planOf } from "../restore-order.ts";
import type { RestorePage, ShownRestoreJob } from "../restore-page.ts";
import { tokenPlaceholder } from "../setup-values.ts";
import { labJobOf, readCheckedDrills, readRestoreJobs } from "../store/restore.ts";
import { findSource } from "../store/sources.ts";
import type { AppOptions } from "./app.ts";
import { ownAddress } from "./client.ts";
import { cookieOf } from "./forms.ts";
import { wantsFragment } from "./fragment.ts";
import { parseTheme } from "./layout.ts";
import { answerJson, BodyCache, jsonType } from "./respond.ts";
import { restoreObject } from "./restore-answers.ts";
import type { Handler, Route } from "./routes.ts";

const dataForMs = 60_000;

export function restoreRoutes(options: AppOptions, headers: Record<string, string>): Route[] {
	const { monitor, alerting, config, clock, entry } = options;
	const { zone } = config;
	const units = { iec: config.units === "iec" };
	const cache = new BodyCache(headers);

	const pageOf = (db: Database | null, chosen: readonly string[], address: string): RestorePage => {
		const now = clock();
		const read = db === null ? [] : readRestoreJobs(db, alerting.settings, now, units);
		const jobs = read.map(
			(job): ShownRestoreJob => ({ ...job, checked: db === null ? [] : readCheckedDrills(db, job) }),
		);
		const selection = selectionOf(jobs, chosen);
		const { path, checkedAt } = monitor.source;
		return {
			now,
			zone,
			jobs,
			selection,
			lab: estimateLab(jobs.map(labJobOf), selection),
			plan: planOf(jobs),
			address,
			token: entry.tokens.isOpen ? null : tokenPlaceholder,
			units,
			problems: options.problems(),
			retentionDays: config.retentionDays,
			openAlerts: options.openAlerts(),
			source: { path, checkedAt, lines: db === null ? 0 : (findSource(db, config.metricsFile)?.line ?? 0) },
		};
	};

	const restore: Handler = async (request) => {
		const pages = await import("./pages/restore.ts");
		const chosen = chosenOf(request);
		const address = ownAddress(request, config);
		const isFragment = wantsFragment(request.headers);
		const theme = parseTheme(cookieOf(request, "theme"));
		const key = JSON.stringify([isFragment, theme, address, chosen]);
		const made = cache.page(request, key, monitor.revision, () => {
			const data = pageOf(monitor.db, chosen, address);
			return (isFragment ? pages.restoreLive(data) : pages.restorePage(data, theme)).toString();
		});
		return made ?? answerJson(headers, 503, { error: "The database is not open." });
	};

	const api: Handler = (request) => {
		const { db, revision } = monitor;
		const chosen = chosenOf(request);
		const kept = { revision, type: jsonType, forMs: dataForMs };
		const made = cache.answer(request, JSON.stringify(["api", chosen]), kept, () =>
			db === null ? null : `${JSON.stringify(restoreObject(pageOf(db, chosen, ""), zone))}\n`,
		);
		return made ?? answerJson(headers, 503, { error: "The database is not open." });
	};

	return [
		{ method: "GET", path: "/restore", class: "read", handler: restore },
		{ method: "GET", path: "/api/restore", class: "read", opensTo: "read-token", handler: api },
	];
}

/** `?job=` as often as there are jobs to choose, each a slug or a name; what is no job is left out. */
function chosenOf(request: Request): string[] {
	return [...new Set(new URL(request.url, "http://localhost").searchParams.getAll("job"))].slice(0, 1000).sort();
}

function selectionOf(jobs: readonly ShownRestoreJob[], chosen: readonly string[]): ReadonlySet<string> | null {
	const found = chosen.flatMap((word) => {
		const known = jobs.find(({ job }) => job.slug === word) ?? jobs.find(({ job }) => job.name === word);
		return known === undefined ? [] : [known.job.slug];
	});
	return found.length === 0 ? null : new Set(found);
}
