// One report as it came: read, checked, and as the text that the journal keeps.
import { InvalidReport } from "../errors.ts";
import type { RunReport } from "../run.ts";
import { journaled } from "./journal.ts";
import { maxLine } from "./lines.ts";
import { readText } from "./record.ts";

/** With what the journal adds to it, a longer one could not be read again. (Other roads than a push shorten the log.) */
const longest = maxLine - (journaled("{}", "push", 0).length - 2);

/** A report as JSON text; the journal adds when and how it came. */
export type Incoming = { text: string; report: RunReport };

/** Reads an object that came as a report. `index`: which one of several. Throws `InvalidReport`. */
export function incomingOf(value: unknown, zone: string, index: number | null = null): Incoming {
	const text = textOf(value, index);
	const read = readText(text, zone);
	if (!read.ok) throw new InvalidReport({ index, field: read.field, reason: read.why });
	return { text, report: read.report };
}

function textOf(value: unknown, index: number | null): string {
	const refuse = (reason: string) => new InvalidReport({ index, field: null, reason });
	let text: string;
	try {
		text = JSON.stringify(value);
	} catch {
		// From about 1e5 levels on JSON.stringify runs out of stack, where JSON.parse did not.
		throw refuse("is nested too deeply");
	}
	if (Buffer.byteLength(text) > longest) throw refuse(`is longer than ${longest} bytes`);
	return text;
}
