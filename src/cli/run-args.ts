// The words behind `run`: flags, then one command, or several with a phase's name each.
import { parseArgs } from "node:util";
import { AppError } from "../errors.ts";
import { limits } from "../report-fields.ts";
import { type CommonFlags, commonOptions, readCommon, usageError } from "./report-flags.ts";

/** One command with the name of its phase; null where the command line names none. */
export type Step = { phase: string | null; command: string[] };

export type RunArgs = CommonFlags & {
	steps: Step[];
	/** A shell script whose `#phase: name` lines begin phases, and its arguments. */
	script: { file: string; args: string[] } | null;
	keepsLog: boolean;
	/** Exit statuses that are a warning, besides those that the tool is known for. */
	warningExits: number[];
	/** Files whose size is the run's, where the tool tells none. */
	sizeOf: string[];
};

const usage = "Expected: backup-monitor run --job NAME [OPTIONS] -- COMMAND…";

/** Everything behind the first `--` belongs to the command and is never looked at, but for `--phase NAME --`. */
export function readRunArgs(args: string[]): RunArgs {
	const dashes = args.indexOf("--");
	const before = dashes === -1 ? args : args.slice(0, dashes);
	const words = dashes === -1 ? [] : args.slice(dashes + 1);
	const { values, positionals } = parseFlags(before);
	if (positionals.length > 0) {
		throw new AppError("usage", `"${positionals[0]}" stands before "--"; the command belongs behind it. ${usage}`);
	}
	const common = readCommon(values, "run");
	const { phase, script } = values;
	const rest = {
		...common,
		keepsLog: values["no-log"] !== true,
		warningExits: exitsOf(values["warning-exit"]),
		sizeOf: values["size-of"] ?? [],
	};
	if (script !== undefined) {
		if (phase !== undefined)
			throw new AppError("usage", "--script has its phases inside: --phase does not go with it.");
		return { ...rest, steps: [], script: { file: script, args: words } };
	}
	if (words.length === 0) throw new AppError("usage", `There is no command to run. ${usage}`);
	const steps = phase === undefined ? [{ phase: null, command: words }] : splitSteps(phaseName(phase), words);
	return { ...rest, steps, script: null };
}

const options = {
	...commonOptions,
	phase: { type: "string" },
	script: { type: "string" },
	"no-log": { type: "boolean" },
	"warning-exit": { type: "string" },
	"size-of": { type: "string", multiple: true },
} as const;

function parseFlags(args: string[]) {
	try {
		return parseArgs({ args, options, allowPositionals: true });
	} catch (error) {
		throw usageError(error, "run", options);
	}
}

/** Three words in a row, `--phase NAME --`, begin the next phase. A `--phase` without the `--` stays with its command. */
function splitSteps(first: string, words: string[]): Step[] {
	const steps: Step[] = [];
	let step: Step = { phase: first, command: [] };
	for (let at = 0; at < words.length; at++) {
		const word = words[at] ?? "";
		const isLong = word === "--phase" && words[at + 2] === "--";
		const isShort = word.startsWith("--phase=") && words[at + 1] === "--";
		if (!isLong && !isShort) {
			step.command.push(word);
			continue;
		}
		steps.push(step);
		step = { phase: phaseName(isLong ? (words[at + 1] ?? "") : word.slice("--phase=".length)), command: [] };
		at += isLong ? 2 : 1;
	}
	steps.push(step);
	const empty = steps.find(({ command }) => command.length === 0);
	if (empty !== undefined) throw new AppError("usage", `The phase ${empty.phase} has no command. ${usage}`);
	return steps;
}

export function phaseName(text: string): string {
	const name = text.trim();
	if (name.length >= 1 && name.length <= limits.name) return name;
	throw new AppError("usage", `A phase's name has 1 to ${limits.name} characters.`);
}

function exitsOf(text: string | undefined): number[] {
	if (text === undefined) return [];
	const exits = text.split(",").map((part) => (/^\s*\d{1,3}\s*$/.test(part) ? Number(part) : Number.NaN));
	if (exits.every((exit) => exit >= 1 && exit <= 255)) return exits;
	throw new AppError("usage", `--warning-exit is "${text}"; expected exit statuses from 1 to 255, such as 1,3.`);
}
