// Restores as Prometheus reads them.
import { expect, test } from "bun:test";
import { estimateRestore } from "../../src/restore.ts";
import { formatMetrics, textType } from "../../src/web/exposition.ts";
import { restoreMetrics } from "../../src/web/restore-metrics.ts";
import { aDrill, gigabyte } from "../drills.ts";

const job = (name: string, host = "") => ({ id: 1, name, host, slug: name, createdAt: 0 });

test("what is known has a sample, what is not has none", () => {
	const drills = [aDrill(1, { outcome: "failure" }), aDrill(12)];
	const estimate = estimateRestore({ size: 10 * gigabyte, drills, speeds: [] });
	const text = formatMetrics(
		restoreMetrics([
			{ job: job("photos", "pi4"), estimate, rto: 28_800, drills },
			{ job: job("nas"), estimate: null, rto: null, drills: [] },
		]),
		textType,
	);
	expect(text).toContain('backup_restore_estimate_seconds{backup="photos",host="pi4"} 200\n');
	expect(text).toContain('backup_restore_target_seconds{backup="photos",host="pi4"} 28800\n');
	expect(text).toContain(
		`backup_last_drill_timestamp_seconds{backup="photos",host="pi4"} ${aDrill(12).endedAt / 1000}\n`,
	);
	expect(text).not.toContain("nas");
	expect(text.match(/^# TYPE \S+ gauge$/gm)).toHaveLength(5);
});
