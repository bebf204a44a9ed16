// What the operator does from the pages: pause, archive, fix a schedule, mark as expected, acknowledge, snooze, test.
import type { Alert } from "../alert.ts";
import type { Decision } from "../decision.ts";
import { AppError, messageOf } from "../errors.ts";
import type { Job } from "../job.ts";
import { readAlert } from "../store/alerts.ts";
import { findJob, readJobById } from "../store/jobs.ts";
import { readNewestGood } from "../store/standings.ts";
import { readWatchedJob } from "../store/watched.ts";
import { parseTimestamp } from "../time.ts";
import type { AppOptions } from "./app.ts";
import { backTo, formOf } from "./forms.ts";
import { wantsFragment } from "./fragment.ts";
import { answer, answerJson } from "./respond.ts";
import type { Handler, Route } from "./routes.ts";

const dayMs = 86_400_000;
/** Nobody means to silence a job for longer with one click. */
const longestMs = 3660 * dayMs;

/** "1d", "7d", "4h", "next-run", "success" (null: until it is over), or a date. Throws `usage`. */
export function untilOf(text: string | null, zone: string, now: number): number | null {
	const value = (text ?? "").trim();
	if (value === "" || value === "next-run" || value === "success") return null;
	const count = /^(\d{1,4})\s*([hdw])$/.exec(value);
	const units = { h: 3_600_000, d: dayMs, w: 7 * dayMs };
	const at =
		count === null
			? parseTimestamp(value, zone)
			: now + Number(count[1]) * (units[count[2] as keyof typeof units] ?? dayMs);
	if (at === null) throw new AppError("usage", "until is a span such as 4h, 1d or 2w, or a date such as 2026-12-24.");
	if (at <= now) throw new AppError("usage", "That time has passed already.");
	if (at - now > longestMs) throw new AppError("usage", "That is more than ten years away.");
	return at;
}

const jobActions = ["pause", "resume", "archive", "unarchive", "fix-schedule", "learn-schedule", "expected"] as const;
type JobAction = (typeof jobActions)[number];

export function actionRoutes(options: AppOptions, headers: Record<string, string>): Route[] {
	const { monitor, config, clock } = options;

	/** A page that sent a form is led back to where it was; a shell is told what became of it. */
	const done = (request: Request, form: URLSearchParams, said: Record<string, unknown>) => {
		const isPage = form.has("path") || wantsFragment(request.headers);
		if (!isPage) return answerJson(headers, 200, said);
		return answer(headers, 303, null, { location: backTo(form.get("path")) });
	};

	const refused = (error: unknown): Response => {
		const statuses: Partial<Record<string, number>> = { usage: 422, missing: 404, unavailable: 503, full: 507 };
		const status = error instanceof AppError ? statuses[error.code] : undefined;
		if (status === undefined) throw error;
		return answerJson(headers, status, { error: messageOf(error) });
	};

	const act =
		(decide: (address: string, form: URLSearchParams) => Record<string, unknown>): Handler =>
		async (request, params) => {
			const form = await formOf(request);
			try {
				return done(request, form, decide(Object.values(params)[0] ?? "", form));
			} catch (error) {
				return refused(error);
			}
		};

	const jobOf = (address: string): Job => {
		if (monitor.db === null) throw new AppError("unavailable", "The database is not open.");
		const job = findJob(monitor.db, address);
		if (job === null) throw new AppError("missing", "No job has this name.");
		return job;
	};

	const decisionOf = (action: JobAction, job: Job, form: URLSearchParams): Decision => {
		const about = { job: job.name, host: job.host };
		const { db } = monitor;
		switch (action) {
			case "pause":
				return { ...about, decision: "pause", until: untilOf(form.get("until"), config.zone, clock()) };
			case "learn-schedule":
				return { ...about, decision: "schedule", schedule: null };
			case "fix-schedule": {
				const plan = db === null ? null : (readWatchedJob(db, job.id)?.judgement.plan ?? null);
				if (plan === null || plan.source === "assumed") {
					throw new AppError("usage", "There is no rhythm to keep yet: it is learned from three regular runs.");
				}
				return { ...about, decision: "schedule", schedule: plan.schedule };
			}
			case "expected": {
				const newest = db === null ? null : readNewestGood(db, job.id);
				if (newest === null) throw new AppError("usage", "No backup of this job has succeeded yet.");
				return { ...about, decision: "expected", from: newest.startedAt };
			}
			default:
				return { ...about, decision: action };
		}
	};

	const onJob = (action: JobAction): Route => ({
		method: "POST",
		path: `/jobs/:slug/${action}`,
		class: "write",
		handler: act((address, form) => {
			const job = jobOf(address);
			const decision = decisionOf(action, job, form);
			monitor.decide(decision);
			return { ...decision, job: job.slug };
		}),
	});

	const decideOn = (alert: Alert, action: "acknowledge" | "snooze", until: number | null) => {
		const job = alert.jobId === 0 || monitor.db === null ? null : readJobById(monitor.db, alert.jobId);
		const { kind, key } = alert;
		monitor.decide({ job: job?.name ?? "", host: job?.host ?? "", decision: action, kind, key, until });
	};

	const onAlert = (action: "acknowledge" | "snooze"): Route => ({
		method: "POST",
		path: `/alerts/:id/${action}`,
		class: "write",
		handler: act((id, form) => {
			const alert = monitor.db !== null && /^\d{1,15}$/.test(id) ? readAlert(monitor.db, Number(id)) : null;
			if (alert === null || alert.resolvedAt !== null) throw new AppError("missing", "No open alert has this number.");
			const until = untilOf(form.get("until") ?? (action === "snooze" ? "1d" : null), config.zone, clock());
			decideOn(alert, action, until);
			return { alert: alert.id, decision: action, until };
		}),
	});

	return [...jobActions.map(onJob), onAlert("acknowledge"), onAlert("snooze")];
}
