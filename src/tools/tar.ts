// tar: the line of --totals and the complaints that begin with its name, in whatever language it speaks.
import { judge, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { seamsOf } from "./seams.ts";
import { readLines } from "./text.ts";
import type { Tool, ToolOutput, ToolReading } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

// "Total bytes written: 5365760 (5.2MiB, 40MiB/s)", "Gesamtzahl geschriebener Bytes: 5365760 (5,2MiB, 40MiB/s)":
// the exact number and the rate are the same in every language. It counts the archive before compression.
const totals = /^[^:]{3,80}:\s?(\d{1,18}) ?\([\d.,]+\s?[KMGTPE]?i?B, (?:\?|[\d.,]+\s?[KMGTPE]?i?B)\/s\)$/;
const notWritten = /^(?:Total bytes read|Total bytes deleted)/;
const own = /^(?:\/[\w./-]{1,60}\/)?(?:g|bsd|gnu)?tar: /;
// Said by every run and no complaint at all.
const harmless =
	/Removing leading|Removing `|Write checkpoint|Read checkpoint|socket ignored|is the archive; not dumped|contains a cache directory tag|Entferne f|Suppression de/;
const fatal = /Error is not recoverable|Exiting with failure status|Error exit delayed/;
const changed = /file changed as we read it|file removed before we read it|File shrank|File removed/i;

function read(output: ToolOutput): ToolReading {
	let size: number | null = null;
	let isFatal = false;
	let isUnwritable = false;
	let hasLines = false;
	let hasOwn = false;
	const complaints = new Set<string>();
	const only = output.stderr.trim() === "" ? output.stdout : output.stderr;
	for (const line of readLines(unglue(only))) {
		hasLines = true;
		const written = totals.exec(line);
		if (written !== null && !notWritten.test(line)) size = Number(written[1]);
		if (!own.test(line)) continue;
		hasOwn = true;
		if (/Error is not recoverable/.test(line)) isUnwritable = true;
		if (fatal.test(line)) isFatal = true;
		else if (!harmless.test(line) && complaints.size < 200) complaints.add(line);
	}
	// -v lists names, so lines that are not tar's are its files; without a single word of tar's own we do not know.
	if (hasLines && !hasOwn && size === null && output.exit !== 0) return notUnderstood("tar", output);

	const messages = [...complaints];
	// --ignore-failed-read ends with 0 and says so beside each file that it left out.
	// So does a pipe's last part, whatever tar ended with. Only what the system said counts: harmless words have many languages.
	const isLenient = output.exit === 0 && messages.some((line) => errorCategory(line) !== "unknown");
	const isClean = messages.every((line) => changed.test(line));
	const words: Words = isFatal
		? "failure"
		: size === null
			? null
			: messages.length === 0
				? "complete"
				: isClean
					? "warning"
					: "failure";
	const outcome = judge(output, output.exit === null ? words : isFatal ? "failure" : isLenient ? "warning" : null, {
		warning: [1],
	});
	const fault = explain(messages, isUnwritable, outcome === "warning");
	return oneRun(
		"tar",
		toolRun(output, outcome, {
			size,
			warnings: messages.length === 0 ? null : messages.length,
			warningMessages: messages,
			errorCategory: fault.category,
			errorMessage: fault.message ?? lastOwn(wholeText(output)),
		}),
	);
}

const seams = seamsOf("bgtT", ["(?:bsd|g)?tar: ", String.raw`Total bytes written: \d`]);

/** `curl -d` strips line ends: what is left is cut again before each of tar's own sentences. */
function unglue(text: string): string {
	if (/[\n\r]\S/.test(text) || !/Total bytes written: |tar: .{1,2000}tar: /.test(text.slice(0, 100_000))) return text;
	return text.slice(-1_000_000).replace(seams.before, "\n$&");
}

/** tar goes on after a file it cannot read and gives up when it cannot write, with the same "Cannot open". */
function explain(messages: string[], isUnwritable: boolean, isWarning: boolean) {
	// The shell's word for a compressor that is not installed; what tar then could not write is a consequence.
	const child = messages.find((message) => /Child returned status 12[67]\b/.test(message));
	if (child !== undefined) return { message: child, category: "config" };
	const sorted = messages.map((message) => ({ message, category: errorCategory(message) as string }));
	const cause =
		sorted.find(({ category }) => category === "dest_full") ?? sorted.find(({ category }) => category !== "unknown");
	if (cause === undefined) {
		return { message: messages[0] ?? null, category: isWarning && messages.length > 0 ? "source_changed" : null };
	}
	const isSource = cause.category === "source_missing" || cause.category === "source_unreadable";
	const isArchive = isUnwritable && isSource && / Cannot (?:open|write|connect)/i.test(cause.message);
	return { message: cause.message, category: isArchive ? "dest_unwritable" : cause.category };
}

function lastOwn(text: string): string | null {
	let last: string | null = null;
	for (const line of readLines(text.slice(-4000))) if (own.test(line) && !harmless.test(line)) last = line;
	return last;
}

function recognise(output: ToolOutput): number {
	const text = wholeText(output).slice(-20_000);
	if (/(?:^|\n)Total bytes written: \d+ \(/.test(text)) return 0.95;
	// The totals of another language: the words differ, the number with its rate does not.
	if (/(?:^|\n)[^:\n]{3,80}:\s?\d{1,18} ?\([\d.,]+[KMGTPE]?i?B, [\d.,?]+(?:[KMGTPE]?i?B)?\/s\)\s*$/.test(text))
		return 0.7;
	return /(?:^|\n)(?:\/[\w./-]{1,60}\/)?(?:g|bsd)?tar: /.test(text) ? 0.8 : 0;
}

export const tar: Tool = { name: "tar", recognise, read, seams };
