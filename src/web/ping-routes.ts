// The protocols that existing clients speak: healthchecks pings, Uptime Kuma pushes, Gatus, the Prometheus Pushgateway.
// Each answers as its own server does, in status and words, because the clients look at both.
import { AppError } from "../errors.ts";
import { incomingOf } from "../ingest/incoming.ts";
import { freeId, loadBodyReader, makePing, type Ping } from "../ingest/ping.ts";
import { readGrouping, readMetricsText, reportOfPush } from "../ingest/pushgateway.ts";
import type { Make } from "../ingest/receive.ts";
import { TooManyJobs } from "../ingest/record.ts";
import type { Job } from "../job.ts";
import type { AppOptions } from "./app.ts";
import { lengthOf, readBody, readTail, receiving, TooLarge, TooMuch } from "./bodies.ts";
import { JobDirectory } from "./job-directory.ts";
import { answer } from "./respond.ts";
import type { Method, Peer, Route } from "./routes.ts";
import { opens } from "./tokens.ts";

const bodyKept = 100_000;
const metricsLimit = 1024 * 1024;
const plain = "text/plain; charset=utf-8";
/** A run id as Python's UUID() takes it: with its hyphens or without. */
const ridForm = /^(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const notReadYet = "The monitor cannot read its jobs at the moment. Try again in a few seconds.";
const slugForm = /^[a-z0-9_-]{1,64}$/;

/** Why a report was not taken, to be said in the protocol's form. */
type NamedJob = Pick<Job, "name" | "host">;
type Refusal = { status: 400 | 422 | 429 | 503; message: string; more: Record<string, string> };

export function pingRoutes(options: AppOptions, headers: Record<string, string>): Route[] {
	const { monitor, config, entry, clock } = options;
	const directory = new JobDirectory(options);

	/** Sends a report to the store; null once it is durable. */
	const take = async (road: string, job: NamedJob, peer: Peer, make: Make): Promise<Refusal | null> => {
		const makesJob = directory.isNew(job);
		const wait = makesJob ? entry.newJobWait(peer.client.address) : 0;
		if (wait > 0) return { status: 429, message: "too many new jobs", more: { "retry-after": String(wait) } };
		try {
			await monitor.receive(road, make);
			return null;
		} catch (error) {
			if (makesJob) entry.jobNotMade(peer.client.address);
			if (error instanceof TooManyJobs) return { status: 422, message: `the report ${error.message}`, more: {} };
			if (!(error instanceof AppError)) throw error;
			if (error.code === "invalid") return { status: 400, message: error.message, more: {} };
			return { status: 503, message: "the report could not be stored", more: {} };
		}
	};

	const text = (status: number, body: string, more: Record<string, string> = {}) =>
		answer(headers, status, body, { "content-type": plain, ...more });
	const pinged = (status: number, body: string, more: Record<string, string> = {}) =>
		text(status, body, { "access-control-allow-origin": "*", "ping-body-limit": String(bodyKept), ...more });
	const later = { "retry-after": "5" };
	const tired = (wait: number) => pinged(429, "rate limited", { "retry-after": String(wait) });

	/** `/ping/{uuid}[/action]` and `/ping/{key}/{slug}[/action]`. */
	const ping = async (request: Request, params: Record<string, string>, peer: Peer): Promise<Response> => {
		// The router has decoded them, and has null for what it cannot decode.
		const parts = [params.a, params.b, params.c].filter((part) => part !== undefined).map((part) => part ?? "");
		// A token may look like a UUID (uuidgen): then it is the key it is.
		const isKey = !entry.tokens.isOpen && entry.tokens.grant(parts[0] ?? null) !== null;
		const isUuid = !isKey && uuidForm.test((parts[0] ?? "").toLowerCase());
		const [address = "", slug = ""] = isUuid ? [parts[0]] : parts;
		const action = actionOf(isUuid ? parts[1] : parts[2]);
		if (action === null || parts.length > (isUuid ? 2 : 3)) return pinged(400, "invalid url format");
		if (!isUuid && (parts.length < 2 || !slugForm.test(slug)))
			return pinged(parts.length < 2 ? 404 : 400, parts.length < 2 ? "not found" : "invalid url format");
		const rid = peer.search.get("rid");
		if (rid !== null && !ridForm.test(rid.toLowerCase())) return pinged(400, "invalid uuid format");

		const admission = isUuid ? null : entry.admit(request, address, peer.client, { fromPage: true });
		if (admission !== null && !admission.ok) {
			if (admission.status === 429) return tired(admission.retryAfter ?? 1);
			if (admission.status === 503) return pinged(503, admission.message, later);
			return admission.status === 403 ? pinged(403, "forbidden") : pinged(404, "not found");
		}
		const job = isUuid ? directory.byUuid(address.toLowerCase()) : directory.bySlug(slug);
		if (isUuid && job === null) {
			// A client that is told "not found" does not try again.
			if (!directory.knowsAddresses) return pinged(503, notReadYet, later);
			const wait = entry.refuse(peer.client.address);
			return wait > 0 ? tired(wait) : pinged(404, "not found");
		}
		const named = job ?? { name: slug, host: "", slug };
		if (admission !== null && !opens(admission.grant, () => directory.addressesOf(named)))
			return pinged(404, "not found");
		const hasBody = request.method !== "GET" && request.method !== "HEAD";
		const body = hasBody ? await receivedTail(request) : "";
		if (body === null) return pinged(503, "too much is being received", later);
		if (body !== "") await loadBodyReader();
		const told: Ping = { job: named, ...action, rid: hyphenated(rid), body };
		const refusal = await take("ping", named, peer, makePing(told, config.zone));
		return refusal === null ? pinged(200, "OK") : pinged(refusal.status, refusal.message, refusal.more);
	};

	/** `/api/push/{token}?status=&msg=&ping=` */
	const kuma = async (_request: Request, params: Record<string, string>, peer: Peer): Promise<Response> => {
		const failed = (status: number, msg: string, more = {}) => answerKuma(status, { ok: false, msg }, more);
		const job = directory.byKumaToken(params.token ?? "");
		if (job === null) {
			if (!directory.knowsAddresses) return failed(503, notReadYet, later);
			const wait = entry.refuse(peer.client.address);
			if (wait > 0) return failed(429, "Too many wrong tokens.", { "retry-after": String(wait) });
			return failed(404, "Monitor not found or not active.");
		}
		const given = peer.search.get("ping") ?? "";
		const pingMs = given === "" ? null : Number(given);
		if (pingMs !== null && !(pingMs >= 0 && pingMs <= 1e11)) return failed(404, "Invalid ping value.");
		const message = peer.search.get("msg") || "OK";
		const isUp = (peer.search.get("status") ?? "up") === "up";
		const word = !isUp ? "failure" : message.trim().toLowerCase() === "start" ? "start" : "success";
		const metrics = pingMs === null ? {} : { ping_ms: pingMs };
		const told: Ping = { job, word, exit: null, rid: null, body: "", message, metrics };
		const refusal = await take("kuma", job, peer, makePing(told, config.zone));
		return refusal === null ? answerKuma(200, { ok: true }) : failed(refusal.status, refusal.message, refusal.more);
	};
	const answerKuma = (status: number, body: object, more: Record<string, string> = {}) =>
		answer(headers, status, JSON.stringify(body), { "content-type": "application/json; charset=utf-8", ...more });

	/** `/api/v1/endpoints/{group}_{name}/external?success=&error=&duration=`, as Gatus takes it. */
	const gatus = async (request: Request, params: Record<string, string>, peer: Peer): Promise<Response> => {
		const success = peer.search.get("success");
		if (success !== "true" && success !== "false") return text(400, "missing or invalid success query parameter");
		const header = request.headers.get("authorization") ?? "";
		if (!header.startsWith("Bearer ")) return text(401, "invalid Authorization header");
		const admission = entry.admit(request, header.slice(7).trim(), peer.client, { fromPage: false });
		if (!admission.ok) {
			const retry: Record<string, string> =
				admission.retryAfter === null ? {} : { "retry-after": String(admission.retryAfter) };
			return text(admission.status, admission.status === 401 ? "invalid token" : admission.message, retry);
		}
		const key = (params.key ?? "").replace(/^_/, "");
		if (key === "" || key.length > 64) return text(404, "not found");
		const job = directory.bySlug(key) ?? { name: key, host: "", slug: key };
		if (!opens(admission.grant, () => directory.addressesOf(job))) return text(404, "not found");
		const duration = durationOf(peer.search.get("duration"));
		if (duration === undefined) return text(400, "invalid duration");
		const refusal = await take("gatus", job, peer, (known, now) => [
			incomingOf(
				{
					timestamp: new Date(now - Math.round((duration ?? 0) * 1000)).toISOString(),
					backup_id: freeId(known, { job }, new Date(now).toISOString()),
					job: job.name,
					...(job.host !== "" && { host: job.host }),
					success: success === "true",
					...(duration !== null && { duration_total: duration }),
					...(success === "false" && { error_category: "unknown", error_message: peer.search.get("error") }),
				},
				config.zone,
			),
		]);
		return refusal === null ? text(200, "") : text(refusal.status, refusal.message, refusal.more);
	};

	/** `/metrics/job/{job}/{label}/{value}…`, as the Prometheus Pushgateway takes it. */
	const pushgateway = async (request: Request, _params: Record<string, string>, peer: Peer): Promise<Response> => {
		const labels = readGrouping(peer.path.slice("/metrics/".length));
		if (labels === null) return text(400, "job name is required");
		const name = labels.get("job") ?? "";
		const job = { name, host: labels.get("instance") ?? "" };
		if (!opens(peer.grant, () => directory.addressesOf(job))) return text(403, "forbidden");
		if (request.method === "DELETE") return text(202, "");
		if (/^application\/vnd\.google\.protobuf/i.test(request.headers.get("content-type") ?? ""))
			return text(415, "protobuf is not understood here; push the text format 0.0.4");
		let body: string;
		try {
			body = (await receiving(lengthOf(request), () => readBody(request, metricsLimit))).toString("utf8");
		} catch (error) {
			if (error instanceof TooLarge) return text(413, error.message);
			if (error instanceof TooMuch) return text(503, error.message, later);
			throw error;
		}
		const read = readMetricsText(body);
		if (!read.ok) return text(400, read.message);
		// Asked once before its turn: what says nothing of success makes no run, and so no job.
		if (reportOfPush(labels, read.samples, clock()) === null) return text(200, "");
		const refusal = await take("pushgateway", job, peer, (_known, now) => {
			const report = reportOfPush(labels, read.samples, now);
			return report === null ? [] : [incomingOf(report, config.zone)];
		});
		return refusal === null ? text(200, "") : text(refusal.status, refusal.message, refusal.more);
	};

	const methods: Method[] = ["GET", "POST", "PUT"];
	const shared = { class: "push", token: "path", bodyLimit: 64 * 1024 * 1024 } as const;
	const table: Route[] = [];
	for (const method of methods) {
		for (const path of ["/ping/:a", "/ping/:a/:b", "/ping/:a/:b/:c"]) {
			table.push({ ...shared, method, path, handler: ping });
		}
	}
	for (const method of methods) {
		table.push({ ...shared, bodyLimit: 32 * 1024, method, path: "/api/push/:token", handler: kuma });
	}
	const gatusPath = "/api/v1/endpoints/:key/external";
	table.push({ ...shared, bodyLimit: 32 * 1024, method: "POST", path: gatusPath, handler: gatus });
	for (const method of ["POST", "PUT", "DELETE"] as const) {
		for (const path of [
			"/metrics/:job/:name",
			"/metrics/:job/:name/:l1/:v1",
			"/metrics/:job/:name/:l1/:v1/:l2/:v2",
			"/metrics/:job/:name/:l1/:v1/:l2/:v2/:l3/:v3",
		]) {
			table.push({ ...shared, token: "request", bodyLimit: metricsLimit, method, path, handler: pushgateway });
		}
	}
	return table;
}

/** The end of a ping's body; null where there is no room for it beside the others that are being received. */
async function receivedTail(request: Request): Promise<string | null> {
	// What is kept while it comes in is four times what is kept in the end.
	const most = Math.min(lengthOf(request), bodyKept * 4);
	return receiving(most, () => readTail(request, bodyKept)).catch((error) => {
		if (error instanceof TooMuch) return null;
		throw error;
	});
}

function hyphenated(rid: string | null): string | null {
	const parts = /^(.{8})-?(.{4})-?(.{4})-?(.{4})-?(.{12})$/.exec(rid?.toLowerCase() ?? "");
	return parts === null ? null : parts.slice(1).join("-");
}

/** What stands behind the job in a ping's path; null for what no client sends. */
function actionOf(action: string | undefined): Pick<Ping, "word" | "exit"> | null {
	if (action === undefined || action === "") return { word: "success", exit: null };
	if (action === "start" || action === "log") return { word: action, exit: null };
	if (action === "fail") return { word: "failure", exit: null };
	if (!/^\d{1,3}$/.test(action) || Number(action) > 255) return null;
	return { word: action === "0" ? "success" : "failure", exit: Number(action) };
}

/** A Go duration ("10s", "1m30s", "250ms") in seconds; null when not given, undefined when it is none. */
function durationOf(text: string | null): number | null | undefined {
	if (text === null || text === "") return null;
	if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
	const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };
	let seconds = 0;
	for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)) {
		seconds += Number(value) * (units[unit ?? "s"] ?? 1);
	}
	// Longer than thirty years is no duration, and no date could be reckoned from it.
	return seconds < 1e9 ? seconds : undefined;
}
