// Reports pushed as JSON, and tool output to be read by its adapter: what was stored is what is answered.
import { AppError, InvalidReport } from "../errors.ts";
import { type Incoming, incomingOf } from "../ingest/incoming.ts";
import type { Receipt } from "../ingest/receive.ts";
import { TooManyJobs } from "../ingest/record.ts";
import { answerOf, reportsOf } from "../ingest/tool-report.ts";
import type { Job } from "../job.ts";
import { limits } from "../report-fields.ts";
import type { RunReport } from "../run.ts";
import { signalOf } from "../signal.ts";
import type { ToolRun } from "../tools/tool.ts";
import type { AppOptions } from "./app.ts";
import { lengthOf, readBody, receiving, TooLarge, TooMuch } from "./bodies.ts";
import { JobDirectory } from "./job-directory.ts";
import { readOutput } from "./output-body.ts";
import { answerJson, jsonType } from "./respond.ts";
import type { Peer, Route } from "./routes.ts";
import { opens } from "./tokens.ts";

const pushLimit = 1024 * 1024;
const outputLimit = 64 * 1024 * 1024;

/** Senders of free text and unit environments, which the generic adapter reads. */
const aliases = new Map(
	["truenas", "synology", "systemd", "sanoid", "bup", "dar", "urbackup", "timemachine"].map((name) => [
		name,
		"generic",
	]),
);

type Headers_ = Record<string, string>;

