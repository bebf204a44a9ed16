// Memory and start: idle, after 50,000 requests, and the time to the first answer, next to a bare server.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { line, load, median, memoryOf, monitorBinary, noJit, report, root, scratch, start } from "./machine.ts";

export async function memory(): Promise<void> {
	const folder = scratch();
	const bare = join(folder.path, "bare");
	Bun.spawnSync(
		[
			process.execPath,
			"build",
			"--compile",
			"--bytecode",
			"--format=esm",
			"--minify-whitespace",
			"--minify-syntax",
			`--outfile=${bare}`,
			join(root, "test/bench/bare.ts"),
		],
		{ cwd: root },
	);
	const body = join(folder.path, "body");
	writeFileSync(body, "[]");
	for (const [name, env] of [
		["as shipped (no JIT)", noJit],
		["with JIT", {}],
	] as const) {
		const isShipped = env === noJit;
		const reference = await start([bare], "/", { BODY: body, ...env });
		const data = scratch();
		writeFileSync(
			join(data.path, "metrics.jsonl"),
			`${Array.from({ length: 90 }, (_, i) => line(i, 1, 86_400_000, Date.now() - 91 * 86_400_000)).join("\n")}\n`,
		);
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
