// Takes away what other programs put before each line of a tool's: a journal's stamps, a container's name, quotes. Pure.
import { edgesOf } from "./text.ts";

export type Frame = {
	sign: RegExp;
	/** Some tools begin their own lines like that. */
	isOwn: boolean;
	/** Fewer lines do not show that it is one. */
	least: number;
};

const clock = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`;
const zone = String.raw`(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?`;
const stamp = String.raw`(?:[A-Z]\w{2} [ \d]\d(?: \d{4})?|\d{4}-\d\d-\d\d)[T ]${clock}${zone}`;

const frames: readonly Frame[] = [
	// journalctl and syslog: "Nov 23 03:00:01 pi restic[12]: ".
	{
		sign: new RegExp(`^(?:<\\d{1,3}>)?${stamp} [\\w.-]{1,64} [^\\s:\\[\\]]{1,64}(?:\\[\\d{1,10}\\])?:(?: |$)`),
		isOwn: false,
		least: 1,
	},
	// docker compose logs: "backup-1  | ".
	{ sign: /^[\w.-]{1,64} *\|(?: |$)/, isOwn: false, least: 1 },
	// docker logs -t, kubectl logs: an instant to the nanosecond.
	{
		sign: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}(?:Z|[+-]\d\d:\d\d) (?:std(?:out|err) [FP](?: |$))?/,
		isOwn: false,
		least: 1,
	},
	// ts(1), s6-log, the log functions of shell scripts.
	{ sign: new RegExp(`^(?:\\[${stamp}\\]|${stamp})(?: ?[-:|])?(?: |$)`), isOwn: true, least: 1 },
	{ sign: new RegExp(`^(?:\\[${clock}\\]|${clock})(?: |$)`), isOwn: true, least: 2 },
	{ sign: /^(?:\[(?:stdout|stderr|out|err)\]|(?:stdout|stderr|out|err)[:>|])(?: |$)/i, isOwn: false, least: 1 },
	// A quotation, a block of a mail or of YAML.
	{ sign: /^[>|](?: |$)/, isOwn: false, least: 1 },
	{ sign: /^[ \t]+(?=\S)/, isOwn: false, least: 2 },
];

/** How many lines are looked at, and how many of ten must begin so: the others are the program's that kept the log. */
const sampled = 200;
const tenths = 6;

/** What stands before most lines of a text, or null. */
export function frameOf(text: string): Frame | null {
	const lines = edgesOf(text, 16_384)
		.split(/\r?\n|\r/, sampled)
		.filter((line) => line.trim() !== "");
	const isFramed = ({ sign, least }: Frame) => {
		const count = lines.filter((line) => sign.test(line)).length;
		return count >= least && count * 10 >= lines.length * tenths;
	};
	return frames.find(isFramed) ?? null;
}

/** The text without it. Lines that do not begin so stay as they are. */
export function withoutFrame(text: string, { sign }: Frame): string {
	return text.replace(new RegExp(sign.source, `gm${sign.flags}`), "");
}
