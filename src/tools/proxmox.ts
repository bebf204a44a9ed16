// Proxmox VE vzdump: its notification (webhook, mail text of older versions) and the log it prints. From its source.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { parseClock, parseDuration, parseSize } from "./fields.ts";
import { type Notification, readNotification } from "./notification.ts";
import { readPbsNotification } from "./pbs.ts";
import { readLines } from "./text.ts";
import type { Tool, ToolOutput, ToolReading } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

type Guest = {
	id: string;
	name: string;
	isOk: boolean;
	seconds: number | null;
	size: number | null;
	file: string | null;
};

/** What the text of a notification or the log says. */
type Told = {
	guests: Guest[];
	total: number | null;
	seconds: number | null;
	errors: string[];
	warnings: string[];
	words: Words;
	isKnown: boolean;
	/** The table is there from its head on, so no row of a failed guest was cut off. */
	hasHead: boolean;
};

const clock = String.raw`\d{1,4}:\d\d:\d\d|(?:\d+(?:\.\d+)?\s?(?:d|h|m|s|ms)\s?){1,4}|-|null`;
const bytes = String.raw`[\d.]+ ?[KMGTP]?i?B|0|-|null`;
// "100     nextcloud   ok        41s     2.150 GiB   vm/100/…"; before 8.1 "100  nextcloud  ok  00:00:41  2.15GB  /mnt/…".
const row = new RegExp(
	`^(\\d{1,9})\\s+(\\S(?:.{0,60}\\S)??)\\s+(ok|err|error|failed|FAILED|OK|todo|aborted|skipped|warning)\\s+(${clock})\\s+(${bytes})(?:\\s+([^\\s\\\\]{1,500}))?$`,
);
const logged = /^(?:(\d{1,9}): )?(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d )?(INFO|WARN|ERROR): (.{1,2000})$/;

function read(output: ToolOutput): ToolReading {
	const text = wholeText(output);
	const notification = readNotification(text);
	if (notification !== null && notification.type !== "vzdump") {
		return notification.type === null && /VMID\s+Name\s+Status/i.test(notification.message)
			? toReading(output, notification.message, notification)
			: readPbsNotification(output, notification);
	}
	if (notification === null && /"backup-type"\s*:/.test(text.slice(0, 20_000)))
		return noRun("proxmox", "a listing of snapshots, not a backup");
	return toReading(output, notification?.message ?? text, notification);
}

function toReading(output: ToolOutput, message: string, notification: Notification | null): ToolReading {
	const told = scan(message);
	if (notification === null && !told.isKnown) return notUnderstood("proxmox", output);
	const title =
		notification?.title ?? /(?:^|\n)(?:Subject: )?(vzdump backup status [^\n]{1,400})/.exec(message)?.[1] ?? "";
	const words = wordsOf(title, notification?.severity ?? null, told);
	const fault = explain(title, told);
	const at = notification?.at ?? null;
	const size = told.total ?? sum(told.guests.map((guest) => (guest.isOk ? guest.size : 0)));
	const only = told.guests.length === 1 ? told.guests[0] : undefined;
	return oneRun(
		"proxmox",
		toolRun(output, judge(output, words), {
			endedAt: at,
			startedAt: at === null || told.seconds === null ? null : at - told.seconds * 1000,
			duration: told.seconds,
			// A job that failed as a whole shows a total of zero, which nobody counted.
			size: size === 0 && words === "failure" ? null : size,
			phases: told.guests.flatMap(({ id, name, seconds }) =>
				seconds === null ? [] : [{ name: `${name} (${id})`.slice(0, 64), seconds }],
			),
			snapshotId: only?.file ?? null,
			warnings: told.warnings.length === 0 ? null : told.warnings.length,
			warningMessages: [...told.errors, ...told.warnings],
			errorMessage: fault,
			errorCategory: categoryOf(fault, told.errors),
			host: notification?.fields.hostname ?? /^vzdump backup status \(([^().\s]{1,63})/.exec(title)?.[1] ?? null,
			jobName: notification?.fields["job-id"] ?? null,
			labels: only === undefined ? {} : { guest: `${only.name} (${only.id})` },
			metrics: metricsOf(told.guests),
		}),
	);
}

function scan(message: string): Told {
	const told: Told = {
		guests: [],
		total: null,
		seconds: null,
		errors: [],
		warnings: [],
		words: null,
		isKnown: false,
		hasHead: false,
	};
	let guest: Guest | null = null;
	for (const line of readLines(message)) {
		const cells = row.exec(line);
		if (cells !== null && told.guests.length < 5000) {
			const [, id = "", name = "", status = "", time = "", size = "", file] = cells;
			const isOk = status.toLowerCase() === "ok";
			told.guests.push({
				id,
				name,
				isOk,
				seconds: spent(time),
				size: isOk ? parseSize(size, 1024) : null,
				file: isOk && file !== undefined && file !== "-" ? file.trim() : null,
			});
		}
		const total = /^Total (running time|size): (.{1,60})$/.exec(line);
		if (total?.[1] === "size") told.total = parseSize(total[2], 1024);
		else if (total !== null) told.seconds = spent(total[2] ?? "");
		told.hasHead ||= /^VMID\s+Name\s+Status/i.test(line);
		told.isKnown ||= cells !== null || total !== null || /^vzdump backup status|^VMID\s+Name\s+Status/i.test(line);
		const [, id, level, text = ""] = logged.exec(line) ?? [];
		if (level === "ERROR" && told.errors.length < 100) told.errors.push(text);
		else if (level === "WARN" && told.warnings.length < 100) told.warnings.push(text);
		else if (level === "INFO" && id === undefined) guest = takeLog(told, guest, text);
	}
	return told;
}

/** The log of the command itself, where nothing is in front of the level. */
function takeLog(told: Told, guest: Guest | null, text: string): Guest | null {
	const start = /^Starting Backup of VM (\d{1,9}) \((\w{1,10})\)$/.exec(text);
	if (start !== null) {
		told.isKnown = true;
		const next: Guest = {
			id: start[1] ?? "",
			name: start[2] ?? "",
			isOk: false,
			seconds: null,
			size: null,
			file: null,
		};
		told.guests.push(next);
		return next;
	}
	if (/^starting new backup job: vzdump /.test(text)) told.isKnown = true;
	if (text === "Backup job finished successfully") told.words = "success";
	if (guest === null) return null;
	const name = /^(?:VM|CT) Name: (\S{1,64})$/.exec(text)?.[1];
	if (name !== undefined) guest.name = name;
	const file = /^creating (?:vzdump|Proxmox Backup Server) archive '([^']{1,500})'$/.exec(text)?.[1];
	if (file !== undefined) guest.file = file;
	const size = /^(?:archive file size: |backup size: )([\d.]+ ?[KMGTP]?i?B)/i.exec(text)?.[1];
	if (size !== undefined) guest.size = parseSize(size, 1024);
	const end = /^Finished Backup of VM \d{1,9} \((\d\d:\d\d:\d\d)\)$/.exec(text);
	if (end !== null) {
		guest.isOk = true;
		guest.seconds = parseClock(end[1]);
	}
	return guest;
}

