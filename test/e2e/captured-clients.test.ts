// Every request that real clients were seen to send, sent again to the compiled server: what is answered, what is stored.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { parseTimestamp } from "../../src/time.ts";
import { readTokens, type Tokens } from "../../src/web/tokens.ts";
import { cleanUp, runCommand, type Started, startServer } from "../binary.ts";

const fixtures = join(import.meta.dir, "../fixtures");
type Request = { method: string; target: string; headers: [string, string][]; body?: string; body_base64?: string };
// biome-ignore lint/suspicious/noExplicitAny: JSON of the fixtures and of the API
type Fields = Record<string, any>;
type Capture = { tool: string; name: string; job: string; requests: Request[]; expected: Fields | null; zone: string };

const captures = ["clients", "tools", "prometheus"].flatMap((folder) =>
	[...new Bun.Glob("**/*.requests.jsonl").scanSync({ cwd: join(fixtures, folder) })].sort().map((file): Capture => {
		const base = join(fixtures, folder, file.slice(0, -".requests.jsonl".length));
		const json = (end: string) => (existsSync(base + end) ? JSON.parse(readFileSync(base + end, "utf8")) : null);
		const tool = folder === "prometheus" ? folder : dirname(file);
		const name = basename(base);
		return {
			tool,
			name,
			job: `${tool}-${name}`.toLowerCase().replace(/[^a-z0-9]+/g, "-"),
			requests: readFileSync(`${base}.requests.jsonl`, "utf8")
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line)),
			expected: json(".expected.json"),
			zone: json(".meta.json")?.tz ?? "Europe/Berlin",
		};
	}),
);

let server: Started;
let tokens: Tokens;
let token: string;

beforeAll(async () => {
	server = await startServer({ env: { RETENTION_DAYS: "36500", TZ: "Europe/Berlin" } });
	tokens = readTokens(readConfig({ DATA_DIR: server.dataDir }));
	token = (await runCommand(["token"], { dataDir: server.dataDir })).out.trim();
});
afterAll(cleanUp);

/** The report that makes a job, so that it has an address. */
const before = "before";
const kumaJob = (job: string) => `${job}-kuma`;

async function makeJobs(names: string[]): Promise<void> {
	const body = names.map((job) =>
		JSON.stringify({ job, backup_id: before, timestamp: "2026-11-01T00:00:00Z", success: true }),
	);
	const headers = { authorization: `Bearer ${token}` };
	expect((await server.get("/api/runs", { method: "POST", body: body.join("\n"), headers })).status).toBe(200);
}

/** Where a request goes here, and the one status its client is happy with; null for receivers that the monitor is not. */
function addressed({ target }: Request, { job, expected }: Capture): { path: string; status: number } | null {
	const [, search = ""] = target.split("?", 2);
	const path = target.split("?", 1)[0] ?? "";
	const more = search === "" ? "" : `?${search}`;
	const byUuid = /^\/ping\/[0-9a-f]{8}-[0-9a-f-]{27}(\/.*)?$/.exec(path);
	if (byUuid !== null)
		return { path: `/ping/${tokens.uuidOf({ name: job, host: "" })}${byUuid[1] ?? ""}${more}`, status: 200 };
	const bySlug = /^\/ping\/[^/]+\/[^/]+(\/.*)?$/.exec(path);
	if (bySlug !== null) return { path: `/ping/${token}/${job}${bySlug[1] ?? ""}${more}`, status: 200 };
	if (path.startsWith("/api/push/"))
		return { path: `/api/push/${tokens.kumaTokenOf({ name: kumaJob(job), host: "" })}${more}`, status: 200 };
	const ingest = /^\/api\/ingest\/(\w+)$/.exec(path);
	if (ingest !== null) {
		const query = new URLSearchParams(search);
		query.set("token", token);
		// Reports that name their job are left to do so.
		if (expected?.job === undefined) query.set("job", job);
		return { path: `/ingest/${ingest[1]}?${query}`, status: 200 };
	}
	if (path === "/api/metrics") return { path: `/api/jobs/${job}/runs?token=${token}`, status: 200 };
	if (path === "/metrics") return { path: `/metrics${more}`, status: 200 };
	if (path === "/api/metrics/prometheus") return { path: "/api/metrics", status: 200 };
	if (path.startsWith("/metrics/job/"))
		return { path: `${path.replace("/job/backup", `/job/${job}`)}?token=${token}`, status: 200 };
	// ntfy, Apprise and Loki receivers, which stood beside the monitor when this was captured.
	if (/^\/(?:ntfy\/|apprise$|loki\/|backups$)/.test(path)) return null;
	throw new Error(`no address here for ${target}`);
}

