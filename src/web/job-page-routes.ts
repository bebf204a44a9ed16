// The route of the page of one job: what is stored of it, how it is judged, and what of its addresses may be shown.
import type { JobAddresses, JobPage } from "../job-page.ts";
import { ranges } from "../overview.ts";
import { option, shellWord } from "../setup-values.ts";
import { readJobPage } from "../store/job-page.ts";
import { findJob } from "../store/jobs.ts";
import type { Cursor } from "../store/run-search.ts";
import { findSource } from "../store/sources.ts";
import type { AppOptions } from "./app.ts";
import { cookieOf } from "./forms.ts";
import { wantsFragment } from "./fragment.ts";
import { splitTarget } from "./guard.ts";
import { judgedReader, type ReadJudged } from "./job-judged.ts";
import { parseTheme } from "./layout.ts";
import type * as JobPages from "./pages/job.ts";
import { jobPath, usualRange } from "./pages/job-parts.ts";
import { answer, answerPage, BodyCache } from "./respond.ts";
import type { Handler, Route } from "./routes.ts";
import { formatCursor, readCursor } from "./run-query.ts";

export function jobPageRoutes(
	options: AppOptions,
	headers: Record<string, string>,
	readJudged: ReadJudged = judgedReader(options),
): Route[] {
	const { monitor, config, clock, entry, problems } = options;
	const { zone } = config;
	const cache = new BodyCache(headers);
	const units = { iec: config.units === "iec" };

	const frame = () => {
		const { path, checkedAt } = monitor.source;
		const lines = monitor.db === null ? 0 : (findSource(monitor.db, config.metricsFile)?.line ?? 0);
		return {
			now: clock(),
			zone,
			problems: problems(),
			retentionDays: config.retentionDays,
			openAlerts: options.openAlerts(),
			source: { path, checkedAt, lines },
		};
	};

	/** Where the job's own addresses begin. They are keys, so they are shown only where everybody may report. */
	const ownAddress = (request: Request): string | null => {
		if (!entry.tokens.isOpen) return null;
		return config.publicUrl ?? `http://${request.headers.get("host") ?? `localhost:${config.port}`}`;
	};

	const addressesOf = (job: JobPage["job"], address: string | null): JobAddresses => {
		if (address === null) {
			const folder = config.dataDir === "/data" ? "" : `DATA_DIR=${shellWord(config.dataDir)} `;
			return { isShown: false, command: `${folder}backup-monitor token ${option("job", job.slug)}` };
		}
		const { tokens } = entry;
		return {
			isShown: true,
			uuidUrl: `${address}/ping/${tokens.uuidOf(job)}`,
			kumaUrl: `${address}/api/push/${tokens.kumaTokenOf(job)}`,
		};
	};

	const dataOf = (slug: string, search: URLSearchParams, address: string | null): JobPage | null => {
		const { db } = monitor;
		const job = db === null ? null : findJob(db, slug);
		if (db === null || job === null || job.slug !== slug) return null;
		const shared = frame();
		const range = ranges.find((known) => known === search.get("range")) ?? usualRange;
		const newer = readCursor(search.get("newer"));
		const older = newer === null ? readCursor(search.get("older")) : null;
		const stored = readJobPage(db, job, { now: shared.now, zone, range, older, newer });
		return {
			...stored,
			...readJudged(db, stored, shared.now),
			...shared,
			shown: { ...stored.shown, newer: textOf(stored.shown.newer), older: textOf(stored.shown.older) },
			asked: { older: textOf(older), newer: textOf(newer) },
			addresses: addressesOf(job, address),
		};
	};

	// Loaded with the first page that is asked for: many a server is only scraped.
	let pages: typeof JobPages | null = null;

	const page: Handler = async (request, { slug = "" }) => {
		pages ??= await import("./pages/job.ts");
		const { jobLive, jobPage, noJobPage } = pages;
		const isFragment = wantsFragment(request.headers);
		const theme = parseTheme(cookieOf(request, "theme"));
		const address = ownAddress(request);
		const { search } = splitTarget(request.url);
		const key = `${slug} ${isFragment} ${theme} ${address} ${search}`;
		const made = cache.page(request, key, monitor.revision, () => {
			const data = dataOf(slug, new URLSearchParams(search), address);
			if (data === null) return null;
			return (isFragment ? jobLive(data, { units }) : jobPage(data, { theme, units })).toString();
		});
		if (made !== null) return made;
		const named = monitor.db === null ? null : findJob(monitor.db, slug);
		// Found by its name: there is one address for it.
		if (named !== null) return answer(headers, 303, null, { location: jobPath(named.slug) });
		return answerPage(request, headers, monitor.db === null ? 503 : 404, () => noJobPage(frame(), theme));
	};

	return [{ method: "GET", path: "/jobs/:slug", class: "read", handler: page }];
}

function textOf(cursor: Cursor | null): string | null {
	return cursor === null ? null : formatCursor(cursor);
}