export function pushRoutes(options: AppOptions, headers: Headers_): Route[] {
	const { monitor, config, clock, entry } = options;
	const directory = new JobDirectory(options);
	// Made once: a dozen headers cost more than the rest of an answer.
	const ready = new Headers({ ...headers, "cache-control": "no-store", "content-type": jsonType });

	/** A token for one job reports for that job only, and jobs are not made by the hundred. */
	const check = ({ grant, client }: Peer, incoming: Incoming[]): { makesJob: boolean } => {
		for (const { report } of incoming) {
			if (!opens(grant, () => directory.addressesOf({ name: report.job, host: report.host }))) {
				throw new AppError("denied", "This token is for another job.");
			}
		}
		const isNew = ({ job: name, host }: RunReport) => directory.isNew({ name, host });
		const makesJob = incoming.some(({ report }) => isNew(report));
		const wait = makesJob ? entry.newJobWait(client.address) : 0;
		if (wait > 0) throw new TooOften(wait);
		return { makesJob };
	};

	/** Journals and stores, and answers what was stored in the words of `answerOf`. */
	const store = async (road: string, incoming: Incoming[], ignored: { reason: string }[]): Promise<Response> => {
		const receipt: Receipt =
			incoming.length === 0 ? { state: "stored", reports: [] } : await monitor.receive(road, () => incoming);
		const runs = receipt.reports.map(answerOf);
		const status = receipt.state === "stored" ? 200 : 202;
		return new Response(`${JSON.stringify({ runs, ignored })}\n`, { status, headers: ready });
	};

	const take = async (peer: Peer, road: string, incoming: Incoming[], ignored: { reason: string }[]) => {
		const { makesJob } = check(peer, incoming);
		try {
			return await store(road, incoming, ignored);
		} catch (error) {
			if (makesJob) entry.jobNotMade(peer.client.address);
			throw error;
		}
	};

	const push = async (request: Request, address: string | null, peer: Peer): Promise<Response> => {
		// The router has null for what it cannot decode.
		if (address?.trim() === "") throw new AppError("missing", "The path names no job.");
		const values = readValues(await readText(request, pushLimit));
		const job = address === null ? null : jobAt(directory.find(address), address);
		const incoming = values.map((value, index) => {
			const at = values.length === 1 ? null : index;
			return incomingOf(job === null ? value : inJob(value, job, at), config.zone, at);
		});
		return take(peer, "push", incoming, []);
	};

	const ingest = async (request: Request, name: string, search: URLSearchParams, peer: Peer): Promise<Response> => {
		const { recogniseTool, toolNamed, tools } = await import("../tools/registry.ts");
		const tool = name === "auto" ? null : toolNamed(aliases.get(name) ?? name);
		if (tool === null && name !== "auto") {
			const known = tools.map((one) => one.name).join(", ");
			throw new AppError("missing", `There is no adapter for this tool; there are auto, ${known}.`);
		}
		const parts = await readOutput(request, outputLimit);
		const told = (field: string) => search.get(field) || parts.fields.get(field) || null;
		const output = {
			// Notification rules of a NAS can only fill in an address: the text stands in the query then.
			stdout: parts.stdout || (told("text") ?? ""),
			stderr: parts.stderr,
			exit: exitOf(told("exit")),
			signal: signalNamed(told("signal")),
			receivedAt: clock(),
			zone: config.zone,
		};
		const reading = (tool ?? recogniseTool(output)).read(output);
		const asked = told("job");
		const found = asked === null ? null : directory.find(asked);
		const context = {
			host: told("host") ?? found?.host ?? "",
			now: output.receivedAt,
			zone: config.zone,
			exit: output.exit,
			signal: output.signal,
			text: [output.stdout, output.stderr].filter(Boolean).join("\n"),
			backupId: told("rid") ?? undefined,
		};
		// A report that names its jobs itself (a status file with several profiles) is told apart by them.
		const jobs = new Map<string, ToolRun[]>();
		for (const run of reading.runs) {
			const job = found?.name ?? asked ?? run.jobName ?? "default";
			jobs.set(job, [...(jobs.get(job) ?? []), run]);
		}
		const reports = [...jobs].flatMap(([job, runs]) => reportsOf({ ...reading, runs }, { ...context, job }));
		const incoming = reports.map((report) => incomingOf(report, config.zone));
		return take(peer, `ingest/${reading.tool}`, incoming, reading.ignored);
	};

	const guarded =
		(work: (request: Request, params: Record<string, string>, peer: Peer) => Promise<Response>) =>
		async (request: Request, params: Record<string, string>, peer: Peer): Promise<Response> => {
			try {
				return await work(request, params, peer);
			} catch (error) {
				return answerError(headers, error);
			}
		};

	const shared = { class: "push", token: "request" } as const;
	return [
		{
			...shared,
			method: "POST",
			path: "/api/runs",
			isDirect: true,
			bodyLimit: pushLimit,
			handler: guarded((request, _params, peer) => push(request, null, peer)),
		},
		{
			...shared,
			method: "POST",
			path: "/api/jobs/:job/runs",
			bodyLimit: pushLimit,
			handler: guarded((request, params, peer) => push(request, params.job ?? "", peer)),
		},
		// GET: the notification rules of a NAS may know nothing else.
		...(["POST", "GET"] as const).map((method) => ({
			...shared,
			method,
			path: "/ingest/:tool",
			bodyLimit: outputLimit,
			handler: guarded((request, params, peer) => ingest(request, params.tool ?? "", peer.search, peer)),
		})),
	];
}

/** The body. One that says how long it is comes in one piece: a stream's buffers are 320 KB, and a collection every other push. */
async function readText(request: Request, limit: number): Promise<string> {
	return receiving(lengthOf(request), async () => {
		const length = Number(request.headers.get("content-length") ?? 0);
		const text = length > 0 && length <= limit ? await request.text() : "";
		// A request that is routed under another address leaves its body with the original.
		return text === "" ? (await readBody(request, limit)).toString("utf8") : text;
	});
}

