// What an adapter read becomes reports in the line format: identities, times, and unknowns that stay unknown.
import { describe, expect, test } from "bun:test";
import { answerOf, fitReport, logOf, type ReportContext, reportsOf } from "../../src/ingest/tool-report.ts";
import { parseReport } from "../../src/report.ts";
import type { ToolReading, ToolRun } from "../../src/tools/tool.ts";
import { unknownRun } from "../../src/tools/tool-run.ts";

const now = Date.UTC(2026, 0, 7, 2, 0, 10);

function aReading(runs: Partial<ToolRun>[], understood = true): ToolReading {
	return {
		tool: "restic",
		understood,
		runs: runs.map((run) => ({ ...unknownRun(), outcome: "success", ...run })),
		ignored: [],
	};
}

function aContext(more: Partial<ReportContext> = {}): ReportContext {
	return { job: "nas", host: "", now, zone: "UTC", exit: 0, signal: null, text: "", ...more };
}

function first(reading: ToolReading, context = aContext()) {
	const [object] = reportsOf(reading, context);
	const parsed = parseReport(object, "UTC");
	if (!parsed.ok) throw new Error(`${parsed.field} ${parsed.reason}`);
	expect(parsed.notes).toEqual([]);
	return parsed.report;
}

describe("identity", () => {
	test("the snapshot, else the invocation's id, else the start", () => {
		expect(first(aReading([{ snapshotId: "abc" }]), aContext({ backupId: "rid" })).backupId).toBe("abc");
		expect(first(aReading([{}]), aContext({ backupId: "rid" })).backupId).toBe("rid");
		expect(first(aReading([{ startedAt: now - 1500 }])).backupId).toBe("2026-01-07T02:00:08.500Z");
	});

	test("an open run keeps its id, and so is closed", () => {
		const context = aContext({ backupId: "rid", isOpen: true });
		const ids = reportsOf(aReading([{ kind: "check" }, { snapshotId: "abc" }, { snapshotId: "def" }]), context);
		expect(ids.map(({ backup_id }) => backup_id)).toEqual(["rid#2", "rid", "def"]);
	});

	test("several runs of one output differ, also without snapshots", () => {
		const ids = reportsOf(aReading([{}, {}, { snapshotId: "a" }, { snapshotId: "a" }]), aContext({ backupId: "rid" }));
		expect(ids.map(({ backup_id }) => backup_id)).toEqual(["rid", "rid#2", "a", "a#2"]);
	});
});

describe("times", () => {
	test("the tool's own stand before what was seen from outside", () => {
		const told = first(
			aReading([{ startedAt: now - 5000, endedAt: now - 1000, duration: 4 }]),
			aContext({ startedAt: now - 9000 }),
		);
		expect([told.startedAt, told.endedAt, told.duration]).toEqual([now - 5000, now - 1000, 4]);
	});

	test("a duration alone ends now", () => {
		const { startedAt, endedAt, duration } = first(aReading([{ duration: 4.5 }]));
		expect([startedAt, endedAt, duration]).toEqual([now - 4500, now, 4.5]);
	});

	test("where no start is known there is no duration, and none is made of zero", () => {
		const { startedAt, endedAt, duration } = first(aReading([{}]));
		expect([startedAt, endedAt, duration]).toEqual([now, null, null]);
	});

	test("what was seen from outside counts where the tool is silent", () => {
		const { startedAt, endedAt, duration } = first(aReading([{}]), aContext({ startedAt: now - 7000 }));
		expect([startedAt, endedAt, duration]).toEqual([now - 7000, now, 7]);
	});

	test("an impossible duration is unknown, and costs no run", () => {
		const { startedAt, endedAt, duration } = first(aReading([{ duration: 1e13 }]));
		expect([startedAt, endedAt, duration]).toEqual([now, null, null]);
	});

	test("a clock that was set back gives no negative duration", () => {
		const { duration, endedAt } = first(aReading([{ startedAt: now, endedAt: now - 5000 }]));
		expect([duration, endedAt]).toEqual([null, null]);
	});
});

test("unknown measures are null in the answer, never 0", () => {
	const answer = answerOf(first(aReading([{}])));
	for (const name of [
		"size_bytes",
		"bytes_added",
		"files_total",
		"files_new",
		"files_changed",
		"duration_total",
		"warnings",
		"snapshot_id",
		"repository",
		"ended_at",
		"error_category",
		"error_message",
	]) {
		expect([name, answer[name]]).toEqual([name, null]);
	}
	expect(answer).toMatchObject({ job: "nas", kind: "backup", outcome: "success", success: true, exit_code: 0 });
});

test("the job and the host are the sender's; what the tool calls itself is a label", () => {
	const { job, host, labels } = first(aReading([{ jobName: "profile", host: "pi", toolVersion: "0.19.1" }]));
	expect([job, host]).toEqual(["nas", ""]);
	expect({ ...labels }).toEqual({ tool: "restic", tool_job: "profile", tool_host: "pi", tool_version: "0.19.1" });
});

test("what is not understood is kept raw and marked", () => {
	const { log, labels } = first(aReading([{}], false), aContext({ text: "\x1b[1mnew\x1b[0m\r\n" }));
	expect(log).toBe("\x1b[1mnew\x1b[0m\r\n");
	expect(labels.understood).toBe("no");
});

test("a log has no progress, no overwritten lines and no escapes, and at most 100,000 characters", () => {
	expect(logOf('a\n{"message_type":"status"}\n10 %\r20 %\rdone\r\n\x1b[31mred\x1b[0m\n\n')).toBe("a\ndone\nred");
	const status = '{"message_type":"status"}';
	expect(logOf(`${status}Fatal: {x}\n${status}${status}\n`)).toBe(`${status}Fatal: {x}\n${status}${status}`);
	expect(logOf(`Fatal: x\r${status}\r${status}\r\n${status}\r\n`)).toBe("Fatal: x");
	expect(logOf("x".repeat(500_000)).length).toBe(100_000);
	expect(logOf(`${"line\n".repeat(100_000)}end`).endsWith("line\nend")).toBe(true);
});

test("a report always fits into one line of the journal", () => {
	const report = fitReport({ backup_id: "x", log: "\u0001".repeat(100_000) });
	expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(262_144);
	expect(String(report.log).length).toBeGreaterThan(20_000);
});
