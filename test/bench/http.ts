// Requests per second and 99th percentile, next to a bare server that returns the same bytes.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, load, median, modes, monitorBinary, ninetyDays, report, scratch, start } from "./machine.ts";

/** What the original answered on the machine of its recordings (budgets.md). */
const flask = { "/api/metrics": 700, "/": 840 };

export async function http(): Promise<void> {
	const folder = scratch();
	const bare = compile("bare", folder.path);
	writeFileSync(join(folder.path, "metrics.jsonl"), ninetyDays());
	for (const { name, env } of modes) {
		const ours = await start([monitorBinary], "/health", { DATA_DIR: folder.path, ...env });
		await Bun.sleep(1500);
		for (const path of ["/api/metrics", "/"] as const) {
			const body = join(folder.path, "body");
			writeFileSync(
				body,
				await (
					await fetch(`http://127.0.0.1:${ours.port}${path}`, { headers: { "accept-encoding": "identity" } })
				).bytes(),
			);
			const reference = await start([bare], "/", { BODY: body, ...env });
			for (const connections of [10, 200]) {
				const rounds = Array.from({ length: 3 }, () => ({
					a: load(`http://127.0.0.1:${ours.port}${path}`, connections, 3),
					b: load(`http://127.0.0.1:${reference.port}/`, connections, 3),
				}));
				const ratio = median(rounds.map(({ a, b }) => a.perSecond / b.perSecond));
				const perSecond = median(rounds.map(({ a }) => a.perSecond));
				const p99 = median(rounds.map(({ a }) => a.p99));
				const errors = rounds.reduce((sum, { a }) => sum + a.errors, 0);
				const least = path === "/" ? 0.5 : 0.6;
				report({
					what: `GET ${path}, ${connections} connections, ${name}`,
					ours: `${Math.round(perSecond)}/s, p99 ${p99.toFixed(1)} ms, ${errors} errors`,
					reference: `bare ${Math.round(median(rounds.map(({ b }) => b.perSecond)))}/s, p99 ${median(rounds.map(({ b }) => b.p99)).toFixed(1)} ms`,
					ratio: `${ratio.toFixed(2)}; ${Math.round(perSecond / flask[path])} × the original`,
					target: `≥ ${least} × bare${path === "/" ? "" : ", ≥ 50 × the original, p99 < 20 ms"}`,
					reached: ratio >= least && errors === 0 && (path === "/" || (perSecond >= 50 * flask[path] && p99 < 20)),
				});
			}
			await reference.stop();
		}
		await ours.stop();
	}
	folder.remove();
}
