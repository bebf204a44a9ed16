// Memory and start: idle, after 50,000 requests, and the time to the first answer, next to a bare server.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	compile,
	line,
	load,
	median,
	memoryOf,
	modes,
	monitorBinary,
	ninetyDays,
	report,
	scratch,
	start,
} from "./machine.ts";

export async function memory(): Promise<void> {
	const folder = scratch();
	const bare = compile("bare", folder.path);
	const body = join(folder.path, "body");
	writeFileSync(body, "[]");
	for (const { name, env, isShipped } of modes) {
		const reference = await start([bare], "/", { BODY: body, ...env });
		const data = scratch();
		writeFileSync(join(data.path, "metrics.jsonl"), ninetyDays());
		const ours = await start([monitorBinary], "/health", { DATA_DIR: data.path, ...env });
		await Bun.sleep(3000);
		const a = memoryOf(ours.pid);
		const b = memoryOf(reference.pid);
		report({
			what: `idle RSS, ${name}`,
			ours: `${a.rss.toFixed(1)} MB (anon ${a.anon.toFixed(1)})`,
			reference: `bare ${b.rss.toFixed(1)} MB (anon ${b.anon.toFixed(1)})`,
			ratio: (a.rss / b.rss).toFixed(2),
			target: isShipped ? "≤ 1.35 × bare, ≤ 36 MB, anon ≤ 8" : "≤ 1.35 × bare, anon ≤ 8",
			reached: a.rss <= 1.35 * b.rss && a.anon <= 8 && (!isShipped || a.rss <= 36),
		});
		const mixed = ["/", "/api/metrics", "/health", "/api/failures"];
		for (const path of mixed) {
			load(`http://127.0.0.1:${ours.port}${path}`, 200, 2);
			load(`http://127.0.0.1:${reference.port}/`, 200, 2);
		}
		const c = memoryOf(ours.pid);
		const d = memoryOf(reference.pid);
		report({
			what: `peak RSS over > 50,000 requests, 200 connections, ${name}`,
			ours: `${c.peak.toFixed(1)} MB`,
			reference: `bare ${d.peak.toFixed(1)} MB`,
			ratio: (c.peak / d.peak).toFixed(2),
			target: isShipped ? "≤ 45 MB" : "≤ 64 MB",
			reached: c.peak <= (isShipped ? 45 : 64),
		});
		await ours.stop();
		await reference.stop();
		data.remove();
		await starting(bare, body, name, env);
		await startingFull(name, env);
	}
	folder.remove();
}

async function starting(bare: string, body: string, name: string, env: Record<string, string>): Promise<void> {
	const times: number[] = [];
	const bareTimes: number[] = [];
	for (let run = 0; run < 12; run++) {
		const data = scratch();
		const ours = await start([monitorBinary], "/health", { DATA_DIR: data.path, ...env });
		times.push(ours.readyMs);
		await ours.stop();
		data.remove();
		const reference = await start([bare], "/", { BODY: body, ...env });
		bareTimes.push(reference.readyMs);
		await reference.stop();
	}
	report({
		what: `start to first 200, empty folder, ${name}`,
		ours: `${median(times).toFixed(1)} ms (best ${Math.min(...times).toFixed(1)})`,
		reference: `bare ${median(bareTimes).toFixed(1)} ms`,
		ratio: (median(times) / median(bareTimes)).toFixed(2),
		target: "≤ 20 ms",
		reached: median(times) <= 20,
	});
}

/** With a database that was stopped cleanly. */
async function startingFull(name: string, env: Record<string, string>): Promise<void> {
	const runs = 100_000;
	const data = scratch();
	const file = join(data.path, "metrics.jsonl");
	const from = Date.now() - 365 * 86_400_000;
	for (let at = 0; at < runs; at += 1000) {
		const lines = Array.from({ length: 1000 }, (_, n) => line(at + n, 20, 300_000, from));
		writeFileSync(file, `${lines.join("\n")}\n`, { flag: "a" });
	}
	const full = { DATA_DIR: data.path, RETENTION_DAYS: "36500", ...env };
	const first = await start([monitorBinary], "/health", full);
	while ((await countRuns(first.port)) < runs) await Bun.sleep(500);
	await Bun.sleep(3000);
	await first.stop();
	const times: number[] = [];
	for (let run = 0; run < 12; run++) {
		const ours = await start([monitorBinary], "/health", full);
		times.push(ours.readyMs);
		await ours.stop();
	}
	report({
		what: `start to first 200, 1e5 runs, ${name}`,
		ours: `${median(times).toFixed(1)} ms (best ${Math.min(...times).toFixed(1)})`,
		reference: "",
		ratio: "",
		target: "≤ 40 ms",
		reached: median(times) <= 40,
	});
	data.remove();
}

async function countRuns(port: number): Promise<number> {
	const answer = await (await fetch(`http://127.0.0.1:${port}/api/jobs`)).json();
	const { jobs } = answer as { jobs: { runs: { success: number; warning: number; failure: number } }[] };
	return jobs.reduce((sum, { runs }) => sum + runs.success + runs.warning + runs.failure, 0);
}
