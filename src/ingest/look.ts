// What one look at a followed file found, and why a file cannot be read.
import type { Stats } from "node:fs";
import { type Counts, noCounts } from "./intake.ts";

/** `more`: the file is not read to its end yet. */
export type Look = Counts & {
	state: "read" | "missing" | "unreadable";
	/** Why it cannot be read, as the end of a sentence that begins with the path. */
	reason: string | null;
	more: boolean;
	firstRejected: string | null;
	/** A last line that is not ended and not a whole report yet. */
	pending: boolean;
};

/** A look that took nothing. */
export function notRead(state: Look["state"], reason: string | null): Look {
	return { state, reason, more: false, ...noCounts(), firstRejected: null, pending: false };
}

/** What stands in the place of a file, with its article. */
export function kindOf(stat: Stats): string {
	if (stat.isDirectory()) return "a directory";
	return stat.isFIFO() ? "a pipe" : "a device or socket";
}

/** Why a file cannot be read, for people. `code`: of the failed call. */
export function reasonOf(code: string): string {
	if (code === "EACCES" || code === "EPERM")
		return `cannot be read by user ${process.getuid?.() ?? "?"}: permission denied`;
	if (code === "ELOOP") return "is a symbolic link that leads to itself";
	return `cannot be read (${code || "unknown error"})`;
}
