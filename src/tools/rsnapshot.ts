// rsnapshot: silent when all is well, a sentence when not, and a log file that holds many runs with rsync's figures inside.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { readInstant } from "./fields.ts";
import { measures, type RsyncStats, rsyncLines, takeStatsLine } from "./rsync-stats.ts";
import { seamsOf } from "./seams.ts";
import { readLines } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

const stamped = /^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\] ?(.*)$/;
const event =
	/^(?:WARNING: )?(\S*rsnapshot\b.{0,300}?) ([\w-]{1,40}): (started|completed successfully|completed, but with some warnings|ERROR: (.*))$/;
const problem = /^(?:ERROR|WARNING): (.*)$/;
const noise = /^-+$|^Errors were found in|^rsnapshot can not continue|^sure you don't have spaces/;
const diskUse = /^\d[\d.,]*[KMGTPE]?\t(?:\/|total$)/;

/** What is told surer than "something of the configuration is wrong". */
const surer = new Set<string>(["interrupted", "hook_failed", "repo_locked", "dest_full", "auth"]);
const networkStatuses = new Set(["10", "12", "30", "35", "255"]);

type Session = {
	interval: string | null;
	startedAt: number | null;
	endedAt: number | null;
	words: Words;
	errors: string[];
	warnings: string[];
	blocks: RsyncStats[];
};

function newSession(interval: string | null, startedAt: number | null): Session {
	return { interval, startedAt, endedAt: null, words: null, errors: [], warnings: [], blocks: [] };
}

function read(output: ToolOutput): ToolReading {
	const text = wholeText(output);
	if (isDiskUse(text)) return noRun("rsnapshot", "a listing of disk use, not a backup");
	const sessions = /(?:^|\n)\[\d{4}-\d\d-\d\dT[\d:]{8}\] /.test(text.slice(0, 4000)) ? readLog(text, output.zone) : [];
	if (sessions.length > 0) {
		return {
			tool: "rsnapshot",
			understood: true,
			runs: sessions.map((session, at) => toRun(output, session, at === sessions.length - 1)),
			ignored: [],
		};
	}
	const session = newSession(null, null);
	let isKnown = text.trim() === "";
	for (const line of rsyncLines(text)) {
		if (/^File not found: /.test(line)) session.errors.push(line);
		isKnown ||= /rsnapshot|^echo \d+ > |^(?:ERROR|WARNING): /.test(line);
		session.interval ??= /rsnapshot (?:-\S+ (?:\/\S+ )?)*([\w-]{1,40})$/.exec(line)?.[1] ?? null;
		takeStatsLine(session.blocks, line);
		takeProblem(session, line);
	}
	if (!isKnown && session.blocks.length === 0) return notUnderstood("rsnapshot", output);
	if (session.errors.length > 0) session.words = "failure";
	else if (session.warnings.length > 0) session.words = "warning";
	else if (session.blocks.length > 0 && session.blocks.every((block) => block.isClosed)) session.words = "complete";
	const outcome = judge(output, session.words, { warning: [2] });
	return oneRun("rsnapshot", toolRun(output, outcome, known(session)));
}

function takeProblem(session: Session, line: string): void {
	const match = problem.exec(line);
	const open = session.errors.at(-1);
	if (match === null && open?.endsWith("\\") && session.errors.length < 100) {
		// A long sentence goes on in the next line.
		session.errors[session.errors.length - 1] = `${open.slice(0, -1).trim()} ${line}`;
		return;
	}
	if (match === null || noise.test(match[1] ?? "")) return;
	const list = line.startsWith("ERROR") ? session.errors : session.warnings;
	if (list.length < 100) list.push((match[1] ?? "").trim());
}

/** A log's last runs, at most 1000. A run that has no end when the next one starts was interrupted. */
function readLog(text: string, zone: string): Session[] {
	const sessions: Session[] = [];
	for (const raw of readLines(text)) {
		const [, stamp, line] = stamped.exec(raw) ?? [];
		if (stamp === undefined || line === undefined) {
			const open = sessions.at(-1);
			if (open !== undefined) takeProblem(open, raw);
			continue;
		}
		const at = readInstant(stamp, zone);
		const last = sessions.at(-1);
		const match = event.exec(line);
		if (match === null) {
			if (last !== undefined) {
				takeStatsLine(last.blocks, line);
				takeProblem(last, line);
			}
			continue;
		}
		const [, , interval = "", what = "", error] = match;
		let session = last;
		// A configuration error is the only line of its run; each of its lines repeats the command.
		const isOver =
			last === undefined ||
			(last.endedAt !== null && !(error !== undefined && last.words === "failure" && last.endedAt === at));
		if (what === "started" || isOver || last.interval !== interval) {
			session = newSession(interval, at);
			if (sessions.length >= 1000) sessions.splice(0, 500);
			sessions.push(session);
		}
		if (what === "started" || session === undefined) continue;
		session.endedAt = at;
		if (what === "completed successfully") session.words = "success";
		else if (error === undefined) session.words = "warning";
		else {
			session.words = "failure";
			takeProblem(session, `ERROR: ${error}`);
		}
	}
	return sessions;
}

