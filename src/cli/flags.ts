// Reads a command's flags; what it does not know is said in one sentence, with the nearest thing that exists.
import type { parseArgs } from "node:util";
import { editDistance } from "../edit-distance.ts";
import { AppError, messageOf } from "../errors.ts";

type Parsed = ReturnType<typeof parseArgs>;
type Options = Record<string, { type: "string" | "boolean" }>;
type Values<O extends Options> = { [K in keyof O]?: O[K]["type"] extends "string" ? string : boolean };

/** The flags of a command and the words between them. Throws `usage` for anything that is not declared. */
export async function readFlags<O extends Options>(
	args: string[],
	command: string,
	options: O,
	{ words = 0 } = {},
): Promise<{ flags: Values<O>; words: string[] }> {
	// A server without flags never loads the parser: it is three megabytes.
	if (args.length === 0) return { flags: {}, words: [] };
	const { parseArgs } = await import("node:util");
	let parsed: Parsed;
	try {
		parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
	} catch (error) {
		throw new AppError("usage", `${unknownFlag(error, Object.keys(options))} See: backup-monitor ${command} --help`);
	}
	if (parsed.positionals.length > words) {
		throw new AppError(
			"usage",
			`"${parsed.positionals[words]}" is more than ${command} takes. See: backup-monitor ${command} --help`,
		);
	}
	return { flags: parsed.values as Values<O>, words: parsed.positionals };
}

/** What `parseArgs` threw as one sentence, and the nearest flag that there is. */
export function unknownFlag(error: unknown, names: readonly string[]): string {
	const sentence = sentenceOf(messageOf(error));
	const unknown = /^Unknown option '(--?[^']+)'/.exec(sentence)?.[1] ?? "";
	const known = names.map((name) => `--${name}`);
	return `${sentence}${didYouMean(unknown, known)}`;
}

/** " Did you mean …?", or "" where nothing known is like it. */
export function didYouMean(word: string, known: readonly string[]): string {
	const bare = word.replace(/^-+/, "");
	const near = known
		.map((name) => ({ name, slips: editDistance(bare, name.replace(/^-+/, "")) }))
		.filter(({ slips }) => bare.length > 1 && slips <= Math.max(1, Math.floor(bare.length / 3)))
		.sort((a, b) => a.slips - b.slips)[0];
	return near === undefined ? "" : ` Did you mean ${near.name}?`;
}

/** Node's message is three sentences long; the first says it. */
function sentenceOf(message: string): string {
	const first = message.split(/\. |\n/)[0] ?? message;
	return first.endsWith(".") ? first : `${first}.`;
}
