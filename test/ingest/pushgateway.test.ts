// A push's samples as a run: what is impossible in them is unknown, and never costs the run.
import { expect, test } from "bun:test";
import { readMetricsText, reportOfPush } from "../../src/ingest/pushgateway.ts";

const now = Date.UTC(2026, 5, 1);

test.each(["1e300", "-5", "2000000000"])("a duration of %s seconds is none", (seconds) => {
	const read = readMetricsText(`backup_success 0\nbackup_duration_seconds ${seconds}\n`);
	if (!read.ok) throw new Error(read.message);
	const report = reportOfPush(new Map([["job", "photos"]]), read.samples, now);
	expect(report).toMatchObject({ outcome: "failure", timestamp: "2026-06-01T00:00:00.000Z" });
	expect(report).not.toHaveProperty("duration_total");
});
