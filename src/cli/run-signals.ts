// What the process that started us decided about signals and descriptors, and how a signal reaches the command.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import type { Child } from "./run-child.ts";

export type Inherited = {
	/** Signals that were ignored when we started (`nohup`, a shell's background job). */
	ignored: NodeJS.Signals[];
	/** For `stdio` from index 3 on; null is a gap. */
	descriptors: (number | null)[];
};

const passedOn = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;
/** What the keyboard sends, or the end of a terminal: the kernel gives it to every process in the foreground. */
const fromTerminal = new Set<string>(["SIGHUP", "SIGINT", "SIGQUIT"]);
/** Deaths that leave a core: repeated by us they would leave a second one, of the wrong program. */
const crashes = new Set(["SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS"]);
/** Descriptors above are nobody's convention. */
const highest = 63;

/** To be asked before anything was opened or any handler set. */
export function readInherited(): Inherited {
	return { ignored: ignoredSignals(), descriptors: inheritedDescriptors() };
}

function ignoredSignals(): NodeJS.Signals[] {
	const mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(read("/proc/self/status"))?.[1] ?? "0"}`);
	return passedOn.filter((name) => (mask >> BigInt(constants.signals[name] - 1)) & 1n);
}

/** `BORG_PASSPHRASE_FD=3`, a lock held on 9: Bun closes them for its children, and has only event queues of its own. */
function inheritedDescriptors(): (number | null)[] {
	const descriptors: (number | null)[] = [];
	for (const fd of names("/proc/self/fd").map(Number)) {
		if (fd < 3 || fd > highest || isOurs(fd)) continue;
		while (descriptors.length < fd - 3) descriptors.push(null);
		descriptors[fd - 3] = fd;
	}
	return descriptors;
}

/** The last one is the folder that was just listed. */
function isOurs(fd: number): boolean {
	try {
		const target = readlinkSync(`/proc/self/fd/${fd}`);
		return target.startsWith("anon_inode:") || /^\/proc\/\d+\/fd$/.test(target);
	} catch {
		return true;
	}
}

function names(folder: string): string[] {
	try {
		return readdirSync(folder).sort((a, b) => Number(a) - Number(b));
	} catch {
		return [];
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

/** Hands signals on to the command of the moment, and remembers the first. */
export class Signals {
	readonly #handlers = new Map<NodeJS.Signals, () => void>();
	#child: Child | null = null;
	/** The first signal that asks for an end. */
	ended: NodeJS.Signals | null = null;
	#waiting: (() => void)[] = [];

	constructor({ ignored }: Inherited) {
		for (const signal of passedOn) {
			if (ignored.includes(signal)) continue;
			const handler = () => this.#take(signal);
			this.#handlers.set(signal, handler);
			process.on(signal, handler);
		}
	}

	use(child: Child | null): void {
		this.#child = child;
	}

	/** Resolves at the next signal that asks for an end. */
	asked(): Promise<void> {
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	#take(signal: NodeJS.Signals): void {
		if (!signal.startsWith("SIGUSR")) {
			this.ended ??= signal;
			for (const tell of this.#waiting.splice(0)) tell();
		}
		// Twice is once too often: at the second Ctrl-C many tools give up without cleaning up.
		if (fromTerminal.has(signal) && isForeground()) return;
		this.#child?.kill(signal);
	}

	/** Ends this process as the command ended: by the same signal, so that a shell or systemd sees no difference. */
	dieBy(signal: string): never {
		const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? Number(signal);
		if (number >= 1 && !crashes.has(signal)) {
			for (const [name, handler] of this.#handlers) process.removeListener(name, handler);
			try {
				// A signal that Bun ignores (SIGPIPE) gets its default back when its last handler goes.
				const none = () => {};
				if (signal !== "SIGKILL") process.on(signal, none).removeListener(signal, none);
				process.kill(process.pid, number);
			} catch {
				// One without a name (SIGRTMIN+6) cannot be raised here: the status says the same to a shell.
			}
			Bun.sleepSync(50);
		}
		process.exit(Number.isInteger(number) ? 128 + number : 1);
	}
}

/** Whether we are in the foreground of a terminal: /proc/self/stat tells our group and the terminal's. */
function isForeground(): boolean {
	const stat = read("/proc/self/stat");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	const [, , group, , terminal, foreground] = fields;
	return terminal !== undefined && terminal !== "0" && group === foreground;
}
