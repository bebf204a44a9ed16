// `prune`: one step of retention by hand, or with --yes all of it at once.
import { existsSync } from "node:fs";
import { readConfig } from "../config.ts";
import { pruneStep } from "../ingest/prune.ts";
import { SpoolWriter } from "../ingest/spool.ts";
import { formatInstant } from "../time.ts";
import { plural } from "../units.ts";
import { readFlags } from "./flags.ts";
import { writeStore } from "./store.ts";

const handOverMs = 15_000;

export async function pruneCommand(args: string[]): Promise<number> {
	const { flags } = await readFlags(args, "prune", { yes: { type: "boolean" } });
	const config = readConfig(process.env);
	const writer = writeStore(config);
	if (writer === null) {
		if (flags.yes !== true) {
			process.stdout.write("A server runs and prunes by itself. With --yes it deletes at once.\n");
			return 0;
		}
		return handOver(config.dataDir);
	}
	try {
		let deleted = 0;
		let step = pruneStep(writer.db, config.retentionDays, Date.now(), { isConfirmed: flags.yes === true });
		deleted += step.deleted;
		while (step.more) {
			step = pruneStep(writer.db, config.retentionDays, Date.now(), { isConfirmed: flags.yes === true });
			deleted += step.deleted;
		}
		process.stdout.write(`${config.databasePath}: ${said(step, deleted, config.retentionDays, config.zone)}\n`);
		return 0;
	} finally {
		writer.close();
	}
}

function said({ decision, old }: ReturnType<typeof pruneStep>, deleted: number, days: number, zone: string): string {
	if (decision.action === "delete" || deleted > 0) return `${plural(deleted, "run")} deleted; their daily sums stay.`;
	if (decision.action === "mark" || decision.action === "wait") {
		const before = formatInstant(decision.mark.cutoff, zone);
		return `${plural(old, "run")} from before ${before} marked; deleted after the monitor has run for a day, or now with --yes.`;
	}
	if (decision.reason === "none") return `No run is older than ${plural(days, "day")}.`;
	if (decision.reason === "clock")
		return `The clock is in doubt, nothing is deleted. If it is right: backup-monitor prune --yes`;
	return `${plural(old, "run")} at once is more than a fifth of all; not without a word from you: backup-monitor prune --yes`;
}

async function handOver(dataDir: string): Promise<number> {
	const spool = new SpoolWriter(dataDir, "prune", Date.now());
	spool.finish();
	const patience = performance.now() + handOverMs;
	while (existsSync(spool.path) && performance.now() < patience) await Bun.sleep(100);
	process.stdout.write(
		existsSync(spool.path) ? "Handed over to the server, which is still busy.\n" : "Done by the server.\n",
	);
	return 0;
}
