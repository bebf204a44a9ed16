// One line per event on standard error, safe to show in a terminal, and grouped so that an attack cannot fill a disk.

import { mask } from "./secrets.ts";
import { visible } from "./visible.ts";

const lastAt = new Map<string, { at: number; hidden: number }>();
const quietMs = 60_000;

/** Writes one line. */
export function log(message: string): void {
	// console.error, not process.stderr: the latter brings Node's streams along, five megabytes of them.
	console.error(mask(visible(message)).slice(0, 2000));
}

/** As `log`, but at most once a minute for one `reason`, with the number of times it was held back. */
export function logGrouped(reason: string, message: string, now = Date.now()): void {
	const last = lastAt.get(reason);
	// A clock that was set back must not silence it until that time comes again.
	if (last !== undefined && Math.abs(now - last.at) < quietMs) {
		last.hidden++;
		return;
	}
	if (lastAt.size > 256) lastAt.clear();
	lastAt.set(reason, { at: now, hidden: 0 });
	log(last !== undefined && last.hidden > 0 ? `${message} (and ${last.hidden} more times)` : message);
}
