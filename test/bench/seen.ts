// How soon a line that was appended is on the page, and what looking for it costs a monitor that has nothing to do.
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { line, median, modes, monitorBinary, ninetyDays, processorTime, report, scratch, start } from "./machine.ts";

const appends = 8;
const idleSeconds = Number(process.env.IDLE_SECONDS ?? 60);

export async function seen(): Promise<void> {
	for (const { name, env } of modes) {
		const data = scratch();
		const file = join(data.path, "metrics.jsonl");
		writeFileSync(file, ninetyDays());
		const ours = await start([monitorBinary], "/health", { DATA_DIR: data.path, ...env });
		await Bun.sleep(3000);
		const address = `http://127.0.0.1:${ours.port}/api/metrics`;
		const times: number[] = [];
		for (let n = 0; n < appends; n++) {
			const begun = performance.now();
			appendFileSync(file, `${line(1000 + n, 1, 60_000, Date.now() - 86_400_000)}\n`);
			const isThere = async () => (await (await fetch(address)).text()).includes(`run-000${1000 + n}`);
			while (!(await isThere())) await Bun.sleep(20);
			times.push(performance.now() - begun);
			await Bun.sleep(137 * n);
		}
		const slowest = Math.max(...times);
		report({
			what: `an appended line is served, ${name}`,
			ours: `median ${median(times).toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms`,
			reference: "a poll each second: 500 and 1,000 ms; the original 12 h",
			ratio: "",
			target: "≤ 2 s",
			reached: slowest <= 2000,
		});
		await Bun.sleep(5000);
		const before = processorTime(ours.pid);
		await Bun.sleep(idleSeconds * 1000);
		const share = (processorTime(ours.pid) - before) / (idleSeconds * 10);
		report({
			what: `processor time while idle for ${idleSeconds} s, ${name}`,
			ours: `${share.toFixed(2)} %`,
			reference: "a bare server 0.0 to 0.2 %",
			ratio: "",
			target: "0.1 %",
			reached: share <= 0.1,
		});
		await ours.stop();
		data.remove();
	}
}