const ofTheConnection = new Set(["host", "content-length", "connection", "transfer-encoding", "accept-encoding"]);

async function replay(capture: Capture): Promise<Response[]> {
	const answers: Response[] = [];
	for (const request of capture.requests) {
		const to = addressed(request, capture);
		if (to === null) continue;
		const body = request.body_base64 === undefined ? request.body : Buffer.from(request.body_base64, "base64");
		const response = await server.get(to.path, {
			method: request.method,
			headers: request.headers.filter(([name]) => !ofTheConnection.has(name.toLowerCase())),
			...(request.method !== "GET" && request.method !== "HEAD" && { body: body ?? "" }),
		});
		expect([request.method, to.path, response.status]).toEqual([request.method, to.path, to.status]);
		answers.push(response);
	}
	return answers;
}

async function runsOf(job: string): Promise<Fields[]> {
	const { runs = [] } = await server.json(`/api/runs?limit=50&job=${encodeURIComponent(job)}`);
	return runs.filter((run: Fields) => run.backup_id !== before).reverse();
}

const outcomes: Fields = { success: "success", warning: "warning", failed: "failure", running: "running" };
const named: Record<string, string> = { repo: "repository" };
const sameNames =
	"size_bytes bytes_added files_total files_new files_changed snapshot_id repo warnings error_category job";

