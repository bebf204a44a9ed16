// Many clients at once, with nothing else to do and while a million lines are read: everybody is answered, and soon.
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, closeSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, type Started, startServer, until, untilRead } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { rounded, tell } from "./tell.ts";
import { load } from "./wrk.ts";

afterAll(cleanUp);

const lines = isHard ? 1_000_000 : 12_000;
const seconds = isHard ? 10 : 1;
const patientMs = isHard ? 1_800_000 : 60_000;
const kinds = [10, 200].flatMap((connections) => ["/api/metrics", "/"].map((path) => ({ path, connections })));
const loadOfMachine = () => Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);

type Figures = { perSecond: number; p99: number; failed: number; late: number; machine: number };

async function measured(server: Started, path: string, connections: number): Promise<Figures> {
	const { requests, failed, late, p99 } = await load(server.url, { paths: [path], connections, seconds });
	return { perSecond: Math.round(requests / seconds), p99, failed, late, machine: loadOfMachine() };
}

function told(what: string, path: string, connections: number, figures: Figures): void {
	tell(`R17 ${path}, ${connections} connections, ${what}`, figures.perSecond * seconds, figures.failed + figures.late, {
		per_second: figures.perSecond,
		p99_ms: rounded(figures.p99),
		load: figures.machine,
	});
}

/** Reports of five years that nobody told before. */
function aMillionLines(round: number): string {
	const path = join(makeFolder(), "million.jsonl");
	const fd = openSync(path, "w");
	const first = Date.UTC(2020, 0, 1);
	const stamp = (n: number) => `${new Date(first + n * 150_000).toISOString().slice(0, 19)}Z`;
	for (let at = 0; at < lines; at += 1000) {
		const numbers = Array.from({ length: 1000 }, (_, n) => at + n);
		const line = (n: number) => aLine(n, { timestamp: stamp(n), backup_id: `${round}-${n}` });
		writeSync(fd, numbers.map((n) => `${line(n)}\n`).join(""));
	}
	closeSync(fd);
	return path;
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
			}
			const accepted = async () => (await server.json("/api/health")).source.accepted as number;
			let expected = 90;
			for (const [round, { path, connections }] of kinds.entries()) {
				// Each time a file that was not there before, so that all of the stretch is spent reading it.
				const file = aMillionLines(round);
				renameSync(file, metrics);
				const before = await accepted();
				const figures = await measured(server, path, connections);
				const after = await accepted();
				expected += lines;
				told(`${mode}, ${after - before} lines read meanwhile`, path, connections, figures);
				expect(figures).toMatchObject({ failed: 0, late: 0 });
				await until(async () => (await accepted()) === expected, patientMs, `${expected} accepted`);
			}
			await server.stop();
		},
		4 * patientMs,
	);
}
