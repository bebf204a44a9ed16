// What a proof found, as one line of JSON that docs/reliability.md is written from.

import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** How many programs want a processor, over the last minute. */
export function machineLoad(): number {
	return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
}

/** Whether this began with nothing else at work. Only then are times a claim about the monitor; they are told anyway. */
export const isQuiet = machineLoad() < cpus().length / 2;

/** `test` begins with the proof's number in that page. `failures` is 0 where everything was as it must be. */
export function tell(test: string, n: number, failures: number, figures: Record<string, unknown> = {}): void {
	console.log(JSON.stringify({ test, n, failures, figures }));
}

/** The value below which a share of all values lies. */
export function percentile(values: readonly number[], share: number): number {
	return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
}

/** To three decimals, for lines that people read. */
export function rounded(value: number): number {
	return Math.round(value * 1000) / 1000;
}

/** Works through a list, `width` at a time; gives the results in the list's order. */
export async function inParallel<In, Out>(list: readonly In[], width: number, work: (one: In) => Promise<Out>) {
	const results: Out[] = [];
	let next = 0;
	const worker = async () => {
		for (let at = next++; at < list.length; at = next++) results[at] = await work(list[at] as In);
	};
	await Promise.all(Array.from({ length: width }, worker));
	return results;
}
