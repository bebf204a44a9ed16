// Lists a mounted folder. A folder whose mount is gone looks empty, or like what lies beneath it: neither is a listing.
import { lstat, opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, messageOf } from "../errors.ts";
import { idOf } from "../tools/listings/reader.ts";
import { FoundEntries, failedListing, type ReadListing } from "./listing.ts";
import type { PullLimits } from "./pull-command.ts";

/** Whether the folder lay on a file system of its own when it was listed; null: it could not be told. */
export type PulledFolder = { listing: ReadListing; isMounted: boolean | null };

const deepest = 32;

/** Folders that did not answer in time, as a mount whose server is gone: each holds a thread until it does. */
const hanging = new Set<string>();

/** `wasMounted`: it once lay on another file system than the root, so it must again. */
export function pullFolder(path: string, wasMounted: boolean, limits: PullLimits): Promise<PulledFolder> {
	return inTime(path, limits, () => look(path, wasMounted, limits));
}

/** Resolves in time although the look at a folder may never come back; looks at it once at a time. */
export async function inTime(
	path: string,
	limits: PullLimits,
	look: () => Promise<PulledFolder>,
): Promise<PulledFolder> {
	if (hanging.has(path)) {
		return { listing: failedListing(`${path} has not answered since it was looked at before.`), isMounted: null };
	}
	hanging.add(path);
	const looking = look().finally(() => hanging.delete(path));
	const { promise: givenUp, resolve } = Promise.withResolvers<PulledFolder>();
	const giveUp = () => resolve({ listing: failedListing(whyStopped(path, limits)), isMounted: null });
	const timer = setTimeout(giveUp, limits.timeoutMs);
	limits.signal.addEventListener("abort", giveUp);
	if (limits.signal.aborted) giveUp();
	try {
		return await Promise.race([givenUp, looking]);
	} finally {
		clearTimeout(timer);
		limits.signal.removeEventListener("abort", giveUp);
	}
}

function whyStopped(path: string, { signal, timeoutMs }: PullLimits): string {
	if (signal.aborted) return "The monitor was stopped while it looked.";
	return `${path} was not read within ${Math.round(timeoutMs / 1000)} s.`;
}

async function look(path: string, wasMounted: boolean, limits: PullLimits): Promise<PulledFolder> {
	try {
		const [folder, root] = await Promise.all([stat(path), stat("/")]);
		if (!folder.isDirectory()) return { listing: failedListing(`${path} is no folder.`), isMounted: null };
		const isMounted = folder.dev !== root.dev;
		if (wasMounted && !isMounted) {
			return { listing: failedListing(`${path} is not mounted: what lies there is the folder beneath.`), isMounted };
		}
		const deadline = performance.now() + limits.timeoutMs;
		const found = new FoundEntries();
		const isOver = () => limits.signal.aborted || performance.now() > deadline;
		const trouble = await walk(path, "", 0, found, () => (isOver() ? whyStopped(path, limits) : null));
		return { listing: trouble === null ? found.finish() : failedListing(trouble), isMounted };
	} catch (error) {
		return { listing: failedListing(whyNot(path, error)), isMounted: null };
	}
}

/** Collects the files; the reason why it had to stop, or null. What is not a file is left out, links too. */
async function walk(
	base: string,
	inner: string,
	depth: number,
	found: FoundEntries,
	stopped: () => string | null,
): Promise<string | null> {
	if (depth > deepest) return null;
	const folder = await opendir(join(base, inner));
	for await (const entry of folder) {
		const why = stopped();
		if (why !== null) return why;
		if (found.isFull) return null;
		const name = inner === "" ? entry.name : `${inner}/${entry.name}`;
		if (entry.isDirectory()) {
			const trouble = await walk(base, name, depth + 1, found, stopped);
			if (trouble !== null) return trouble;
		} else if (entry.isFile()) {
			const about = await lstat(join(base, name)).catch((error) => {
				if (codeOf(error) === "ENOENT") return null;
				throw error;
			});
			if (about === null) continue;
			const at = Math.round(about.mtimeMs);
			found.take({ id: idOf(name), name: null, at, size: about.size, host: null, about: "" });
		}
	}
	return null;
}

function whyNot(path: string, error: unknown): string {
	const code = codeOf(error);
	if (code === "ENOENT") return `${path} is not there.`;
	if (code === "EACCES" || code === "EPERM") return `${path} may not be read by user ${process.getuid?.() ?? "?"}.`;
	return `${path} cannot be read: ${messageOf(error)}.`;
}
