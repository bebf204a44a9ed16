// The page Alerts, its API, the links of messages, and the test of a channel.
import type { Database } from "bun:sqlite";
import type { Alert } from "../alert.ts";
import { type AlertsPage, type ShownAlert, type ShownDelivery, worstFirst } from "../alerts-page.ts";
import { composeTest } from "../message.ts";
import type { JobRef } from "../overview.ts";
import { type Settings, settingsOf } from "../settings.ts";
import { readLink } from "../signed-link.ts";
import { readAlert, readOpenAlerts, readResolvedAlerts } from "../store/alerts.ts";
import { type Delivery, readChannelHealth, readUndelivered } from "../store/deliveries.ts";
import { readJobById } from "../store/jobs.ts";
import { findSource } from "../store/sources.ts";
import { formatInstant } from "../time.ts";
import { untilOf } from "./action-routes.ts";
import type { AppOptions } from "./app.ts";
import { backTo, cookieOf, formOf } from "./forms.ts";
import { wantsFragment } from "./fragment.ts";
import { parseTheme } from "./layout.ts";
import { answer, answerJson, answerPage, BodyCache, jsonType } from "./respond.ts";
import type { Handler, Peer, Route } from "./routes.ts";

/** A night in which a remote is gone opens one for every job: a page shows so many, the next ones are a click away. */
const shownOpen = 50;
const shownHistory = 50;
const shownUndelivered = 50;
const pageForMs = 5000;
/** Tests are messages to people: three a minute are enough to find an error. */
const testsPerMinute = 3;

