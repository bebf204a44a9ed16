// What every benchmark needs: programs started and ended, memory read, load made by wrk, figures as ratios.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const root = join(import.meta.dir, "..", "..");
export const monitorBinary = join(root, "dist", "backup-monitor");

export type Row = {
	what: string;
	ours: string;
	reference: string;
	ratio: string;
	target: string;
	reached: boolean | null;
};

export const rows: Row[] = [];

export function report(row: Row): void {
	rows.push(row);
	console.log(JSON.stringify(row));
}

export function scratch(): { path: string; remove: () => void } {
	const path = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "bench-"));
	return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export type Program = { pid: number; port: number; readyMs: number; stop: () => Promise<void> };

let nextPort = 24_000 + (process.pid % 1000) * 4;

/** Starts a server and waits for its first 200 on `path`. */
export async function start(command: string[], path: string, env: Record<string, string> = {}): Promise<Program> {
	const port = nextPort++;
	const begun = performance.now();
	const child = Bun.spawn(command, {
		env: { PATH: process.env.PATH ?? "", TZ: "UTC", HOST: "127.0.0.1", PORT: String(port), ...env },
		cwd: "/",
		stdio: ["ignore", "ignore", "ignore"],
	});
	while (performance.now() - begun < 20_000) {
		if (await answers(port, path)) break;
		await Bun.sleep(0.5);
	}
	return {
		pid: child.pid,
		port,
		readyMs: performance.now() - begun,
		stop: async () => {
			child.kill("SIGTERM");
			await child.exited;
		},
	};
}

async function answers(port: number, path: string): Promise<boolean> {
	try {
		return (await fetch(`http://127.0.0.1:${port}${path}`)).status === 200;
	} catch {
		return false;
	}
}

/** Milliseconds of processor time a process has used so far, all of its threads. */
export function processorTime(pid: number): number {
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Milliseconds of processor time of a process's first thread, to the microsecond once it waits again. */
export function mainThreadTime(pid: number): number {
	return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
}

/** Megabytes: resident, its anonymous part, and the peak. */
export function memoryOf(pid: number): { rss: number; anon: number; peak: number } {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1000;
	return { rss: field("VmRSS"), anon: field("RssAnon"), peak: field("VmHWM") };
}

export type Load = { perSecond: number; p99: number; errors: number };

/** Load by wrk: requests per second and the 99th percentile in milliseconds. */
export function load(url: string, connections: number, seconds: number, headers: string[] = []): Load {
	const command = [
		"wrk",
		"-t1",
		`-c${connections}`,
		`-d${seconds}s`,
		"--latency",
		...headers.flatMap((h) => ["-H", h]),
		url,
	];
	const text = Bun.spawnSync(command).stdout.toString();
	const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(text);
	const unit = { us: 0.001, ms: 1, s: 1000 }[p99?.[2] ?? "ms"] ?? 1;
	const failed = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
	const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text);
	const errors = (failed?.slice(1).reduce((sum, n) => sum + Number(n), 0) ?? 0) + Number(bad?.[1] ?? 0);
	return {
		perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
		p99: Number(p99?.[1] ?? 0) * unit,
		errors,
	};
}

export function median(values: number[]): number {
	return percentile(values, 0.5);
}

export function percentile(values: number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** One of the references in this folder, compiled as the monitor is. */
export function compile(name: "bare" | "bare-flush", folder: string): string {
	const path = join(folder, name);
	const flags = ["--compile", "--bytecode", "--format=esm", "--minify-whitespace", "--minify-syntax"];
	const built = Bun.spawnSync(
		[process.execPath, "build", ...flags, `--outfile=${path}`, join(import.meta.dir, `${name}.ts`)],
		{ cwd: root },
	);
	if (!built.success) throw new Error(built.stderr.toString());
	return path;
}

/** A metrics file with ninety days of one daily job. */
export function ninetyDays(): string {
	return `${Array.from({ length: 90 }, (_, n) => line(n, 1, 86_400_000, Date.now() - 91 * 86_400_000)).join("\n")}\n`;
}

/** The line of a JSONL file that a daily job of the README writes. */
export function line(index: number, jobs = 1, stepMs = 180_000, from = Date.UTC(2020, 0, 1)): string {
	return JSON.stringify({
		timestamp: `${new Date(from + index * stepMs).toISOString().slice(0, 19)}+00:00`,
		backup_id: `run-${String(index).padStart(7, "0")}`,
		...(jobs > 1 && { job: `job-${index % jobs}` }),
		success: index % 50 !== 0,
		duration_total: 1265 + (index % 37),
		duration_snapshot: 5,
		duration_archive: 318,
		duration_volumes: 485,
		duration_upload: 457,
		size_bytes: 2_912_345_678 + index,
	});
}

export const noJit = { BUN_JSC_useJIT: "0" };
/** Every figure of a running server is taken in both. */
export const modes: readonly { name: string; env: Record<string, string>; isShipped: boolean }[] = [
	{ name: "as shipped (no JIT)", env: noJit, isShipped: true },
	{ name: "with JIT", env: {}, isShipped: false },
];
export const isHard = process.env.HARD === "1";
