// Many clients at once, with nothing else to do and while a million lines are read: everybody is answered, and soon.
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, peakMemory, type Started, startServer, until, untilRead } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { isQuiet, machineLoad, rounded, tell } from "./tell.ts";
import { load } from "./wrk.ts";

afterAll(cleanUp);

const lines = isHard ? 1_000_000 : 12_000;
const seconds = isHard ? 10 : 1;
const patientMs = isHard ? 1_800_000 : 60_000;
const kinds = [10, 200].flatMap((connections) => ["/api/metrics", "/"].map((path) => ({ path, connections })));

type Figures = { perSecond: number; p99: number; failed: number; late: number; machine: number };

async function measured(server: Started, path: string, connections: number): Promise<Figures> {
	const { requests, failed, late, p99 } = await load(server.url, { paths: [path], connections, seconds });
	return { perSecond: Math.round(requests / seconds), p99, failed, late, machine: machineLoad() };
}

function told(what: string, path: string, connections: number, figures: Figures): void {
	tell(`R17 ${path}, ${connections} connections, ${what}`, figures.perSecond * seconds, figures.failed + figures.late, {
		per_second: figures.perSecond,
		p99_ms: rounded(figures.p99),
		load: figures.machine,
	});
}

/** Appends reports of five years that nobody told before: numbers `from` to `from + lines`. */
function appendMillion(path: string, from: number): void {
	const fd = openSync(path, "a");
	const first = Date.UTC(2020, 0, 1);
	const lineOf = (n: number) => {
		const at = new Date(first + (n % lines) * 150_000);
		return `${aLine(n, { timestamp: `${at.toISOString().slice(0, 19)}Z`, backup_id: `old-${n}` })}\n`;
	};
	for (let at = from; at < from + lines; at += 1000) {
		writeSync(fd, Array.from({ length: 1000 }, (_, n) => lineOf(at + n)).join(""));
	}
	closeSync(fd);
}

for (const env of isHard ? [{ BUN_JSC_useJIT: "0" }, {}] : [{ BUN_JSC_useJIT: "0" }]) {
	const mode = "BUN_JSC_useJIT" in env ? "as shipped" : "with JIT";
	test(
		`${mode}: 10 and 200 clients are answered, also while ${lines} lines are read`,
		async () => {
			const server = await startServer({ env: { RETENTION_DAYS: "36500", ...env } });
			const metrics = join(server.dataDir, "metrics.jsonl");
			appendFileSync(metrics, someLines(0, 90));
			await untilRead(server, 90);
			for (const { path, connections } of kinds) {
				const figures = await measured(server, path, connections);
				told(`${mode}, alone`, path, connections, figures);
				expect(figures).toMatchObject({ failed: 0, late: 0 });
				if (isHard && isQuiet) expect(figures.p99).toBeLessThan(50);
				if (isHard && isQuiet) expect(figures.perSecond).toBeGreaterThan(10_000);
			}
			const accepted = async () => (await server.json("/api/health")).source.accepted as number;
			let written = 0;
			let read = 0;
			for (const { path, connections } of kinds) {
				// So that the whole of the stretch is spent reading.
				if (written - read < lines / 2) {
					appendMillion(metrics, written);
					written += lines;
				}
				const figures = await measured(server, path, connections);
				const before = read;
				read = (await accepted()) - 90;
				told(`${mode}, ${read - before} lines read meanwhile`, path, connections, figures);
				expect(figures).toMatchObject({ failed: 0, late: 0 });
				if (isHard && isQuiet) expect(figures.p99).toBeLessThan(100);
			}
			const left = written - read;
			const begun = performance.now();
			await until(async () => (await accepted()) === written + 90, patientMs, `${written} more accepted`);
			const peak = peakMemory(server.pid);
			tell(`R17 ${mode}, the rest`, left, 0, {
				seconds: rounded((performance.now() - begun) / 1000),
				peak_mb: rounded(peak / 1e6),
			});
			expect((await server.json("/health")).status).toBe("ok");
			await server.stop();
		},
		4 * patientMs,
	);
}