export function alertRoutes(options: AppOptions, headers: Record<string, string>): Route[] {
	const { monitor, alerting, config, clock } = options;
	const { zone } = config;
	const cache = new BodyCache(headers);
	const tests = new Map<string, { at: number; error: string | null }>();
	let tested: number[] = [];

	const settings = (): Settings => alerting.settings;

	const frameOf = (db: Database | null) => {
		const { path, checkedAt } = monitor.source;
		return {
			now: clock(),
			zone,
			problems: options.problems(),
			retentionDays: config.retentionDays,
			openAlerts: options.openAlerts(),
			source: { path, checkedAt, lines: db === null ? 0 : (findSource(db, config.metricsFile)?.line ?? 0) },
		};
	};

	const channelsOf = (db: Database | null): AlertsPage["channels"] => {
		const health = new Map((db === null ? [] : readChannelHealth(db)).map((row) => [row.name, row]));
		return alerting.channels.settings.map(({ name, minSeverity }) => {
			const channel = alerting.channels.byName.get(name);
			const known = health.get(name);
			return {
				name,
				minSeverity,
				type: channel?.type ?? "unknown",
				shown: channel?.shown ?? "",
				sentAt: known?.sentAt ?? null,
				failingSince: known?.failingSince ?? null,
				error: known?.error ?? null,
				test: tests.get(name) ?? null,
			};
		});
	};

	type Asked = { before?: number | undefined; page?: number; isWhole?: true };

	const dataOf = (db: Database | null, { before, page = 1, isWhole }: Asked): AlertsPage => {
		const open = db === null ? [] : readOpenAlerts(db);
		const spoken = new Set(open.map(({ id }) => id));
		const own = open.filter(({ parentId }) => parentId === null || !spoken.has(parentId));
		const openPages = Math.max(1, Math.ceil(own.length / shownOpen));
		const openPage = Math.min(page, openPages);
		const from = (openPage - 1) * shownOpen;
		const listed = isWhole ? own : worstFirst(own, clock()).slice(from, from + shownOpen);
		const resolved = db === null ? [] : readResolvedAlerts(db, shownHistory + 1, before);
		const shown = (alert: Alert) => shownAlert(db, alert, open, settings());
		return {
			...frameOf(db),
			open: listed.map(shown),
			openTotal: own.length,
			openCritical: own.filter(({ severity }) => severity === "critical").length,
			openPage,
			openPages,
			before: before ?? null,
			history: resolved.slice(0, shownHistory).map(shown),
			next: resolved.length > shownHistory ? (resolved[shownHistory - 1]?.id ?? null) : null,
			undelivered: db === null ? [] : readUndelivered(db, shownUndelivered).map((delivery) => shownDelivery(delivery)),
			channels: channelsOf(db),
			...words(settings()),
		};
	};

	const alerts: Handler = async (request) => {
		const pages = await import("./pages/alerts.ts");
		const search = new URL(request.url, "http://localhost").searchParams;
		const numberOf = (name: string, form: RegExp) =>
			form.test(search.get(name) ?? "") ? Number(search.get(name)) : undefined;
		const before = numberOf("before", /^\d{1,15}$/);
		const page = numberOf("page", /^[1-9]\d{0,4}$/) ?? 1;
		const isFragment = wantsFragment(request.headers);
		const theme = parseTheme(cookieOf(request, "theme"));
		const made = cache.page(request, `${isFragment} ${theme} ${before ?? ""} ${page}`, monitor.revision, () => {
			const data = dataOf(monitor.db, { before, page });
			return (isFragment ? pages.alertsLive(data) : pages.alertsPage(data, theme)).toString();
		});
		return made ?? answerJson(headers, 503, { error: "The database is not open." });
	};

	const api: Handler = (request) => {
		if (monitor.db === null) return answerJson(headers, 503, { error: "The database is not open." });
		const { db } = monitor;
		const kept = { revision: monitor.revision, type: jsonType, forMs: pageForMs };
		const made = cache.answer(request, "api", kept, () => {
			const { open, history, undelivered, channels } = dataOf(db, { isWhole: true });
			return `${JSON.stringify({
				open: open.map((alert) => alertObject(alert, zone)),
				recent: history.map((alert) => alertObject(alert, zone)),
				undelivered: undelivered.map(({ channel, event, about, createdAt, attempts, error, nextTryAt }) => ({
					channel,
					event,
					about,
					created_at: formatInstant(createdAt, zone),
					attempts,
					error,
					next_try_at: nextTryAt === null ? null : formatInstant(nextTryAt, zone),
				})),
				channels: channels.map(({ name, type, shown, minSeverity, sentAt, failingSince, error }) => ({
					name,
					type,
					address: shown,
					min_severity: minSeverity,
					last_sent_at: sentAt === null ? null : formatInstant(sentAt, zone),
					failing_since: failingSince === null ? null : formatInstant(failingSince, zone),
					error,
				})),
			})}\n`;
		});
		return made ?? answerJson(headers, 503, { error: "The database is not open." });
	};

	const linked = (token: string) => {
		const { linkKey } = alerting;
		const link = linkKey === null ? null : readLink(linkKey, token, clock());
		const alert = link === null || monitor.db === null ? null : readAlert(monitor.db, link.alertId);
		return link === null || alert === null ? null : { alert, action: link.action, token };
	};

	/** Whoever has the link and no login sees the question, and nothing else of the monitor. */
	const isStranger = ({ visitor }: Peer) => options.access !== null && visitor === null;

	const askLink: Handler = async (request, params, peer) => {
		const pages = await import("./pages/alerts.ts");
		const found = linked(params.token ?? "");
		const theme = parseTheme(cookieOf(request, "theme"));
		const asked = found === null ? null : { ...found, alert: shownAlert(monitor.db, found.alert, [], settings()) };
		const status = found === null ? 404 : 200;
		const frame = () => (isStranger(peer) ? null : frameOf(monitor.db));
		return answerPage(request, headers, status, () => pages.linkPage(asked, frame(), theme));
	};

	const followLink: Handler = async (request, params, peer) => {
		const found = linked(params.token ?? "");
		if (found === null) return answerJson(headers, 404, { error: "This link does not work any more." });
		const form = await formOf(request);
		if (found.alert.resolvedAt === null) {
			const { alert, action } = found;
			const job = alert.jobId === 0 || monitor.db === null ? null : readJobById(monitor.db, alert.jobId);
			const until = action === "snooze" ? untilOf("1d", zone, clock()) : null;
			const about = { job: job?.name ?? "", host: job?.host ?? "", kind: alert.kind, key: alert.key };
			monitor.decide({ ...about, decision: action, until });
		}
		if (isStranger(peer)) {
			const pages = await import("./pages/alerts.ts");
			const theme = parseTheme(cookieOf(request, "theme"));
			return answerPage(request, headers, 200, () => pages.linkDonePage(found.action, theme));
		}
		return answer(headers, 303, null, { location: backTo(form.get("path") ?? "/alerts") });
	};

	const testChannel: Handler = async (request, params) => {
		const form = await formOf(request);
		const isPage = form.has("path") || wantsFragment(request.headers);
		const name = decodeURIComponent(params.name ?? "");
		const channel = alerting.channels.byName.get(name);
		if (channel === undefined) return answerJson(headers, 404, { error: "No channel has this name." });
		const now = performance.now();
		tested = tested.filter((at) => now - at < 60_000);
		if (tested.length >= testsPerMinute) {
			const error = "Three tests a minute are enough; wait a little.";
			return answerJson(headers, 429, { error }, { "retry-after": "20" });
		}
		tested.push(now);
		const sent = await channel.send(composeTest(name, alerting.context()));
		tests.set(name, { at: clock(), error: sent.ok ? null : sent.reason });
		if (sent.ok) alerting.noteWorks(name);
		monitor.touch();
		if (isPage) return answer(headers, 303, null, { location: backTo(form.get("path") ?? "/alerts") });
		return answerJson(headers, sent.ok ? 200 : 502, sent.ok ? { channel: name, sent: true } : { error: sent.reason });
	};

	const signed = { opensTo: "own-signature", seesPeer: true } as const;
	return [
		{ method: "GET", path: "/alerts", class: "read", handler: alerts },
		{ method: "GET", path: "/api/alerts", class: "read", opensTo: "read-token", handler: api },
		{ method: "GET", path: "/alerts/link/:token", class: "read", ...signed, handler: askLink },
		{ method: "POST", path: "/alerts/link/:token", class: "write", ...signed, handler: followLink },
		{ method: "POST", path: "/channels/:name/test", class: "write", handler: testChannel },
	];
}

