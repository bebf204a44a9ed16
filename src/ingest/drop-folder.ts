// The folder that listings are dropped into, and what waits there and in the spool: all that is looked at once a second.
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { namesIn } from "../store/files.ts";
import { spoolFolder } from "./spool.ts";

/** One listing of the shell's: named so that the reports' taker leaves it alone. */
export const handedForm = /^\d{14,}-[0-9a-f]{8}\.listing$/;

function dropFolder(dataDir: string): string {
	return join(dataDir, "inventory");
}

/** Makes the folder so that every member of the service's group may put files into it. */
export function makeDropFolder(dataDir: string): void {
	const folder = dropFolder(dataDir);
	if (existsSync(folder)) return;
	mkdirSync(folder, { recursive: true });
	chmodSync(folder, 0o2775);
}

/** `trouble`: the first file that cannot be taken, and why; null where there is none. */
export type HandedLook = { taken: number; trouble: { path: string; reason: string } | null };

/** Paths of what was handed over by our own command, and of all that lies in the drop folder. */
export type Waiting = Pick<HandedLook, "trouble"> & { handed: string[]; dropped: string[] };

export function waitingListings(dataDir: string): Waiting {
	const look: HandedLook = { taken: 0, trouble: null };
	const spool = spoolFolder(dataDir);
	const handed = waitingIn(spool, look).filter((name) => handedForm.test(name));
	const drops = dropFolder(dataDir);
	const dropped = waitingIn(drops, look);
	return {
		trouble: look.trouble,
		handed: handed.map((name) => join(spool, name)),
		dropped: dropped.map((name) => join(drops, name)),
	};
}

function waitingIn(folder: string, look: HandedLook): string[] {
	try {
		return namesIn(folder);
	} catch (error) {
		look.trouble ??= { path: folder, reason: messageOf(error) };
		return [];
	}
}
