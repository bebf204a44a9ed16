// What one object must say to become a run, where the recorded fixtures leave a corner open.
import { expect, test } from "bun:test";
import { readText } from "../src/ingest/record.ts";
import { parseReport } from "../src/report.ts";

const base = { backup_id: "a", timestamp: "2026-01-07T02:00:00Z" };

test("a running run has not succeeded or failed yet: to say so as well is a contradiction", () => {
	for (const success of [true, false]) {
		expect(parseReport({ ...base, outcome: "running", success }, "UTC")).toMatchObject({ ok: false, field: "outcome" });
	}
	expect(parseReport({ ...base, outcome: "running" }, "UTC")).toMatchObject({ ok: true });
	expect(parseReport({ ...base, outcome: "running", success: null }, "UTC")).toMatchObject({ ok: true });
});

test("numeric ids that differ in their last digit are two runs, however long they are", () => {
	const ids = ["20260107020000001", "20260107020000002"].map((id) => {
		const read = readText(`{"timestamp":"2026-01-07T02:00:00Z","backup_id":${id},"success":true}`, "UTC");
		return read.ok ? read.report.backupId : null;
	});
	expect(ids).toEqual(["20260107020000001", "20260107020000002"]);
});