function shownAlert(db: Database | null, alert: Alert, open: readonly Alert[], settings: Settings): ShownAlert {
	const job = db === null || alert.jobId === 0 ? null : readJobById(db, alert.jobId);
	const refOf = (jobId: number): JobRef | null => (db === null || jobId === 0 ? null : readJobById(db, jobId));
	const spokenFor = open.filter(({ parentId }) => parentId === alert.id);
	return {
		...alert,
		job,
		title: job === null ? null : (settingsOf(settings, job)?.title ?? null),
		spokenFor: spokenFor.map((other) => ({ job: refOf(other.jobId), alert: other })),
	};
}

function shownDelivery({ body, dueAt, givenUpAt, isHeld, attempts, ...rest }: Delivery): ShownDelivery {
	const told = JSON.parse(body) as { job?: { name?: string } | null; sentence?: string };
	const about =
		told.sentence === undefined ? "The digest" : [told.job?.name ?? "Backup Monitor", told.sentence].join(": ");
	const { id, channel, event, createdAt, error } = rest;
	const heldUntil = isHeld && attempts === 0 ? dueAt : null;
	return {
		id,
		channel,
		event,
		about,
		createdAt,
		attempts,
		error,
		heldUntil,
		nextTryAt: givenUpAt === null ? dueAt : null,
	};
}

function words({ quietHours, digest }: Settings): Pick<AlertsPage, "quietHours" | "digest"> {
	const clockOf = (minute: number) =>
		`${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
	const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
	const passes = quietHours?.criticalPasses === true ? ", critical passes" : "";
	return {
		quietHours: quietHours === null ? null : `${clockOf(quietHours.from)}\u2013${clockOf(quietHours.to)}${passes}`,
		digest:
			digest === null
				? null
				: `${digest.weekday === null ? "daily" : days[digest.weekday - 1]} ${clockOf(digest.minute)}`,
	};
}

/** An alert as /api/alerts gives it; times are ISO 8601. */
function alertObject(alert: ShownAlert, zone: string): Record<string, unknown> {
	const time = (at: number | null) => (at === null ? null : formatInstant(at, zone));
	return {
		id: alert.id,
		job: alert.job?.name ?? null,
		slug: alert.job?.slug ?? null,
		host: alert.job?.host ?? null,
		kind: alert.kind,
		key: alert.key,
		severity: alert.severity,
		sentence: alert.sentence,
		run_id: alert.runId,
		opened_at: time(alert.openedAt),
		escalated_at: time(alert.escalatedAt),
		acknowledged_at: time(alert.acknowledgedAt),
		acknowledged_until: time(alert.acknowledgedUntil),
		snoozed_until: time(alert.snoozedUntil),
		resolved_at: time(alert.resolvedAt),
		resolution: alert.resolution,
		speaks_for: alert.spokenFor.flatMap(({ job }) => (job === null ? [] : [job.slug])),
	};
}
