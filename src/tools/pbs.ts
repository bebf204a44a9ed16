// Proxmox Backup Server: notifications of its jobs, and the output of proxmox-backup-client. From its source.
import type { Kind } from "../run.ts";
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { parseDuration, parseSize, readInstant } from "./fields.ts";
import { type Notification, readNotification } from "./notification.ts";
import { readLines } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

// A job of the server is no backup: nothing of these enters the size chart, but a failed verification must be heard.
const kinds: Record<string, Kind> = {
	verify: "check",
	verification: "check",
	gc: "prune",
	prune: "prune",
	sync: "sync",
	"tape-backup": "sync",
};

const snapshot =
	/^Starting backup: (?:\[[^\]]{1,200}\]:)?((?:vm|ct|host)\/[\w.-]{1,128}\/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))$/;
const archive =
	/^\S{1,200}: had to (?:backup|upload) ([\d.]+ [KMGTP]?i?B) of ([\d.]+ [KMGTP]?i?B)(?: \(compressed ([\d.]+ [KMGTP]?i?B)\))? in [\d.]+ ?s$/;
const reused = /^\S{1,200}: reused ([\d.]+ [KMGTP]?i?B) from previous snapshot/;

function read(output: ToolOutput): ToolReading {
	const text = wholeText(output);
	const notification = readNotification(text);
	if (notification !== null) return readPbsNotification(output, notification);
	if (/"backup-type"\s*:/.test(text.slice(0, 20_000)) && /"backup-time"\s*:/.test(text.slice(0, 20_000))) {
		return noRun("pbs", "a listing of snapshots, not a backup");
	}
	return readClient(output, text);
}

/** A job that the server told about; also reached through the Proxmox VE adapter, since both share one webhook. */
export function readPbsNotification(output: ToolOutput, notification: Notification): ToolReading {
	const { title, message, severity, type, fields } = notification;
	const kind = type === null ? undefined : kinds[type];
	if (kind === undefined) return noRun("pbs", `a notification about "${type ?? title}", not a run`);
	const outcome = judge(output, wordsOf(title, message, severity));
	const sentence = reason(title, message);
	return oneRun(
		"pbs",
		toolRun(output, outcome, {
			kind,
			endedAt: notification.at,
			duration: parseDuration(/(?:^|\n)Duration:[ \t]+([^\n]{1,40})/.exec(message)?.[1]),
			host: fields.hostname ?? null,
			jobName: fields["job-id"] ?? null,
			repository: fields.datastore ?? null,
			warningMessages: [title],
			errorMessage: sentence,
			errorCategory: kind === "check" ? "repo_corrupt" : errorCategory(sentence),
			labels: { type: type ?? "" },
		}),
	);
}

function wordsOf(title: string, message: string, severity: string | null): Words {
	if (/\bfail(?:ed|ure)\b|\berror/i.test(title) || severity === "error") return "failure";
	if (severity === "warning") return "warning";
	if (/\bsuccess(?:ful(?:ly)?)?\b/i.test(title)) return "success";
	if (/(?:^|\n)[^\n]{1,80} failed(?::| on )/.test(message)) return "failure";
	return /(?:^|\n)(?:Garbage collection|Verification|Synchronization|Tape Backup|Pruning)[^\n]{0,20} successful\./i.test(
		message,
	)
		? "success"
		: null;
}

/** "Synchronization failed: …" of the body; for a verification the title with what failed. */
function reason(title: string, message: string): string {
	const told = /(?:^|\n)([^\n]{1,60} failed: [^\n]{1,2000})/.exec(message)?.[1];
	if (told !== undefined) return told;
	const groups = [...message.slice(0, 20_000).matchAll(/\n\s{2,}((?:vm|ct|host)\/\S{1,200})/g)]
		.slice(0, 5)
		.map((match) => match[1]);
	return groups.length === 0 ? title : `${title}: ${groups.join(", ")}`;
}

/** `proxmox-backup-client backup …` */
function readClient(output: ToolOutput, text: string): ToolReading {
	const run: Partial<ToolRun> = { size: null, bytesAdded: null };
	const errors: string[] = [];
	const warnings: string[] = [];
	let isKnown = text.trim() === "";
	let isEnded = false;
	for (const line of readLines(text)) {
		const start = snapshot.exec(line);
		if (start !== null) {
			run.snapshotId = start[1] ?? null;
			run.startedAt = readInstant(start[2], output.zone);
		}
		const upload = archive.exec(line);
		if (upload !== null) {
			run.bytesAdded = add(run.bytesAdded, parseSize(upload[3] ?? upload[1], 1024));
			run.size = add(run.size, parseSize(upload[2], 1024));
		}
		run.host ??= /^Client name: (\S{1,200})$/.exec(line)?.[1] ?? null;
		run.repository ??= /^Upload directory '.{1,500}' to '([^']{1,500})' as /.exec(line)?.[1] ?? null;
		const time = /^Duration: ([\d.]+ ?s|[\dhms. ]{2,30})$/.exec(line);
		if (time !== null) run.duration = parseDuration(time[1]);
		isEnded ||= line.startsWith("End Time: ");
		isKnown ||=
			start !== null ||
			upload !== null ||
			reused.test(line) ||
			/^(?:Starting backup protocol|Upload directory) /.test(line);
		const told = /^(?:[Ee]rror|ERROR): (.{1,2000})$/.exec(line)?.[1];
		if (told !== undefined && errors.length < 100) errors.push(told);
		if (/^(?:warning: |failed to open file|skipping )/i.test(line) && warnings.length < 100) warnings.push(line);
	}
	if (!isKnown && errors.length === 0) return notUnderstood("pbs", output);
	const words: Words = errors.length > 0 ? "failure" : isEnded ? (warnings.length > 0 ? "warning" : "success") : null;
	return oneRun(
		"pbs",
		toolRun(output, judge(output, words), {
			...run,
			warnings: warnings.length === 0 ? null : warnings.length,
			warningMessages: warnings,
			errorMessage: errors.at(-1) ?? warnings[0] ?? null,
			errorCategory: errorCategory(errors.join("\n") || warnings.join("\n")),
		}),
	);
}

function add(one: number | null | undefined, other: number | null): number | null {
	return other === null ? (one ?? null) : (one ?? 0) + other;
}

function recognise(output: ToolOutput): number {
	const head = wholeText(output).slice(0, 20_000);
	if (
		/"type"\s*:\s*"(?:verify|verification|gc|prune|sync|tape-backup)"/.test(head) &&
		/"(?:severity|message|title)"\s*:/.test(head)
	)
		return 0.96;
	if (/(?:^|\n)Starting backup: (?:\[[^\]\n]{1,200}\]:)?(?:vm|ct|host)\/\S+\/\d{4}-/.test(head)) return 0.95;
	return /"backup-type"\s*:/.test(head) && /"backup-time"\s*:/.test(head) ? 0.9 : 0;
}

export const pbs: Tool = { name: "pbs", recognise, read };
