// `status`: how every job stands, judged now from the database, with the exit codes of a monitoring plug-in.
import { existsSync } from "node:fs";
import { type Alert, compareSeverities } from "../alert.ts";
import { readJudgement } from "../alerts/judgement.ts";
import { SettingsFile } from "../alerts/settings-file.ts";
import { readConfig } from "../config.ts";
import { messageOf } from "../errors.ts";
import { readOutages } from "../ingest/outages.ts";
import type { Judgement } from "../judge.ts";
import { mask } from "../secrets.ts";
import { settingsOf } from "../settings.ts";
import { compareStates, type State, states } from "../state.ts";
import { readOpenAlertsOf } from "../store/alerts.ts";
import { findJob, readJobs } from "../store/jobs.ts";
import { takeLock } from "../store/lock.ts";
import { readNewestGood } from "../store/standings.ts";
import { formatInstant } from "../time.ts";
import { formatAge } from "../units.ts";
import { readFlags } from "./flags.ts";
import { knowSecrets } from "./known-secrets.ts";
import { toldRefusal } from "./places.ts";
import { readOnlyStore } from "./store.ts";

const unknown = 3;
const words = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;

/** What a state is to a monitoring system. New, paused and archived jobs are nobody's trouble. */
const codes: Record<State, 0 | 1 | 2> = {
	new: 0,
	running: 0,
	ok: 0,
	paused: 0,
	archived: 0,
	warning: 1,
	late: 1,
	stuck: 1,
	failed: 2,
	missed: 2,
	stale: 2,
};

type Line = {
	name: string;
	host: string;
	slug: string;
	judgement: Judgement;
	goodAt: number | null;
	/** The worst open alert that is not told by the state already. */
	alert: Alert | null;
};

export async function statusCommand(args: string[]): Promise<number> {
	try {
		const { flags, words: names } = await readFlags(args, "status", { json: { type: "boolean" } }, { words: 1 });
		return report(flags.json === true, names[0] ?? null);
	} catch (error) {
		// A plug-in that cannot look says so: anything else would be read as a verdict.
		process.stdout.write(`UNKNOWN: ${messageOf(toldRefusal(error) ?? error)}\n`);
		return unknown;
	}
}

function report(isJson: boolean, only: string | null): number {
	const config = readConfig(process.env);
	if (!existsSync(config.databasePath)) {
		process.stdout.write(
			`UNKNOWN: there is no database at ${config.databasePath}; is DATA_DIR set as for the server?\n`,
		);
		return unknown;
	}
	const now = Date.now();
	const file = new SettingsFile(config.dataDir, config.zone);
	// Their secrets must be known to be masked where a tool has printed one.
	knowSecrets(config, file.settings);
	const db = readOnlyStore(config);
	let lines: Line[];
	try {
		const job = only === null ? null : findJob(db, only);
		if (only !== null && job === null) {
			process.stdout.write(`UNKNOWN: no job has the name ${only}\n`);
			return unknown;
		}
		const outages = readOutages(db);
		lines = (job === null ? readJobs(db) : [job]).map((job) => {
			const settings = settingsOf(file.settings, job);
			const { judgement } = readJudgement(db, job, { settings, zone: config.zone, outages }, now);
			const good = readNewestGood(db, job.id);
			const goodAt = good === null ? null : (good.endedAt ?? good.startedAt);
			const alert = worstOf(readOpenAlertsOf(db, job.id), judgement);
			return { name: job.name, host: job.host, slug: job.slug, judgement, goodAt, alert };
		});
	} finally {
		db.close();
	}
	lines.sort((a, b) => compareStates(a.judgement.state, b.judgement.state) || (a.name < b.name ? -1 : 1));
	const isServed = !canTakeLock(config.dataDir);
	const worst = Math.max(isServed ? 0 : 1, ...lines.map(codeOf));
	// Schedules and limits that cannot be read: a job may be as late as it likes.
	const code = file.problem?.severity === "critical" && worst < 2 ? unknown : worst;
	const notes = notesOf(isServed, file);
	if (isJson) process.stdout.write(`${JSON.stringify(objectOf(lines, code, isServed, notes, config.zone))}\n`);
	else process.stdout.write(textOf(lines, code, notes, now));
	return code;
}

