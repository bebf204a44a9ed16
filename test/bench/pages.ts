// The dashboard's questions at 1e4, 1e5 and 1e6 runs: what is asked of the store must not grow with what it holds.
import { join } from "node:path";
import { importStream } from "../../src/ingest/import-file.ts";
import { Journal } from "../../src/ingest/journal.ts";
import { everyJob, ranges } from "../../src/overview.ts";
import { noSettings } from "../../src/settings.ts";
import { closeDatabase } from "../../src/store/database.ts";
import { openStore } from "../../src/store/open.ts";
import { readOverview } from "../../src/store/overview.ts";
import { decimal } from "../../src/units.ts";
import { overviewPage } from "../../src/web/pages/overview.ts";
import { line, report, scratch } from "./machine.ts";
import { createReadStreamOf } from "./stream.ts";

const jobs = 50;
const years = 5;

export async function pages(): Promise<void> {
	let smallest = Number.NaN;
	for (const count of [1e4, 1e5, 1e6]) {
		const data = scratch();
		const now = Date.UTC(2026, 10, 20);
		const { db } = openStore(join(data.path, "backups.db"), "UTC", now);
		if (db === null) throw new Error("no database");
		const journal = new Journal(data.path);
		const step = (years * 365 * 86_400_000) / count;
		const lines = createReadStreamOf(count, (i) => line(i, jobs, step, now - years * 365 * 86_400_000));
		await importStream(lines, "bench", { db, journal, zone: "UTC", now: () => now });
		const times: number[] = [];
		for (let round = 0; round < 12; round++) {
			for (const job of [null, "job-7"]) {
				for (const range of ranges) {
					const begun = performance.now();
					const place = { now, zone: "UTC", metricsFile: "/data/metrics.jsonl", settings: noSettings };
					const read = readOverview(db, { ...place, job, range, filter: everyJob });
					if (read === null) throw new Error("no overview");
					const { lines: _lines, ...rest } = read;
					const source = { path: "", checkedAt: now, lines: 0 };
					overviewPage(
						{ ...rest, problems: [], retentionDays: 90, source, channels: 0 },
						{ theme: "auto", units: decimal },
					).toString();
					times.push(performance.now() - begun);
				}
			}
		}
		times.sort((a, b) => a - b);
		const p50 = times[Math.floor(times.length * 0.5)] ?? Number.NaN;
		const p99 = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
		if (count === 1e4) smallest = p50;
		report({
			what: `overview read and drawn, ${jobs} jobs, ${count.toExponential(0)} runs, every range`,
			ours: `median ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
			reference: `at 1e4 runs ${smallest.toFixed(1)} ms`,
			ratio: (p50 / smallest).toFixed(2),
			target: "p99 ≤ 20 ms, flat",
			reached: p99 <= 20,
		});
		journal.close();
		closeDatabase(db);
		data.remove();
	}
}
