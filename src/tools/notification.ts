// A notification of Proxmox VE or Backup Server as their webhook and Gotify targets send it. From its source.
import { readCount, readObject, readText } from "./fields.ts";
import { readObjects } from "./text.ts";

export type Notification = {
	title: string;
	message: string;
	/** info, notice, warning, error, unknown; null where the template left it out. */
	severity: string | null;
	at: number | null;
	/** vzdump, verify, gc, prune, sync, tape-backup, package-updates, … */
	type: string | null;
	fields: Record<string, string>;
};

/** The first object that has a title or a message, or null. */
export function readNotification(text: string): Notification | null {
	for (const object of readObjects(text)) {
		const title = readText(object.title);
		const message = typeof object.message === "string" ? object.message : null;
		const given = readObject(object.fields) ?? readObject(object.metadata);
		if (title === null && (message === null || given === null)) continue;
		const fields: Record<string, string> = {};
		for (const [name, value] of Object.entries(given ?? {})) if (typeof value === "string") fields[name] = value;
		const seconds = readCount(typeof object.timestamp === "string" ? Number(object.timestamp) : object.timestamp);
		return {
			title: title ?? "",
			message: message ?? "",
			severity: readText(object.severity)?.toLowerCase() ?? null,
			at: seconds === null || seconds < 1e9 || seconds > 1e11 ? null : seconds * 1000,
			type: fields.type ?? typeOf(title ?? ""),
			fields,
		};
	}
	return null;
}

/** The type by the titles of the default templates. */
function typeOf(title: string): string | null {
	if (/^vzdump backup status/i.test(title)) return "vzdump";
	if (/^Verify Datastore/i.test(title)) return "verify";
	if (/^Garbage Collect/i.test(title)) return "gc";
	if (/^Pruning? /i.test(title)) return "prune";
	if (/^(?:Sync |Synchronization )/i.test(title)) return "sync";
	return /^Tape Backup/i.test(title) ? "tape-backup" : null;
}
