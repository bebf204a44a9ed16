// Makes a listing by a command of the configuration file: an argv, never a shell, with a limit on time and output.
import { codeOf, messageOf } from "../errors.ts";
import type { ListingFormat } from "../inventory.ts";
import { failedListing, listingLimit, openListing, type ReadListing } from "./listing.ts";

export type PullLimits = { timeoutMs: number; signal: AbortSignal };

/** Ours are not the command's: what it needs (RESTIC_PASSWORD_FILE, RCLONE_CONFIG) it has in its own names. */
const ours =
	/^(?:PUSH_TOKEN|AUTH_|NOTIFY_URLS|HEARTBEAT_URL|TRUSTED_PROXIES|NOTIFY_SOCKET|WATCHDOG_|LISTEN_|BUN_|NODE_OPTIONS$)/;

/** Runs the command and reads what it prints. Throws nothing: whatever goes wrong is a failed listing. */
export async function pullCommand(
	argv: readonly string[],
	format: ListingFormat,
	zone: string,
	env: Record<string, string | undefined>,
	{ timeoutMs, signal }: PullLimits,
): Promise<ReadListing> {
	const name = argv[0] ?? "";
	const child = startChild(argv, env);
	if ("trouble" in child) return failedListing(child.trouble);
	const { process: running } = child;
	let ended: "time" | "size" | "stop" | null = null;
	const end = (why: NonNullable<typeof ended>) => {
		ended ??= why;
		killGroup(running.pid);
	};
	const timer = setTimeout(() => end("time"), timeoutMs);
	const stop = () => end("stop");
	signal.addEventListener("abort", stop, { once: true });
	if (signal.aborted) stop();
	try {
		const sink = openListing(format, zone);
		const errors = readTail(running.stderr);
		let length = 0;
		for await (const bytes of running.stdout) {
			length += bytes.length;
			if (length > listingLimit) {
				end("size");
				break;
			}
			sink.push(bytes);
			// Answers are due between two pieces of a long listing.
			await Bun.sleep(0);
		}
		const status = await running.exited;
		// Whatever it left running in its group: nobody waits for that.
		killGroup(running.pid);
		const said = lastLine(await errors);
		const seconds = Math.round(timeoutMs / 1000);
		if (ended === "time") return sink.finish(`${name} did not end within ${seconds} s.${said}`);
		if (ended === "size") return sink.finish(`${name} printed more than ${listingLimit} bytes.`);
		if (ended === "stop") return sink.finish("The monitor was stopped while it ran.");
		if (status !== 0) {
			const how = running.signalCode === null ? `exited with ${status}` : `was ended by ${running.signalCode}`;
			return sink.finish(`${name} ${how}.${said}`);
		}
		return sink.finish();
	} catch (error) {
		killGroup(running.pid);
		return failedListing(`${name} could not be read: ${messageOf(error)}.`);
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", stop);
	}
}

function startChild(argv: readonly string[], env: Record<string, string | undefined>) {
	const [name = ""] = argv;
	try {
		const process = Bun.spawn([...argv], {
			cwd: "/",
			stdin: "ignore",
			stdout: "pipe",
			stderr: "pipe",
			// A group of its own, so that its children end with it.
			detached: true,
			env: Object.fromEntries(Object.entries(env).filter(([key]) => !ours.test(key))),
		});
		return { process };
	} catch (error) {
		const isMissing = codeOf(error) === "ENOENT";
		return { trouble: isMissing ? `There is no program ${name}.` : `${name} cannot be started: ${messageOf(error)}.` };
	}
}

function killGroup(pid: number): void {
	try {
		process.kill(-pid, "SIGKILL");
	} catch {
		// It has ended, and all that it started.
	}
}

const keptErrors = 4096;

async function readTail(stream: ReadableStream<Uint8Array>): Promise<string> {
	let tail = "";
	const decoder = new TextDecoder();
	try {
		for await (const bytes of stream) tail = (tail + decoder.decode(bytes, { stream: true })).slice(-keptErrors);
	} catch {
		// What was read tells enough.
	}
	return tail;
}

function lastLine(text: string): string {
	const line = text.trim().split("\n").at(-1)?.trim() ?? "";
	return line === "" ? "" : ` ${line.slice(0, 300)}`;
}