function spent(text: string): number | null {
	return text.includes(":") ? parseClock(text) : parseDuration(text);
}

function sum(sizes: (number | null)[]): number | null {
	if (sizes.length === 0) return null;
	return sizes.reduce<number | null>((total, size) => (total === null || size === null ? null : total + size), 0);
}

/** The title decides; without it the severity, the table, and the log's last word. One failed guest fails the job. */
function wordsOf(title: string, severity: string | null, told: Told): Words {
	const someFailed = told.guests.some((guest) => !guest.isOk);
	if (/backup failed/i.test(title) || severity === "error" || someFailed) return "failure";
	const isSuccess =
		/backup success/i.test(title) ||
		told.words === "success" ||
		(told.hasHead && told.guests.length > 0 && told.seconds !== null);
	if (!isSuccess) return told.errors.length > 0 ? "failure" : null;
	// A title that says "successful" has weighed the log's warnings already.
	return severity === "warning" || told.errors.length > 0 || (title === "" && told.warnings.length > 0)
		? "warning"
		: "success";
}

/** The title's reason ("backup failed: …"), unless it only counts them; then the first error of the logs. */
function explain(title: string, told: Told): string | null {
	const reason = /backup failed: (.{1,2000})$/i.exec(title)?.[1];
	const failed = told.guests.filter((guest) => !guest.isOk);
	const detail = told.errors.find((text) => /^Backup of VM \d+ failed/.test(text)) ?? told.errors[0] ?? null;
	if (reason !== undefined && reason !== "multiple problems" && reason !== "job errors") return reason;
	if (detail !== null) return detail;
	if (failed.length > 0)
		return `${failed.length} of ${told.guests.length} guests failed: ${failed
			.slice(0, 10)
			.map(({ id, name }) => `${name} (${id})`)
			.join(", ")}`;
	return reason ?? (title === "" ? (told.warnings[0] ?? null) : title);
}

/** Of the reason itself; of the logs only where that tells none. */
function categoryOf(reason: string | null, errors: string[]): string | null {
	if (reason === null) return null;
	const category = errorCategory(reason);
	return category === "unknown" ? errorCategory(errors.join("\n")) : category;
}

function metricsOf(guests: Guest[]): Record<string, number> {
	if (guests.length === 0) return {};
	return { guests: guests.length, guests_failed: guests.filter((guest) => !guest.isOk).length };
}

function recognise(output: ToolOutput): number {
	const head = wholeText(output).slice(0, 20_000);
	if (/vzdump backup status|"type"\s*:\s*"vzdump"|INFO: starting new backup job: vzdump/.test(head)) return 0.97;
	// What else Proxmox sends to the same webhook: about no backup, and so no run.
	if (
		/"severity"\s*:/.test(head) &&
		/"type"\s*:\s*"(?:package-updates|fencing|replication|system-mail|acme)"/.test(head)
	)
		return 0.9;
	return /(?:^|\n)VMID\s+Name\s+Status\s+Time\s+Size\s+Filename/i.test(head) ? 0.95 : 0;
}

export const proxmox: Tool = { name: "proxmox", recognise, read, hasStamps: true };
