// Any command: its exit status or signal is the outcome, its last words are the reason. Also notices without a status.
import { describeEnding, judge, noRun, oneRun, toolRun, wholeText } from "./ending.ts";
import { cloudTaskRun, readEnvironment, systemdRun } from "./environment.ts";
import { errorCategory } from "./error-category.ts";
import { readText } from "./fields.ts";
import { readNagios, readSentence, type Sentence } from "./free-text.ts";
import { readObjects } from "./text.ts";
import type { Tool, ToolOutput, ToolReading } from "./tool.ts";
import { doubt, notUnderstood, reasonIn, wasKilled } from "./tool-run.ts";
import { troubleIn } from "./trouble.ts";

// Outputs that are no run, whatever they end with.
const listings: [RegExp, string][] = [
	[/^Backup session status:/m, "the progress of Time Machine, not a finished backup"],
	[/"lastacts"\s*:\s*\[/, "a listing of what UrBackup did"],
	[/^Catalogue size in archive\s+:|<Catalog format=/m, "a listing of a dar archive"],
	[/"backup-type"\s*:[\s\S]{0,400}"backup-time"\s*:/, "a listing of snapshots"],
	[/^# HELP \w+ /m, "metrics, not a backup"],
];

function read(output: ToolOutput): ToolReading {
	const text = wholeText(output);
	const head = text.slice(0, 20_000);
	const listing = listings.find(([sign]) => sign.test(head));
	if (listing !== undefined) return noRun("generic", listing[1]);

	const environment = /^(?:export )?(?:MONITOR_)?(?:SERVICE_RESULT|CLOUD_(?:SYNC|BACKUP)_ID)=/m.test(head)
		? readEnvironment(text)
		: new Map<string, string>();
	const told = systemdRun(output, environment) ?? cloudTaskRun(output, environment);
	if (told !== null) return oneRun("generic", told);

	const plugin = readNagios(head);
	if (plugin !== null) return readNotice(output, plugin, plugin.isFreshness ? "check" : "backup");
	if (output.exit === null && output.signal === null) return readWithoutStatus(output, text);
	return readStatus(output);
}

/** Exit 0 is the only success, and a warning where the output complains. */
function readStatus(output: ToolOutput): ToolReading {
	const ending = describeEnding(output);
	const outcome = judge(output, null);
	const only = output.stderr.trim() === "" ? output.stdout : output.stderr;
	const message = outcome === "failure" ? reasonIn(only) : null;
	const run = toolRun(output, outcome, {
		errorMessage: message ?? ending,
		errorCategory: wasKilled(output) ? "interrupted" : categoryOf(message, output.exit),
	});
	if (outcome === "success") doubt(run, troubleIn(wholeText(output)));
	return oneRun("generic", run);
}

/** 124 is timeout(1), 126 and 127 are the shell's "cannot execute" and "not found". */
function categoryOf(message: string | null, exit: number | null): string {
	const category = errorCategory(message ?? "");
	if (exit === 124) return "interrupted";
	return category === "unknown" && (exit === 126 || exit === 127) ? "config" : category;
}

function readWithoutStatus(output: ToolOutput, text: string): ToolReading {
	// runitor's last line holds the status that its ping put into the path.
	const trailer = /\[runitor\] exit status (\d{1,3})\s*$/.exec(text.slice(-200));
	if (trailer !== null)
		return readStatus({
			...output,
			stdout: text.replace(/\s*\[runitor\][^\n]*\s*$/, ""),
			stderr: "",
			exit: Number(trailer[1]),
		});
	const message = noticeOf(text);
	if (message === null) return notUnderstood("generic", output);
	if (/alerts? (?:has|have) been cleared/i.test(message) && !/New alerts?:/i.test(message)) {
		return noRun("generic", "an alert that was cleared, not a run");
	}
	const sentence = readSentence(message.replace(/The following alerts? (?:has|have) been cleared[\s\S]*$/i, ""));
	return sentence.words === null ? notUnderstood("generic", output) : readNotice(output, sentence, "backup");
}

/** The text of a chat message (`{"text": …}`), or a body that is one line of words. */
function noticeOf(text: string): string | null {
	for (const object of readObjects(text.slice(0, 100_000))) {
		return (
			readText(object.text) ??
			readText(object.message) ??
			readText(object.content) ??
			readText(object.body) ??
			readText(object.title)
		);
	}
	const line = text.trim();
	return line !== "" && line.length <= 1000 && !/[\n{]/.test(line) ? line : null;
}

function readNotice(output: ToolOutput, { words, text, job }: Sentence, kind: "backup" | "check"): ToolReading {
	// A plugin's status repeats its level: 1 warns.
	const outcome = judge(output, words, words === "warning" ? { warning: [1] } : {});
	return oneRun(
		"generic",
		toolRun(output, outcome, {
			kind,
			jobName: job,
			errorMessage: text,
			warningMessages: [text],
			errorCategory: errorCategory(text),
		}),
	);
}

/** Fits every output, and none well. */
function recognise(output: ToolOutput): number {
	return /^(?:MONITOR_)?SERVICE_RESULT=|^CLOUD_(?:SYNC|BACKUP)_ID=|^Backup session status:/m.test(
		output.stdout.slice(0, 20_000),
	)
		? 0.9
		: 0.01;
}

export const generic: Tool = { name: "generic", recognise, read };
