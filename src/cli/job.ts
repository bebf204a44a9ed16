// `job rename|merge|delete`: what a job is called, and whether there is one; by the server where one runs.
import { existsSync } from "node:fs";
import { SettingsFile } from "../alerts/settings-file.ts";
import { type Config, readConfig } from "../config.ts";
import type { Decision } from "../decision.ts";
import { AppError } from "../errors.ts";
import { Receiver } from "../ingest/receive.ts";
import { SpoolWriter } from "../ingest/spool.ts";
import type { Job } from "../job.ts";
import { type Extent, jobToChange, planDelete, planMerge, planRename, readExtent } from "../store/job-change-plan.ts";
import { formatInstant } from "../time.ts";
import { plural } from "../units.ts";
import { confirm } from "./ask.ts";
import { readFlags } from "./flags.ts";
import { missingFolder } from "./places.ts";
import { readOnlyStore, writeStore } from "./store.ts";

const handOverMs = 15_000;
const verbs = { rename: 2, merge: 2, delete: 1 } as const;
type Verb = keyof typeof verbs;

/** What is to be done, said before, and said when it is done. */
type Change = { decision: Decision; question: string; done: string; declared: string | null };

export async function jobCommand(args: string[]): Promise<number> {
	const { flags, words } = await readFlags(args, "job", { yes: { type: "boolean" } }, { words: 3 });
	const [verb = "", ...names] = words;
	if (!isVerb(verb) || names.length !== verbs[verb]) {
		const usage = "rename JOB NAME, merge JOB INTO, or delete JOB";
		throw new AppError("usage", `job needs ${usage}. See: backup-monitor job --help`);
	}
	const config = readConfig(process.env);
	const change = prepare(config, verb, names);
	const again = ["job", ...words.map((word) => (/^[\w.-]+$/.test(word) ? word : `"${word}"`))].join(" ");
	await confirm(change.question, again, flags.yes === true);
	const isDone = await carryOut(config, change.decision);
	process.stdout.write(`${isDone ? change.done : "Handed over to the server, which is still busy."}\n`);
	const settings = new SettingsFile(config.dataDir, config.zone).settings.jobs;
	if (change.declared !== null && settings.some(({ name }) => name === change.declared))
		process.stdout.write(`config.yaml still has an entry for ${change.declared}: change or remove it there.\n`);
	return 0;
}

function isVerb(word: string): word is Verb {
	return word in verbs;
}

function prepare(config: Config, verb: Verb, names: string[]): Change {
	if (!existsSync(config.databasePath)) {
		throw new AppError(
			"missing",
			missingFolder(config) ?? `${config.databasePath} does not exist: there are no jobs yet.`,
		);
	}
	const db = readOnlyStore(config);
	try {
		const [first = "", second = ""] = names;
		const job = jobToChange(db, first);
		const what = `${shown(job)} (${extentWords(readExtent(db, job.id), config.zone)})`;
		if (verb === "rename") {
			const decision = planRename(db, job, second);
			const question = `This renames ${what} to ${decision.name}. Reports of ${job.name} go on there.`;
			return { decision, question, done: `${job.name} is called ${decision.name} now.`, declared: job.name };
		}
		if (verb === "merge") {
			const into = jobToChange(db, second);
			const decision = planMerge(job, into);
			const question = `This moves all of ${what} into ${shown(into)}. It cannot be taken apart again. Reports of ${job.name} go on there.`;
			return { decision, question, done: `${shown(job)} is part of ${shown(into)} now.`, declared: job.name };
		}
		const decision = planDelete(db, job, Date.now());
		const question = `This deletes ${what} with its history and alerts. A later report of it makes it anew.`;
		return { decision, question, done: `${shown(job)} is deleted.`, declared: job.name };
	} finally {
		db.close();
	}
}

function shown({ name, host }: Job): string {
	return host === "" ? name : `${name} on ${host}`;
}

function extentWords({ runs, days, oldest, newest }: Extent, zone: string): string {
	const date = (at: number) => formatInstant(at, zone).slice(0, 10);
	const span = oldest === null || newest === null ? "" : ` from ${date(oldest)} to ${date(newest)}`;
	return `${plural(runs, "run")}${span}, daily sums of ${plural(days, "day")}`;
}

/** True once it is done; false where the server has not come to it yet. */
async function carryOut(config: Config, decision: Decision): Promise<boolean> {
	const writer = writeStore(config);
	if (writer !== null) {
		const receiver = new Receiver(config.dataDir, config.zone, Date.now);
		try {
			receiver.use(writer.db);
			receiver.decide(decision);
		} finally {
			receiver.close();
			writer.close();
		}
		return true;
	}
	const spool = new SpoolWriter(config.dataDir, "decision", Date.now());
	spool.write(JSON.stringify(decision));
	spool.finish();
	const patience = performance.now() + handOverMs;
	while (existsSync(spool.path) && performance.now() < patience) await Bun.sleep(100);
	return !existsSync(spool.path);
}
