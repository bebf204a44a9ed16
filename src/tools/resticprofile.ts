// resticprofile: its status file, the bodies of its HTTP hooks, and its console, which is restic's. From its source.
import type { Kind } from "../run.ts";
import { describeEnding } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { readCount, readInstant, readObject, readSeconds, readText } from "./fields.ts";
import { readRestic, readResticError } from "./restic.ts";
import { bothStreams, edgesOf, type JsonObject, readLines, readObjects } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { clip, unknownRun, wasKilled } from "./tool-run.ts";

const kinds: Record<string, Kind> = {
	backup: "backup",
	copy: "sync",
	check: "check",
	retention: "prune",
	forget: "prune",
	prune: "prune",
	restore: "restore_test",
};
const sentence = /^(?:.*[\s"])?\b(\w{1,64}) on profile '([^']{1,200})': (.*)$/;

export const resticprofile: Tool = {
	name: "resticprofile",
	recognise: (output) => {
		const text = edgesOf(bothStreams(output));
		if (/"profiles"\s*:\s*\{/.test(text) && /"(?:backup|retention|check)"\s*:\s*\{\s*"success"/.test(text)) return 0.98;
		if (/"profile_?name"\s*:/i.test(text) && /"profile_?command"\s*:/i.test(text)) return 0.97;
		return /\bprofile '[^'\n]{1,200}': |\b\w{1,64} on profile '[^'\n]{1,200}'/.test(text) ? 0.95 : 0;
	},
	read: (output) => {
		for (const object of readObjects(bothStreams(output))) {
			const profiles = readObject(object.profiles);
			if (profiles !== null) return readStatusFile(profiles, output);
			const hook = readTemplate(object, output);
			if (hook !== null) return { tool: "resticprofile", understood: true, runs: [hook], ignored: [] };
		}
		return readBody(output) ?? readRestic("resticprofile", output);
	},
};

/** Every command's last run of every profile. Counters that are all zero were not measured. */
function readStatusFile(profiles: JsonObject, output: ToolOutput): ToolReading {
	const runs: ToolRun[] = [];
	const ignored: { reason: string }[] = [];
	for (const [profile, value] of Object.entries(profiles).slice(0, 1000)) {
		for (const [command, status] of Object.entries(readObject(value) ?? {}).slice(0, 20)) {
			const kind = kinds[command];
			const fields = readObject(status);
			if (kind === undefined || fields === null) ignored.push({ reason: `${command} is no run that is known` });
			else runs.push(statusRun(profile, kind, fields, output));
		}
	}
	// The file may be that of an earlier day: an invocation that failed and left no failure in it did not write it.
	const hasFailed = output.signal !== null || (output.exit !== null && output.exit !== 0);
	if (hasFailed && runs.every(({ outcome }) => outcome === "success")) {
		for (const run of runs) blame(run, output);
	}
	return { tool: "resticprofile", understood: true, runs, ignored: ignored.slice(0, 20) };
}

function blame(run: ToolRun, output: ToolOutput): void {
	run.outcome = "failure";
	run.exitCode = output.exit;
	run.errorMessage = describeEnding(output);
	run.errorCategory = wasKilled(output) ? "interrupted" : "unknown";
}

function statusRun(profile: string, kind: Kind, fields: JsonObject, output: ToolOutput): ToolRun {
	const run = unknownRun();
	run.kind = kind;
	run.jobName = profile;
	run.duration = readSeconds(fields.duration);
	run.endedAt = readInstant(fields.time, output.zone);
	if (run.endedAt !== null && run.duration !== null) run.startedAt = run.endedAt - run.duration * 1000;
	if (kind === "backup" && (readCount(fields.files_total) ?? 0) + (readCount(fields.bytes_total) ?? 0) > 0) {
		run.size = readCount(fields.bytes_total);
		run.filesTotal = readCount(fields.files_total);
		run.filesNew = readCount(fields.files_new);
		run.filesChanged = readCount(fields.files_changed);
		// 0 packed beside something added is a restic that does not tell it (before 0.17).
		run.bytesAdded = readCount(fields.bytes_added_packed) || readCount(fields.bytes_added);
	}
	if (fields.success === true) run.outcome = "success";
	else judge(run, readText(fields.error) ?? "", readText(fields.stderr) ?? "", output);
	return run;
}

/** A body-template is the user's own; these are the names that the documentation suggests for its fields. */
function readTemplate(object: JsonObject, output: ToolOutput): ToolRun | null {
	const fields = new Map(Object.entries(object).map(([key, value]) => [key.toLowerCase().replace(/[_-]/g, ""), value]));
	const text = (...keys: string[]) =>
		keys.map((key) => readText(fields.get(key))).find((value) => value !== null) ?? null;
	const error = readObject(fields.get("error"));
	const message =
		text("message", "errormessage", "error") ?? readText(error?.message) ?? readText(error?.Message) ?? "";
	const profile = text("profilename", "profile") ?? sentence.exec(message)?.[2] ?? null;
	const command = text("profilecommand", "command") ?? sentence.exec(message)?.[1] ?? null;
	const hasSuccess = fields.has("exitcode") || fields.has("message") || fields.has("error");
	if (profile === null || command === null || !hasSuccess) return null;
	const run = unknownRun();
	run.kind = kinds[command] ?? "backup";
	run.jobName = profile;
	const exitText = fields.get("exitcode") ?? error?.exitCode ?? error?.ExitCode;
	run.exitCode = exitText === undefined || exitText === "" || exitText === null ? null : readCount(Number(exitText));
	const stderr = text("stderr", "errorstderr") ?? readText(error?.stderr) ?? readText(error?.Stderr) ?? "";
	const isGood = (run.exitCode === null || run.exitCode === 0) && message === "" && fields.has("exitcode");
	if (isGood && !wasKilled(output) && (output.exit === null || output.exit === 0)) run.outcome = "success";
	else judge(run, message, stderr, output);
	return run;
}

/** `${ERROR}` and `${ERROR_STDERR}`: "backup on profile 'nightly': exit status 12", a blank line, restic's words. */
function readBody(output: ToolOutput): ToolReading | null {
	const text = bothStreams(output);
	let found: RegExpExecArray | null = null;
	for (const line of readLines(text)) found = sentence.exec(line) ?? found;
	if (found === null) return null;
	const run = unknownRun();
	run.kind = kinds[found[1] ?? ""] ?? "backup";
	run.jobName = found[2] ?? null;
	judge(run, found[0], text.replace(found[0], ""), output);
	return { tool: "resticprofile", understood: true, runs: [run], ignored: [] };
}

/** What failed: restic's own words before resticprofile's "exit status N". Status 3 is a backup with files missing. */
function judge(run: ToolRun, error: string, stderr: string, output: ToolOutput): void {
	const status = /exit status (\d{1,3})/.exec(error)?.[1];
	run.exitCode ??= status === undefined ? output.exit : Number(status);
	const words = readResticError(stderr, run.exitCode, output.zone);
	const isContradicted = output.exit !== null && output.exit !== 0 && output.exit !== run.exitCode;
	const isWarning = words.outcome === "warning" && run.kind === "backup" && !wasKilled(output) && !isContradicted;
	run.outcome = isWarning ? "warning" : "failure";
	run.warnings = words.warnings;
	run.warningMessages = words.warningMessages;
	run.errorMessage =
		clip(words.errorMessage ?? error) || (run.exitCode === null ? null : `exit status ${run.exitCode}`);
	const category = words.errorCategory ?? "unknown";
	run.errorCategory = category === "unknown" ? errorCategory(error) : category;
	if (wasKilled(output) || /signal: /.test(error)) run.errorCategory = "interrupted";
}