/** One object, an array of them, or one a line: by what it looks like, whatever the content type says. */
function readValues(text: string): unknown[] {
	const trimmed = text.replace(/^\ufeff/, "").trim();
	if (trimmed === "")
		throw new AppError("invalid", "The body is empty; expected a JSON object, an array, or one object a line.");
	if (bracketsIn(trimmed) > deepest && depthOf(trimmed) > deepest)
		throw new AppError("invalid", `The body is nested over ${deepest} levels deep.`);
	try {
		const value: unknown = JSON.parse(trimmed);
		if (Array.isArray(value) && value.length === 0) throw new AppError("invalid", "The array is empty.");
		return Array.isArray(value) ? value : [value];
	} catch (error) {
		if (error instanceof AppError) throw error;
	}
	const lines = trimmed.split("\n").filter((line) => line.trim() !== "");
	return lines.map((line, index) => {
		try {
			return JSON.parse(line) as unknown;
		} catch {
			const where = lines.length === 1 ? "The body" : `Line ${index + 1}`;
			throw new AppError("invalid", `${where} is not JSON.`);
		}
	});
}

const deepest = 64;

/** Bounds how deep they can be nested, without a look at each character. */
function bracketsIn(text: string): number {
	return text.split("{").length + text.split("[").length - 2;
}

/** How deep brackets are nested: JSON.parse reads any depth, and what comes after it takes seconds over 100,000 levels. */
function depthOf(text: string): number {
	let depth = 0;
	let most = 0;
	let isString = false;
	for (let at = 0; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (isString) {
			if (code === 92) at++;
			else if (code === 34 || code === 10) isString = false;
		} else if (code === 34) isString = true;
		else if (code === 91 || code === 123) most = Math.max(most, ++depth);
		else if (code === 93 || code === 125) depth--;
	}
	return most;
}

function jobAt(found: Job | null, address: string): Pick<Job, "name" | "host"> & { slug: string } {
	const name = address.trim();
	if (found !== null) return found;
	// The fallback for a bad name in a file would put the run into another job.
	if (name.length < 1 || name.length > limits.name) {
		throw new AppError("invalid", `The job in the path is not 1 to ${limits.name} characters of text.`);
	}
	return { name, host: "", slug: name };
}

/** The job is said by the path; a body that names another one is a mistake. */
function inJob(value: unknown, job: { name: string; host: string; slug: string }, index: number | null): unknown {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
	const named = "job" in value ? value.job : undefined;
	const text = String(named ?? job.name).trim();
	if (text !== job.name && text !== job.slug) {
		throw new InvalidReport({ index, field: "job", reason: "in the body is not the job of the path" });
	}
	const host = "host" in value && value.host ? value.host : job.host;
	return { ...value, job: job.name, ...(host !== "" && { host }) };
}

function signalNamed(text: string | null): string | null {
	if (text === null) return null;
	const name = signalOf(text);
	if (name === null) throw new AppError("invalid", "signal is not a name such as SIGKILL, nor a number.");
	return name;
}

function exitOf(text: string | null): number | null {
	if (text === null || text === "") return null;
	const exit = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
	if (exit <= 255) return exit;
	throw new AppError("invalid", "exit is not a number from 0 to 255.");
}

class TooOften extends AppError {
	readonly wait: number;

	constructor(wait: number) {
		super("denied", "Too many new jobs from this address.");
		this.wait = wait;
	}
}

export function answerError(headers: Headers_, error: unknown): Response {
	if (error instanceof TooLarge) return answerJson(headers, 413, { error: error.message });
	if (error instanceof TooOften) {
		return answerJson(headers, 429, { error: error.message }, { "retry-after": String(error.wait) });
	}
	if (error instanceof TooMuch) return answerJson(headers, 503, { error: error.message }, { "retry-after": "5" });
	if (error instanceof TooManyJobs) return answerJson(headers, 422, { error: `The report ${error.message}.` });
	if (error instanceof InvalidReport) return answerJson(headers, 422, { error: error.message, ...error.details });
	if (!(error instanceof AppError)) throw error;
	const status = { invalid: 422, missing: 404, full: 507, denied: 403, usage: 400, conflict: 409, unavailable: 503 };
	return answerJson(headers, status[error.code], { error: error.message });
}
