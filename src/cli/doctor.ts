// `doctor`: looks at each thing that is known to go wrong, and says what mends it. Changes nothing.
import { type Config, readConfig } from "../config.ts";
import { lookAtAccess } from "./doctor/access.ts";
import { lookAtDatabase } from "./doctor/database.ts";
import type { Finding } from "./doctor/finding.ts";
import { lookAtFolder } from "./doctor/folder.ts";
import { lookAtMachine } from "./doctor/machine.ts";
import { lookAtMetricsFile } from "./doctor/metrics-file.ts";
import { lookAtServer } from "./doctor/server.ts";
import { lookAtSettings } from "./doctor/settings.ts";
import { readFlags } from "./flags.ts";

const marks: Record<Finding["state"], string> = { good: "ok", note: "--", bad: "!!" };

export async function doctor(args: string[]): Promise<number> {
	await readFlags(args, "doctor", {});
	const findings = await lookAtAll(readConfig(process.env), Date.now());
	for (const { state, text, fix } of findings) {
		process.stdout.write(`${marks[state]}  ${text}\n${fix === undefined ? "" : `     ${fix}\n`}`);
	}
	return findings.some(({ state }) => state === "bad") ? 1 : 0;
}

async function lookAtAll(config: Config, now: number): Promise<Finding[]> {
	const { findings, newestAt } = lookAtDatabase(config, now);
	return [
		...lookAtFolder(config),
		lookAtMetricsFile(config, newestAt, now),
		...findings,
		...lookAtMachine(config, now),
		...lookAtSettings(config),
		await lookAtAccess(config),
		...(await lookAtServer(config, now)),
	];
}
