// A million lines into the store, next to the sqlite3 shell importing the same lines.
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { line, median, memoryOf, modes, monitorBinary, report, scratch } from "./machine.ts";

const count = 1_000_000;

export async function importing(): Promise<void> {
	const folder = scratch();
	const file = join(folder.path, "lines.jsonl");
	const fd = openSync(file, "w");
	for (let at = 0; at < count; at += 1000) {
		writeSync(fd, `${Array.from({ length: 1000 }, (_, i) => line(at + i)).join("\n")}\n`);
	}
	closeSync(fd);
	for (const { name, env } of modes) {
		const rounds: { ours: number; shell: number; peak: number }[] = [];
		for (let round = 0; round < 3; round++) {
			const data = scratch();
			const begun = performance.now();
			const child = Bun.spawn([monitorBinary, "import", file, "--json"], {
				env: { DATA_DIR: data.path, METRICS_FILE: file, TZ: "UTC", RETENTION_DAYS: "36500", ...env },
				stdout: "pipe",
			});
			const ended = child.exited.then(() => true);
			let peak = 0;
			// What the system sums up at the end counts the memory of whoever started it as well.
			while (!(await Promise.race([ended, Bun.sleep(50).then(() => false)]))) peak = peakOf(child.pid, peak);
			const summary = JSON.parse(await new Response(child.stdout).text());
			if (summary.runs !== count) throw new Error(JSON.stringify(summary));
			const ours = performance.now() - begun;
			const shell = sqliteShell(file, data.path);
			rounds.push({ ours, shell, peak });
			data.remove();
		}
		const ratio = median(rounds.map(({ ours, shell }) => shell / ours));
		const peak = Math.max(...rounds.map((round) => round.peak));
		report({
			what: `import of 1e6 lines, ${name}`,
			ours: `${Math.round(count / median(rounds.map((r) => r.ours)))}k rows/s, peak ${peak.toFixed(0)} MB`,
			reference: `sqlite3 shell ${Math.round(count / median(rounds.map((r) => r.shell)))}k rows/s`,
			ratio: ratio.toFixed(2),
			target: "≥ 0.5 × the shell, < 96 MB",
			reached: ratio >= 0.5 && peak < 96,
		});
	}
	folder.remove();
}

/** Of a process that may just have ended: then what was seen before. */
function peakOf(pid: number, before: number): number {
	try {
		return memoryOf(pid).peak || before;
	} catch {
		return before;
	}
}

/** Milliseconds for the same lines: raw lines in, five fields out by `->>`, one unique index, write-ahead log. */
function sqliteShell(file: string, folder: string): number {
	const script = `PRAGMA journal_mode=WAL;
CREATE TABLE b (timestamp TEXT, backup_id TEXT UNIQUE, success INT, duration_total INT, size_bytes INT);
CREATE TEMP TABLE raw (line TEXT);
.mode ascii
.separator "\\037" "\\n"
.import ${file} raw
INSERT INTO b SELECT line->>'timestamp', line->>'backup_id', line->>'success', line->>'duration_total', line->>'size_bytes' FROM raw;
`;
	const begun = performance.now();
	const result = Bun.spawnSync(["sqlite3", join(folder, "shell.db")], { stdin: Buffer.from(script) });
	if (result.exitCode !== 0) throw new Error(result.stderr.toString());
	return performance.now() - begun;
}
