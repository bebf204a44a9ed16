// Renaming, merging and deleting a job from its page: a question first, which needs no script, then a form that does it.
import type { Database } from "bun:sqlite";
import type { Decision } from "../decision.ts";
import { AppError, messageOf } from "../errors.ts";
import type { Job } from "../job.ts";
import { settingsOf } from "../settings.ts";
import { readAliasesOf } from "../store/aliases.ts";
import { jobToChange, planDelete, planMerge, planRename, readExtent } from "../store/job-change-plan.ts";
import { findJob, readJobById, readJobs } from "../store/jobs.ts";
import { findSource } from "../store/sources.ts";
import type { AppOptions } from "./app.ts";
import { cookieOf, formOf } from "./forms.ts";
import { splitTarget } from "./guard.ts";
import { parseTheme } from "./layout.ts";
import type { AskedChange } from "./pages/job-change.ts";
import { jobPath } from "./pages/job-parts.ts";
import { answer, answerJson, answerPage } from "./respond.ts";
import type { Handler, Route } from "./routes.ts";

const verbs = ["rename", "merge", "delete"] as const;
type Verb = (typeof verbs)[number];
/** What is to be done, and how it is asked about. */
type Planned = { decision: Decision; asked: AskedChange };

export function jobChangeRoutes(options: AppOptions, headers: Record<string, string>): Route[] {
	const { monitor, config, clock, alerting } = options;

	const showPage = async (request: Request, job: Job, asked: AskedChange | null, error: string | null) => {
		const pages = await import("./pages/job-change.ts");
		const { db } = monitor;
		if (db === null) return answerJson(headers, 503, { error: "The database is not open." });
		const { path, checkedAt } = monitor.source;
		const data = {
			now: clock(),
			zone: config.zone,
			problems: options.problems(),
			retentionDays: config.retentionDays,
			openAlerts: options.openAlerts(),
			source: { path, checkedAt, lines: findSource(db, config.metricsFile)?.line ?? 0 },
			job,
			extent: readExtent(db, job.id),
			others: readJobs(db).filter(({ id }) => id !== job.id),
			former: readAliasesOf(db, job.id),
			asked,
			error,
			isConfigured: settingsOf(alerting.settings, job) !== null,
		};
		const theme = parseTheme(cookieOf(request, "theme"));
		return answerPage(request, headers, error === null ? 200 : 422, () => pages.jobChangePage(data, theme));
	};

	const plan = (db: Database, job: Job, verb: Verb, fields: URLSearchParams): Planned => {
		if (verb === "rename") {
			const decision = planRename(db, job, fields.get("to") ?? "");
			return { decision, asked: { verb, name: decision.name } };
		}
		if (verb === "merge") {
			const into = jobToChange(db, fields.get("into") ?? "");
			return { decision: planMerge(job, into), asked: { verb, into, joined: readExtent(db, into.id) } };
		}
		return { decision: planDelete(db, job, clock()), asked: { verb } };
	};

	const found = (slug: string): { db: Database; job: Job } | null => {
		const job = monitor.db === null ? null : findJob(monitor.db, slug);
		return monitor.db === null || job === null ? null : { db: monitor.db, job };
	};
	const missing = () => answerJson(headers, 404, { error: "No job has this name." });

	const ask: Handler = async (request, { slug = "" }) => {
		const known = found(slug);
		if (known === null) return missing();
		const search = new URLSearchParams(splitTarget(request.url).search);
		const verb = verbs.find((word) => word === search.get("do"));
		if (verb === undefined) return showPage(request, known.job, null, null);
		try {
			return await showPage(request, known.job, plan(known.db, known.job, verb, search).asked, null);
		} catch (error) {
			if (!(error instanceof AppError)) throw error;
			return showPage(request, known.job, null, error.message);
		}
	};

	const act =
		(verb: Verb): Handler =>
		async (request, { slug = "" }) => {
			const known = found(slug);
			if (known === null) return missing();
			const { db, job } = known;
			const form = await formOf(request);
			const isPage = form.has("path");
			try {
				const { decision, asked } = plan(db, job, verb, form);
				if (form.get("confirm") !== "yes") throw new AppError("usage", "Say that it is meant: confirm=yes");
				monitor.decide(decision);
				const after = asked.verb === "merge" ? asked.into : readJobById(db, job.id);
				if (!isPage) return answerJson(headers, 200, { ...decision, job: job.slug, slug: after?.slug ?? null });
				return answer(headers, 303, null, { location: after === null ? "/" : jobPath(after.slug) });
			} catch (error) {
				const statuses: Partial<Record<string, number>> = {
					usage: 422,
					conflict: 409,
					missing: 404,
					unavailable: 503,
					full: 507,
				};
				const status = error instanceof AppError ? statuses[error.code] : undefined;
				if (status === undefined) throw error;
				if (isPage) return showPage(request, job, null, messageOf(error));
				return answerJson(headers, status, { error: messageOf(error) });
			}
		};

	return [
		{ method: "GET", path: "/jobs/:slug/change", class: "read", handler: ask },
		...verbs.map(
			(verb): Route => ({ method: "POST", path: `/jobs/:slug/${verb}`, class: "write", handler: act(verb) }),
		),
	];
}