/** While a server runs, it holds the folder's lock. Where we may not write we cannot know, and say nothing. */
function canTakeLock(dataDir: string): boolean {
	try {
		const lock = takeLock(dataDir);
		lock?.release();
		return lock !== null;
	} catch {
		return false;
	}
}

/** What limits the worth of the verdict, as sentences. */
function notesOf(isServed: boolean, { problem }: SettingsFile): string[] {
	const server = isServed ? [] : ["No monitor runs: what was reported since it stopped is not in here."];
	return problem === null ? server : [...server, plain(`${problem.title} ${problem.detail}`)];
}

function textOf(lines: Line[], code: number, notes: string[], now: number): string {
	const width = Math.max(4, ...lines.map((line) => nameOf(line).length));
	const rows = lines.map((line) => {
		const good = line.goodAt === null ? "never" : `${formatAge((now - line.goodAt) / 1000)} ago`;
		const said = [line.judgement.reason, ...(line.alert === null ? [] : [line.alert.sentence])].join(" ");
		return plain(`${line.judgement.state.padEnd(8)} ${nameOf(line).padEnd(width)}  last good ${good}; ${said}`);
	});
	const counts = states.map((state) => `${state}=${lines.filter(({ judgement }) => judgement.state === state).length}`);
	const rest = [...notes, ...rows].map((line) => `${line}\n`).join("");
	return `${words[code]}: ${headline(lines)} | ${counts.join(" ")}\n${rest}`;
}

function plain(text: string): string {
	return mask(text.replaceAll("\u00a0", " "));
}

/** A paused or archived job is nobody's trouble, whatever is open about it. */
function codeOf({ judgement: { state }, alert }: Line): number {
	if (state === "paused" || state === "archived" || alert === null) return codes[state];
	return Math.max(codes[state], alert.severity === "critical" ? 2 : alert.severity === "warning" ? 1 : 0);
}

function wordOf({ judgement: { state }, alert }: Line): string {
	return codes[state] > 0 || alert === null ? state : `${alert.kind} alert`;
}

/** What the state says already (failed, missed, …) is not said twice. */
function worstOf(open: Alert[], { state }: Judgement): Alert | null {
	const others = open.filter(({ kind }) => kind !== state);
	return others.sort((a, b) => compareSeverities(b.severity, a.severity))[0] ?? null;
}

function headline(lines: Line[]): string {
	const bad = lines.filter((line) => codeOf(line) > 0);
	if (lines.length === 0) return "no job has reported yet";
	if (bad.length === 0) return lines.length === 1 ? "the job is well" : `all ${lines.length} jobs are well`;
	const named = bad.slice(0, 5).map((line) => `${nameOf(line)} ${wordOf(line)}`);
	const more = bad.length > named.length ? ` and ${bad.length - named.length} more` : "";
	return `${bad.length} of ${lines.length} jobs: ${named.join(", ")}${more}`;
}

/** The bar separates the figures that a plug-in's reader draws: a name must not bring one along. */
function nameOf({ name, host }: Line): string {
	return (host === "" ? name : `${name} on ${host}`).replaceAll("|", "/");
}

function objectOf(
	lines: Line[],
	code: number,
	isServed: boolean,
	notes: string[],
	zone: string,
): Record<string, unknown> {
	const time = (at: number | null) => (at === null ? null : formatInstant(at, zone));
	return {
		status: words[code],
		server_runs: isServed,
		notes,
		jobs: lines.map(({ name, host, slug, judgement, goodAt, alert }) => ({
			job: name,
			host,
			slug,
			state: judgement.state,
			reason: mask(judgement.reason),
			alert: alert === null ? null : { kind: alert.kind, severity: alert.severity, sentence: mask(alert.sentence) },
			schedule: judgement.plan.words,
			due: time(judgement.dueAt),
			last_success: time(goodAt),
		})),
	};
}
