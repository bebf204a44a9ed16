// rdiff-backup: the session statistics of --print-statistics, and its lines that begin with a level.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import {
	dropCutCount,
	type SessionStatistics,
	statisticsMeasures,
	takeStatisticsLine,
	unglueStatistics,
} from "./session-statistics.ts";
import { readLines } from "./text.ts";
import type { Tool, ToolOutput, ToolReading } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

const level = /^(ERROR|WARNING|NOTE|INFO|Fatal Error)(?::\s+|\s{2,})(.*)$/;

function read(output: ToolOutput): ToolReading {
	const text = wholeText(output);
	const blocks: SessionStatistics[] = [];
	const errors: string[] = [];
	const warnings: string[] = [];
	let isKnown = false;
	let isListing = false;
	let isEmpty = true;
	for (const line of readLines(unglueStatistics(text))) {
		isEmpty = false;
		takeStatisticsLine(blocks, line);
		isListing ||= /^(?:Found \d+ increments|Current mirror: )/.test(line);
		// The last line of a traceback.
		if (/^rdiff_backup\.[\w.]{1,80}: /.test(line) && errors.length < 100) errors.push(line);
		const [, name, sentence = ""] = level.exec(line) ?? [];
		if (name === undefined) continue;
		isKnown = true;
		// Said by 2.2 of every call in the old form.
		if (/^this command line interface is deprecated/.test(sentence)) continue;
		const list = name === "WARNING" ? warnings : name === "ERROR" || name === "Fatal Error" ? errors : null;
		if (list !== null && list.length < 100) list.push(sentence);
	}
	dropCutCount(blocks, text);
	const block = blocks.at(-1) ?? null;
	if (block === null && isListing) return noRun("rdiff-backup", "a listing of increments, not a backup");
	if (block === null && !isKnown && !isEmpty) return notUnderstood("rdiff-backup", output);
	// Exit 0 with files it could not read: they are only counted and named.
	const hasTrouble = (block?.values.Errors ?? 0) > 0 || warnings.length > 0 || errors.length > 0;
	const words: Words = block?.isClosed ? (hasTrouble ? "warning" : "success") : errors.length > 0 ? "failure" : null;
	const messages = [...errors, ...warnings];
	const category = errorCategory(messages.join("\n"));
	return oneRun(
		"rdiff-backup",
		toolRun(output, judge(output, words), {
			...(block === null ? {} : statisticsMeasures(block)),
			warningMessages: messages,
			errorMessage: errors[0] ?? warnings[0] ?? null,
			errorCategory: category === "unknown" && block?.isClosed && hasTrouble ? "source_unreadable" : category,
		}),
	);
}

function recognise(output: ToolOutput): number {
	const text = wholeText(output);
	if (/-\[ Session statistics \]-/.test(`${text.slice(0, 20_000)}\n${text.slice(-20_000)}`)) return 0.97;
	return /(?:^|\n)(?:ERROR:\s+Action \w+ failed|NOTE:\s+Starting (?:backup operation|mirror from|increment operation)|WARNING:\s+this command line interface is deprecated and will disappear|rdiff_backup\.\w+\.\w+: )/.test(
		text.slice(0, 20_000),
	)
		? 0.9
		: 0;
}

export const rdiffBackup: Tool = { name: "rdiff-backup", recognise, read };
