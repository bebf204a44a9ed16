// Bytes that reach the disk: for one stored run, for ninety days of a daily job, and for a monitor with nothing to do.
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { line, monitorBinary, noJit, report, scratch, start } from "./machine.ts";

const runs = 90;
const idleSeconds = Number(process.env.IDLE_SECONDS ?? 60);

export async function disk(): Promise<void> {
	const data = scratch();
	const file = join(data.path, "metrics.jsonl");
	writeFileSync(file, "");
	const ours = await start([monitorBinary], "/health", { DATA_DIR: data.path, ...noJit });
	await Bun.sleep(1500);
	const written = () =>
		Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${ours.pid}/io`, "utf8"))?.[1] ?? Number.NaN);
	const empty = databaseSize(data.path);
	const before = written();
	const from = Date.now() - (runs + 1) * 86_400_000;
	for (let index = 0; index < runs; index++) {
		appendFileSync(file, `${line(index, 1, 86_400_000, from)}\n`);
		await fetch(`http://127.0.0.1:${ours.port}/api/metrics`);
		await fetch(`http://127.0.0.1:${ours.port}/refresh`, { method: "POST", redirect: "manual" });
		await Bun.sleep(2050);
	}
	const perRun = (written() - before) / runs;
	report({
		what: `bytes written per stored run (${runs} single appends)`,
		ours: `${(perRun / 1024).toFixed(1)} KiB`,
		reference: "one WAL commit of one table and two indexes: 18.3 KB",
		ratio: (perRun / 18_300).toFixed(2),
		target: "≤ 24 KB",
		reached: perRun <= 24_000,
	});
	await Bun.sleep(3000);
	const idleBefore = written();
	await Bun.sleep(idleSeconds * 1000);
	const idle = written() - idleBefore;
	report({
		what: `bytes written while idle for ${idleSeconds} s`,
		ours: `${idle}`,
		reference: "0",
		ratio: "",
		target: "0",
		reached: idle === 0,
	});
	await ours.stop();
	const grown = databaseSize(data.path);
	report({
		what: `database: empty, and growth by ${runs} days of one daily job`,
		ours: `${(empty / 1000).toFixed(0)} KB, +${((grown - empty) / 1000).toFixed(0)} KB`,
		reference: "the original ~100 KB",
		ratio: "",
		target: "≤ 100 KB each",
		reached: grown - empty <= 100_000 && empty <= 100_000,
	});
	data.remove();
}

function databaseSize(folder: string): number {
	return statSync(join(folder, "backups.db")).size;
}
