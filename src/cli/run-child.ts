// Runs one command as if nothing stood around it: its input, output, signals and descriptors are our own.
import { closeSync, fstatSync } from "node:fs";
import { basename } from "node:path";
import { isatty } from "node:tty";
import { codeOf, messageOf } from "../errors.ts";
import { OutputKeeper } from "../ingest/tool-text.ts";
import { exactCommand } from "./run-bytes.ts";
import { makePipes } from "./run-pipes.ts";
import type { Inherited } from "./run-signals.ts";
import { drained, type Source, tee } from "./run-tee.ts";

export type Ended = {
	/** null where it was ended by a signal. */
	exit: number | null;
	signal: string | null;
	startedAt: number;
	endedAt: number;
	/** By a clock that is never set. */
	seconds: number;
	stdout: string;
	stderr: string;
	log: string;
	/** Whether it wrote to a terminal itself, so that (some of) its output was not seen. */
	isOnTerminal: boolean;
	/** The sentence that says why it could not be started; the exit status is then 126 or 127. */
	cannotRun: string | null;
};

export type Child = { kill: (signal: NodeJS.Signals) => void };

export type RunOptions = {
	inherited: Inherited;
	/** Told as soon as the command runs, for signals. */
	onStart: (child: Child) => void;
	/** Resolves when a signal asks us to end. */
	asked: Promise<void>;
};

/** Of each stream, for the adapter: what tools sum up stands at the end, and a backup needs its memory for itself. */
const keptSizes = { head: 256 * 1024, tail: 1024 * 1024 };

export async function runChild(command: string[], options: RunOptions): Promise<Ended> {
	const kept = new OutputKeeper(keptSizes);
	const isOnTerminal = isatty(1) || isatty(2);
	const startedAt = Date.now();
	const clock = performance.now();
	const end = (how: Pick<Ended, "exit" | "signal" | "cannotRun">): Ended => ({
		...how,
		startedAt,
		endedAt: Date.now(),
		seconds: Math.round(performance.now() - clock) / 1000,
		stdout: kept.stdout.text(),
		stderr: kept.stderr.text(),
		log: kept.log(),
		isOnTerminal,
	});
	let child: ReturnType<typeof start>;
	try {
		child = start(command, options);
	} catch (error) {
		const { exit, reason } = whyNot(command[0] ?? "", error);
		return end({ exit, signal: null, cannotRun: reason });
	}
	options.onStart(child.process);
	const streams = [tee(child.stdout, 1, kept.stdout), tee(child.stderr, 2, kept.stderr)];
	const code = await child.process.exited;
	await drained(streams, options.asked);
	for (const { stop } of streams) stop();
	kept.stdout.end();
	kept.stderr.end();
	const { signalCode } = child.process;
	const signal = signalCode === null ? null : String(signalCode);
	return end({ exit: signal === null ? code : null, signal, cannotRun: null });
}

/** The command with what it writes, null where that goes to a terminal. */
function start(command: string[], options: RunOptions) {
	// Whatever stands on a terminal stays there: progress bars, colours and password prompts work as without us.
	const isShown = [isatty(1), isatty(2)];
	const isOne = isOneFile();
	const pipes = makePipes(isOne ? 1 : isShown.filter((isTerminal) => !isTerminal).length);
	const ends = isShown.map((isTerminal) => (isTerminal ? null : (pipes?.shift() ?? "pipe")));
	const [out = "pipe", err = "pipe"] = ends.map((end) =>
		end === null ? "inherit" : end === "pipe" ? end : end.writeEnd,
	);
	const isJoined = isOne && pipes !== null;
	if (isJoined) ends[1] = null;
	try {
		const process = spawnAny(command, out, isJoined ? out : err, options);
		const source = (end: (typeof ends)[number] | undefined, own: unknown): Source | null => {
			if (end === null || end === undefined) return null;
			if (end !== "pipe") return { stream: Bun.file(end.readEnd).stream(), close: () => closeSync(end.readEnd) };
			return own instanceof ReadableStream ? { stream: own, close: () => {} } : null;
		};
		return { process, stdout: source(ends[0], process.stdout), stderr: source(ends[1], process.stderr) };
	} catch (error) {
		for (const end of ends) if (end !== null && end !== "pipe") closeSync(end.readEnd);
		throw error;
	} finally {
		for (const end of ends) if (end !== null && end !== "pipe") closeSync(end.writeEnd);
	}
}

/** With `2>&1` the order of both outputs is part of what they say: they go through one pipe, as they would without us. */
function isOneFile(): boolean {
	try {
		const [out, err] = [fstatSync(1), fstatSync(2)];
		return out.ino === err.ino && out.dev === err.dev && !out.isCharacterDevice();
	} catch {
		return false;
	}
}

type Given = "inherit" | "pipe" | number;

/** A file that is no program and names no interpreter is a shell script: every shell and execvp treat it so. */
function spawnAny(command: string[], out: Given, err: Given, options: RunOptions) {
	try {
		return spawn(command, out, err, options);
	} catch (error) {
		const file = command[0] ?? "";
		if (codeOf(error) !== "ENOEXEC") throw error;
		const path = file.includes("/") ? file : (Bun.which(file) ?? file);
		return spawn(["/bin/sh", path, ...command.slice(1)], out, err, options);
	}
}

function spawn(command: string[], out: Given, err: Given, { inherited }: RunOptions) {
	return Bun.spawn({
		// Our environment as we got it: nothing is said about it here, so that not a byte of it changes.
		cmd: inherited.ignored.length === 0 ? exactCommand(command) : ignoring(inherited.ignored, exactCommand(command)),
		stdio: ["inherit", out, err, ...inherited.descriptors],
	});
}

/** Bun starts programs with every signal at its default; what `nohup` and the like ignored is ignored again by a shell. */
function ignoring(signals: string[], command: string[]): string[] {
	const [file = ""] = command;
	const path = file.includes("/") ? file : Bun.which(file);
	// Not found is told by the attempt to start it.
	if (path === null) return command;
	return ["/bin/sh", "-c", `trap '' ${signals.map((name) => name.slice(3)).join(" ")}; exec "$@"`, "sh", ...command];
}

function whyNot(file: string, error: unknown): { exit: number; reason: string } {
	const code = codeOf(error);
	if (code === "ENOENT") {
		if (!file.includes("/")) return { exit: 127, reason: `${file}: command not found` };
		if (Bun.file(file).size > 0) return { exit: 126, reason: `${file}: its interpreter does not exist` };
		return { exit: 127, reason: `${file}: no such file` };
	}
	if (code === "EACCES" || code === "EPERM") return { exit: 126, reason: `${file}: may not be executed` };
	if (code === "E2BIG") return { exit: 126, reason: `${file}: the argument list is too long` };
	return { exit: 126, reason: `${basename(file)} cannot be started: ${messageOf(error)}` };
}
