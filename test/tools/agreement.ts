// Drives every captured output of a tool through its adapter: as two streams, as one body in either order, as a request.
import { expect, test } from "bun:test";
import type { Tool, ToolOutput, ToolReading } from "../../src/tools/tool.ts";
import { type Capture, capturesOf, differences } from "./captured.ts";

const measured: Record<string, string> = {
	files_checked: "files_checked",
	files_deleted: "files_deleted",
	files_transferred: "files_transferred",
	bytes_transferred: "bytes_transferred",
	bytes_sent: "bytes_sent",
	errors: "errors",
};

/** What an expectation says beyond the common measures; [] where the run agrees. */
export function disagreements(
	reading: ToolReading,
	expected: Record<string, unknown> & { kind: string },
	zone: string,
): string[] {
	const backups = reading.runs.filter((run) => run.kind === "backup");
	if (expected.kind !== "run") {
		return backups.length === 0 ? [] : [`${expected.kind}: got ${backups.length} backup runs`];
	}
	const [run, ...others] = reading.runs;
	const found = differences(run, expected, zone);
	if (run === undefined) return found;
	if (others.length > 0) found.push(`${reading.runs.length} runs`);
	for (const [name, metric] of Object.entries(measured)) {
		if (name in expected && run.metrics[metric] !== expected[name]) found.push(`${name}: got ${run.metrics[metric]}`);
		const about = expected[`${name}_approx`];
		if (typeof about === "number" && Math.abs((run.metrics[metric] ?? Number.NaN) - about) > about * 0.01)
			found.push(`${name}_approx`);
	}
	for (const [name, instant] of [
		["started_at_epoch", run.startedAt],
		["ended_at_epoch", run.endedAt],
	] as const) {
		if (name in expected && (instant === null || Math.abs(instant / 1000 - Number(expected[name])) > 0.01))
			found.push(name);
	}
	if ("host" in expected && run.host !== expected.host) found.push(`host: got ${run.host}`);
	if (Array.isArray(expected.paths) && run.labels.path !== expected.paths[0])
		found.push(`paths: got ${run.labels.path}`);
	if ("run_id" in expected && run.labels.invocation_id !== expected.run_id) found.push("run_id");
	return found;
}

/** Every shape in which one output can arrive. */
export function arrivals({ output, requests }: Capture): [string, ToolOutput][] {
	if (requests.length > 0) {
		return requests.map((request): [string, ToolOutput] => [
			"as a request",
			{ ...output, stdout: request.body, stderr: "" },
		]);
	}
	const { stdout, stderr } = output;
	if (stdout === "" || stderr === "") {
		const body = stdout + stderr;
		return [
			["as captured", output],
			["as one body", { ...output, stdout: body, stderr: "" }],
			["as a body of \\r\\n lines", { ...output, stdout: body.replace(/\n/g, "\r\n"), stderr: "" }],
		];
	}
	return [
		["as two streams", output],
		["as one body", { ...output, stdout: stdout + stderr, stderr: "" }],
		["as one body, complaints first", { ...output, stdout: stderr + stdout, stderr: "" }],
	];
}

export function testCaptures(tool: Tool, folder: string, isOurs: (name: string) => boolean = () => true): void {
	for (const capture of capturesOf(folder)) {
		const { expected } = capture;
		if (expected === null || !isOurs(capture.name)) continue;
		for (const [how, output] of arrivals(capture)) {
			test(`${folder} ${capture.name} ${how}`, () => {
				expect(disagreements(tool.read(output), expected, output.zone)).toEqual([]);
				expect(tool.recognise(output)).toBeGreaterThanOrEqual(0);
			});
		}
	}
}
