// The overview at 1e4 to 1e6 runs of 50 jobs, 8.8e6 with HARD=1: its cost must not grow with what is stored.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { importStream } from "../../src/ingest/import-file.ts";
import { Journal } from "../../src/ingest/journal.ts";
import { ranges } from "../../src/overview.ts";
import { closeDatabase } from "../../src/store/database.ts";
import { openStore } from "../../src/store/open.ts";
import { connect } from "./client.ts";
import { isHard, line, median, modes, monitorBinary, percentile, report, scratch, start } from "./machine.ts";
import { createReadStreamOf } from "./stream.ts";

const jobs = 50;
const years = 5;
const counts = isHard ? [1e4, 1e6, 8_800_000] : [1e4, 1e6];
const rounds = 40;

export async function pages(): Promise<void> {
	const smallest = new Map<string, number>();
	for (const count of counts) {
		const data = scratch();
		await fill(data.path, count);
		for (const { name, env, isShipped } of modes) {
			const ours = await start([monitorBinary], "/health", { DATA_DIR: data.path, RETENTION_DAYS: "36500", ...env });
			// All that was imported is judged first.
			await Bun.sleep(15_000);
			const times = await ask(ours.port);
			await ours.stop();
			const p50 = median(times);
			const p99 = percentile(times, 0.99);
			if (!smallest.has(name)) smallest.set(name, p50);
			const least = smallest.get(name) ?? Number.NaN;
			report({
				what: `overview read, drawn and sent, ${jobs} jobs, ${count.toExponential(1)} runs, every range, ${name}`,
				ours: `median ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
				reference: `at 1e4 runs ${least.toFixed(1)} ms`,
				ratio: (p50 / least).toFixed(2),
				target: `p99 ≤ 20 ms, flat; median < ${isShipped ? 15 : 5} ms`,
				reached: p99 <= 20 && p50 < (isShipped ? 15 : 5),
			});
		}
		data.remove();
	}
}

/** Milliseconds of each answer. No two addresses are the same: none of them is kept. */
async function ask(port: number): Promise<number[]> {
	const client = await connect(port);
	const times: number[] = [];
	for (let round = 0; round < rounds; round++) {
		for (const job of ["", "job-7"]) {
			for (const range of ranges) {
				const begun = performance.now();
				const status = await client.ask("GET", `/?range=${range}&job=${job}&round=${round}`);
				if (status !== 200) throw new Error(`the overview was answered with ${status}`);
				// The first of each loads and compiles what it needs.
				if (round >= 5) times.push(performance.now() - begun);
			}
		}
	}
	client.close();
	return times;
}

async function fill(dataDir: string, count: number): Promise<void> {
	const now = Date.now();
	const { db } = openStore(join(dataDir, "backups.db"), "UTC", now);
	if (db === null) throw new Error("no database");
	const journal = new Journal(dataDir);
	const span = years * 365 * 86_400_000;
	const lines = createReadStreamOf(count, (n) => line(n, jobs, span / count, now - span));
	await importStream(lines, "bench", { db, journal, zone: "UTC", now: () => now });
	journal.close();
	closeDatabase(db);
	writeFileSync(join(dataDir, "metrics.jsonl"), "");
}
