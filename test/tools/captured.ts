// Reads the captured outputs under test/fixtures/tools and compares what an adapter makes of them with what they say.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../src/run.ts";
import { parseTimestamp } from "../../src/time.ts";
import type { ToolOutput, ToolRun } from "../../src/tools/tool.ts";

const folder = join(import.meta.dir, "../fixtures/tools");

type Expected = Record<string, unknown> & { kind: string; runs?: Expected[] };
type Request = { method: string; target: string; body: string };
export type Capture = {
	name: string;
	output: ToolOutput;
	expected: Expected | null;
	requests: Request[];
};

function read(path: string): string {
	return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** All captures of a tool. A status file or an environment stands in for the standard output. */
export function capturesOf(tool: string): Capture[] {
	const files = readdirSync(join(folder, tool));
	return files
		.filter((file) => file.endsWith(".meta.json"))
		.map((file) => {
			const name = file.slice(0, -".meta.json".length);
			const path = (end: string) => join(folder, tool, `${name}${end}`);
			const meta = JSON.parse(read(path(".meta.json")));
			const stream = (kind: string) => {
				const found = files.find((other) => other.startsWith(`${name}.${kind}.`));
				return found === undefined ? "" : read(join(folder, tool, found));
			};
			const expected = read(path(".expected.json"));
			return {
				name,
				output: {
					stdout: stream("stdout") || read(path(".json")) || read(path(".env")),
					stderr: stream("stderr"),
					exit: meta.exit_status ?? null,
					signal: meta.signal ?? null,
					receivedAt: Date.parse(meta.ended ?? "2026-11-23T03:00:00Z"),
					zone: meta.tz ?? "Europe/Berlin",
				},
				expected: expected === "" ? null : JSON.parse(expected),
				requests: read(path(".requests.jsonl"))
					.split("\n")
					.filter((line) => line !== "")
					.map((line) => JSON.parse(line)),
			};
		});
}

const outcomes: Record<string, Outcome> = {
	success: "success",
	warning: "warning",
	failed: "failure",
	running: "running",
};
const exact: Record<string, keyof ToolRun> = {
	size_bytes: "size",
	bytes_added: "bytesAdded",
	files_total: "filesTotal",
	files_new: "filesNew",
	files_changed: "filesChanged",
	snapshot_id: "snapshotId",
	repo: "repository",
	warnings: "warnings",
	error_category: "errorCategory",
	job: "jobName",
};

/** Every way in which a run differs from what is expected of it; [] where it does not. */
export function differences(run: ToolRun | undefined, expected: Expected, zone: string): string[] {
	if (run === undefined) return ["no run"];
	const found: string[] = [];
	const compare = (name: string, got: unknown, wanted: unknown) => {
		if (got !== wanted) found.push(`${name}: got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
	};
	compare("status", run.outcome, outcomes[String(expected.status)]);
	for (const [name, key] of Object.entries(exact)) if (name in expected) compare(name, run[key], expected[name]);
	if ("size_compressed" in expected) compare("size_compressed", run.metrics.compressed_size, expected.size_compressed);
	if ("archive" in expected) compare("archive", run.labels.archive, expected.archive);
	for (const [name, got] of [
		["started_at", run.startedAt],
		["ended_at", run.endedAt],
	] as const) {
		if (!(name in expected)) continue;
		const wanted = parseTimestamp(expected[name], zone);
		// Some are given to the second where the tool printed a fraction.
		const isClose = got !== null && wanted !== null && Math.abs(got - wanted) < 1000;
		if (!isClose) compare(name, got, wanted);
	}
	if ("duration_total" in expected) {
		const wanted = Number(expected.duration_total);
		if (run.duration === null || Math.abs(run.duration - wanted) > 1e-5)
			compare("duration_total", run.duration, wanted);
	}
	for (const [name, got] of [
		["size_bytes_approx", run.size],
		["bytes_added_approx", run.bytesAdded],
		["size_compressed_approx", run.metrics.compressed_size ?? null],
		["duration_borg_s", run.duration],
	] as const) {
		if (!(name in expected)) continue;
		const wanted = Number(expected[name]);
		if (got === null || Math.abs(got - wanted) > wanted * 0.01) compare(name, got, wanted);
	}
	const sentence = expected.error_message_contains;
	if (typeof sentence === "string" && !run.errorMessage?.includes(sentence))
		compare("error_message", run.errorMessage, sentence);
	return found;
}

/** Both streams in one body, as a pipe or `curl --data` delivers them. */
export function glued({ output }: Capture): ToolOutput {
	return { ...output, stdout: output.stdout + output.stderr, stderr: "" };
}

/** Standard error first and every line end before an object gone: `}{`. */
export function withoutNewlines({ output }: Capture): ToolOutput {
	return { ...output, stdout: (output.stderr + output.stdout).replaceAll("\n{", "{"), stderr: "" };
}

/** The runs that are expected; one for most, one a repository for a borgmatic with several. */
export function expectedRuns(expected: Expected): Expected[] {
	return expected.kind === "runs" ? (expected.runs ?? []) : [expected];
}