function toRun(output: ToolOutput, session: Session, isLast: boolean): ToolRun {
	const ending = isLast ? output : { ...output, exit: null, signal: null };
	if (session.words === null && isLast && output.exit === null && output.signal === null) {
		return toolRun(ending, "running", known(session));
	}
	// The status belongs to whatever printed the log. It can only make the last run worse, never better.
	const words =
		isLast && output.exit !== 0 && output.exit !== null
			? judge(output, session.words, { warning: [2] })
			: session.words;
	const outcome =
		isLast && output.signal !== null
			? "failure"
			: judge({ exit: null, signal: null }, words === "running" ? null : words);
	const run = toolRun(ending, outcome, known(session));
	if (session.words === null) run.errorCategory = "interrupted";
	if (session.words === null) run.errorMessage = "The log has a start of this run and no end.";
	return run;
}

function known(session: Session): Partial<ToolRun> {
	const { startedAt, endedAt, errors, warnings } = session;
	const first = errors[0] ?? warnings[0] ?? null;
	const told = /^\S+ on line \d+:$/.test(first ?? "") ? (errors[1] ?? first) : first;
	return {
		...sum(session.blocks),
		startedAt,
		endedAt,
		// Whole seconds: a run within one second has an unknown duration.
		duration: startedAt !== null && endedAt !== null && endedAt > startedAt ? (endedAt - startedAt) / 1000 : null,
		warnings: warnings.length === 0 ? null : warnings.length,
		warningMessages: warnings,
		errorMessage: told,
		errorCategory: categoryOf(errors, warnings),
		labels: session.interval === null ? {} : { interval: session.interval },
	};
}

function categoryOf(errors: string[], warnings: string[]): string | null {
	if (errors.length > 0) {
		const text = errors.join("\n");
		const category = errorCategory(text);
		const status = /rsync returned (\d+) while processing/.exec(text)?.[1];
		if (status !== undefined) return category === "unknown" && networkStatuses.has(status) ? "network" : category;
		// rsnapshot checks its sources while it reads its configuration: whatever it names there is wrong in the file.
		return surer.has(category) ? category : "config";
	}
	if (warnings.length === 0) return null;
	const category = errorCategory(warnings.join("\n"));
	return category === "unknown" && /only transferred partially/.test(warnings.join("\n"))
		? "source_unreadable"
		: category;
}

/** One run calls rsync once for each backup point: together they are what it saved. */
function sum(blocks: RsyncStats[]): Partial<ToolRun> {
	const [first, ...rest] = blocks.map(measures);
	if (first === undefined) return {};
	const total = { ...first, metrics: { ...first.metrics } };
	for (const part of rest) {
		for (const field of ["size", "bytesAdded", "filesTotal", "filesNew", "filesChanged"] as const) {
			const [one, other] = [total[field] ?? null, part[field] ?? null];
			total[field] = one === null || other === null ? null : one + other;
		}
		for (const [name, value] of Object.entries(part.metrics ?? {}))
			total.metrics[name] = (total.metrics[name] ?? 0) + value;
	}
	return total;
}

function isDiskUse(text: string): boolean {
	let lines = 0;
	for (const line of readLines(text.slice(0, 20_000))) {
		if (diskUse.test(line)) lines++;
		else if (!/\bdu\b/.test(line)) return false;
	}
	return lines > 0;
}

function recognise(output: ToolOutput): number {
	const head = wholeText(output).slice(0, 20_000);
	if (
		/rsnapshot encountered an error|Type "rsnapshot help"|(?:^|\n)\[\d{4}-\d\d-\d\dT[\d:]{8}\] (?:WARNING: )?\S*rsnapshot .{0,300}: (?:started|completed)|(?:^|\n)\S*\/rsnapshot -c /.test(
			head,
		)
	)
		return 0.97;
	return /rsnapshot\.pid|only transferred partially during rsync operation/.test(head) ? 0.96 : 0;
}

const seams = seamsOf("\\[EW", [
	String.raw`\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\] `,
	String.raw`(?<![\]:] )(?:ERROR|WARNING): `,
]);

export const rsnapshot: Tool = { name: "rsnapshot", recognise, read, hasStamps: true, seams };