/** Every way in which a stored run differs from what is expected of it. */
function differences(run: Fields, expected: Fields, capture: Capture): string[] {
	const found: string[] = [];
	const compare = (name: string, got: unknown, wanted: unknown) => {
		if (got !== wanted) found.push(`${name}: stored ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
	};
	compare("status", run.outcome, outcomes[expected.status]);
	compare("success", run.success, expected.success);
	for (const name of sameNames.split(" "))
		if (name in expected) compare(name, run[named[name] ?? name], expected[name]);
	for (const name of ["files_deleted", "files_transferred", "bytes_transferred", "bytes_sent"]) {
		if (name in expected) compare(name, run.metrics[name], expected[name]);
	}
	if ("archive" in expected) compare("archive", run.labels.archive, expected.archive);
	if ("host" in expected) compare("host", run.host || run.labels.tool_host, expected.host);
	for (const [name, got] of [
		["size_bytes_approx", run.size_bytes],
		["bytes_added_approx", run.bytes_added],
		["size_compressed_approx", run.metrics.compressed_size ?? null],
	] as const) {
		if (!(name in expected)) continue;
		if (got === null || Math.abs(got - expected[name]) > expected[name] * 0.01) compare(name, got, expected[name]);
	}
	const sentence = expected.error_message_contains;
	if (typeof sentence === "string" && !run.error_message?.includes(sentence))
		compare("error", run.error_message, sentence);
	// Between pings the time here is that of the replay: what the tool says of itself counts where no start came.
	const hasStart = capture.requests.some(({ target }) => /\/start(?:\?|$)/.test(target));
	if (hasStart && run.outcome !== "running") {
		if (!(run.duration_total >= 0 && run.duration_total < 10))
			found.push(`duration between pings: ${run.duration_total}`);
	} else if ("duration_total" in expected && Math.abs(run.duration_total - expected.duration_total) > 0.001) {
		compare("duration_total", run.duration_total, expected.duration_total);
	} else if (!hasStart && !("duration_total" in expected)) compare("duration_total", run.duration_total, null);
	if ("started_at" in expected && !hasStart) {
		const wanted = parseTimestamp(expected.started_at, capture.zone);
		if (Math.abs(Date.parse(run.started_at) - (wanted ?? 0)) > 1000) compare("started_at", run.started_at, wanted);
	}
	return found;
}

/** Where an expectation is judged wrong, what holds instead and why. */
const corrections: Record<string, Fields> = {};

/** Captures that come without an expectation. */
const unwritten: Record<string, Fields> = {
	"json-post": { kind: "run", status: "success", success: true, size_bytes: 123, duration_total: 12 },
	"pushgateway-curl": { kind: "run", status: "success", success: true, size_bytes: 5_312_442, duration_total: 61.5 },
};

for (const tool of new Set(captures.map((capture) => capture.tool))) {
	describe(tool, () => {
		for (const capture of captures.filter((one) => one.tool === tool)) {
			test(capture.name, async () => {
				await makeJobs([capture.job, kumaJob(capture.job)]);
				const answers = await replay(capture);
				if (tool === "prometheus") {
					for (const answer of answers)
						expect(answer.headers.get("content-type")).toMatch(
							/^(?:application\/openmetrics-text|text\/plain); version=/,
						);
					expect(answers).toHaveLength(capture.requests.length);
					return;
				}
				const expected = { ...(capture.expected ?? unwritten[capture.name]), ...corrections[capture.name] };
				// An instance is a host, and two jobs of one name are told apart by it.
				const slug = capture.name === "pushgateway-curl" ? `${capture.job}-pi` : capture.job;
				const stored = await runsOf(expected.job ?? slug);
				const pushed = await runsOf(kumaJob(capture.job));
				const toKuma = capture.requests.filter(({ target }) => target.startsWith("/api/push/"));
				if (capture.name === "kuma-push") {
					expect(pushed.map(({ outcome, error_message }) => [outcome, error_message])).toEqual([
						["success", null],
						["failure", "rsync failed: exit 23"],
					]);
					return;
				}
				if (toKuma.length > 0) {
					// The same run by the other protocol: opened by msg=start, closed by the second push, where that came.
					const last = toKuma.at(-1)?.target ?? "";
					const outcome = last.includes("status=down") ? "failure" : last.includes("msg=start") ? "running" : "success";
					expect(pushed.map((run) => run.outcome)).toEqual([outcome]);
				}
				switch (expected.kind) {
					case "run":
						expect(stored.map((run) => differences(run, expected, capture))).toEqual([[]]);
						break;
					case "runs":
						// Tells of the printed JSON; borgmatic sends pings without bodies then.
						expect(stored.map(({ outcome, size_bytes }) => [outcome, size_bytes])).toEqual([["success", null]]);
						break;
					case "ambiguous":
						expect(stored.map(({ outcome, size_bytes }) => [outcome, size_bytes])).toEqual([["success", null]]);
						break;
					case "sequence":
						expect(stored.map(({ outcome }) => outcome)).toEqual(
							expected.statuses.map((status: string) => outcomes[status]),
						);
						break;
					case "not_a_backup":
						expect(stored.filter(({ kind }) => kind === "backup")).toEqual([]);
						if (expected.alarm !== undefined) expect(stored).toMatchObject([{ error_category: expected.alarm }]);
						break;
					case "alarm":
						expect(stored).toHaveLength(1);
						expect(stored[0]).toMatchObject({ outcome: outcomes[expected.status], success: expected.success });
						expect(stored[0]?.error_message).toContain(expected.error_message_contains);
						break;
					default:
						expect(capture.name).toBe("ntfy-curl");
						expect([...stored, ...pushed]).toEqual([]);
				}
			});
		}
	});
}

test("all of them were sent, and the addresses are those that the command prints", async () => {
	expect(captures.length).toBeGreaterThanOrEqual(61);
	const { out } = await runCommand(["token", "--job", "backrest-hc-success"], { dataDir: server.dataDir });
	const job = { name: "backrest-hc-success", host: "" };
	expect(out).toBe(`uuid ${tokens.uuidOf(job)}\nkuma ${tokens.kumaTokenOf(job)}\n`);
	expect(server.log()).not.toContain("internal error");
	expect((await server.stop()).code).toBe(0);
});
