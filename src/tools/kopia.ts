// Kopia: runs from its manifests and notifications, and from what `snapshot create` prints for people.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { parseDuration, parseSize, readObject } from "./fields.ts";
import { labelsOf, type Told, toldByHtml, toldByManifest, toldByReport, toldByText } from "./kopia-report.ts";
import { type JsonObject, readObjects, readPieces } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { lastLine, notUnderstood } from "./tool-run.ts";

/** A report of a hundred sources is a tenth of it. */
const maxReport = 500_000;

function read(output: ToolOutput): ToolReading {
	const text = wholeText(output);
	const manifests: JsonObject[] = [];
	for (const object of readObjects(text)) {
		if (Array.isArray(object.snapshots) && "generatedAt" in object)
			return readReport(output, object.snapshots.map(toldByReport));
		if (isManifest(object)) manifests.push(object);
	}
	if (manifests.length > 0) {
		// `snapshot list --json` is an array; `snapshot create --json` prints one object for each source.
		if (/^\s*\[/.test(output.stdout)) return noRun("kopia", "a listing of snapshots, not a backup");
		return readReport(
			output,
			manifests.map((manifest) => toldByManifest(manifest, output.zone)),
		);
	}
	const report = text.slice(0, maxReport);
	if (/class="snapshotstatus-\w+"/.test(report)) return readReport(output, toldByHtml(report));
	const paragraphs = toldByText(report);
	if (paragraphs.length > 0) return readReport(output, paragraphs);
	if (/^\s*(?:Subject: )?Test notification/i.test(text)) return noRun("kopia", "a test notification");
	return readWords(output, text);
}

/** Several sources are several runs. One status for all of them says of which it speaks only when there is one. */
function readReport(output: ToolOutput, told: Told[]): ToolReading {
	const failed = told.some(({ words }) => words === "failure");
	const runs = told.map(({ words, run }, at) => {
		const isBlamed = told.length === 1 || (!failed && at === told.length - 1);
		const ending = isBlamed ? output : { ...output, exit: null, signal: null };
		return toolRun(ending, judge(ending, words), { ...run, exitCode: output.exit });
	});
	return { tool: "kopia", understood: true, runs, ignored: [] };
}

function isManifest(object: JsonObject): boolean {
	return readObject(object.source) !== null && "startTime" in object && ("stats" in object || "rootEntry" in object);
}

/** What the command line prints without --json, and the notification of an operation that failed. */
function readWords(output: ToolOutput, text: string): ToolReading {
	const run: Partial<ToolRun> = {};
	const errors: string[] = [];
	let isCreated = false;
	let isFatal = false;
	let isKnown = text.trim() === "";
	let path: string | null = null;
	for (const piece of readPieces(text)) {
		if (piece.type === "object") continue;
		const { line } = piece;
		const created = /^Created (?:partial )?snapshot with root \S{1,200} and ID (\w{8,80}) in (\S{1,40})$/.exec(line);
		if (created !== null) {
			isCreated = !line.startsWith("Created partial");
			run.snapshotId = created[1] ?? null;
			run.duration = parseDuration(created[2]);
		}
		path =
			/^Snapshotting (?:[\w.-]{1,100}@[\w.-]{1,100}:)?(\/.{1,1000}?|[A-Za-z]:.{1,1000}?) \.\.\.$/.exec(line)?.[1] ??
			path;
		const progress =
			/(\d{1,15}) hashed \(([^()]{1,30})\), (\d{1,15}) cached \(([^()]{1,30})\), uploaded ([\d.]+ [KMGTP]?i?B)/.exec(
				line,
			);
		if (progress !== null) {
			const [hashed, cached] = [parseSize(progress[2], 1000), parseSize(progress[4], 1000)];
			run.bytesAdded = parseSize(progress[5], 1000);
			run.size = hashed === null || cached === null ? null : hashed + cached;
			run.filesTotal = Number(progress[1]) + Number(progress[3]);
		}
		isKnown ||= created !== null || progress !== null || path !== null || /^(?:Operation|Kopia): |kopia/i.test(line);
		isFatal ||= /^Found \d+ fatal error\(s\) while snapshotting /.test(line);
		const error =
			/^(?:ERROR|error:|Error:|kopia: error:)\s*(.{1,2000})$/.exec(line) ??
			/^(?:! )?((?:Ignored error|Error) when processing ".{1,2000})$/.exec(line) ??
			/^((?:Found|Ignored) \d+ (?:fatal )?error\(s\) while snapshotting .{1,400})$/.exec(line);
		if (error !== null && errors.length < 100) errors.push(error[1] ?? "");
	}
	const operation = /(?:^|\n)Operation:[ \t]+([^\n]{1,400})/.exec(text)?.[1];
	if (operation !== undefined) errors.push(lastSentence(text) ?? operation);
	if (!isKnown && errors.length === 0) return notUnderstood("kopia", output);
	const told: Words =
		operation !== undefined || isFatal
			? "failure"
			: isCreated
				? errors.length > 0
					? "warning"
					: "success"
				: errors.length > 0
					? "failure"
					: null;
	return oneRun(
		"kopia",
		toolRun(output, judge(output, told), {
			...run,
			kind: /maintenance/i.test(operation ?? "") ? "prune" : "backup",
			warningMessages: errors,
			errorMessage: errors[0] ?? lastLine(text),
			errorCategory: errorCategory(errors.join("\n") || (lastLine(text) ?? "")),
			labels: labelsOf(path, null),
		}),
	);
}

/** The error of a notification stands between its times and the line "Generated at". */
function lastSentence(text: string): string | null {
	const lines = text
		.slice(0, 20_000)
		.split("\n")
		.map((line) => line.trim());
	const end = lines.findIndex((line) => line.startsWith("Generated at"));
	const body = lines
		.slice(0, end === -1 ? undefined : end)
		.filter((line) => line !== "" && !/^(?:Operation|Started|Finished|Subject)\b/.test(line));
	return body.at(-1) ?? null;
}

function recognise(output: ToolOutput): number {
	const head = wholeText(output).slice(0, 20_000);
	if (
		/"rootEntry"\s*:|"kopiaVersion"\s*:|by Kopia v|Created (?:partial )?snapshot with root \S+ and ID|class="snapshotstatus-|https:\/\/kopia\.io/.test(
			head,
		)
	)
		return 0.97;
	if (
		/(?:^|\n)(?:Snapshotting [\w.-]{1,100}@[\w.-]{1,100}:\S.{0,1000} \.\.\.$|(?:Found|Ignored) \d+ (?:fatal )?error\(s\) while snapshotting )/m.test(
			head,
		)
	)
		return 0.9;
	return /(?:^|\n)Path: [^\n]+\n\s*\n? *Status: +(?:success|warnings|fatal|incomplete)/.test(head) ? 0.9 : 0;
}

export const kopia: Tool = { name: "kopia", recognise, read };
