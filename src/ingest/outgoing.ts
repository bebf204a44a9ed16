// Reports on their way to a monitor elsewhere: kept on the disk until it has acknowledged them, in their order.
import {
	chmodSync,
	closeSync,
	existsSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	statSync,
	unlinkSync,
	writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { namesIfReadable, syncFolder, writeWhole } from "../store/files.ts";

/** What may wait for one monitor: years of a daily job, and never a full disk. */
export const queueLimits = { files: 1000, bytes: 16 * 1024 * 1024, refused: 100 } as const;

/** One file: the reports of one moment, a line each. */
export type Waiting = { path: string; name: string; queuedAt: number };

type Environment = Record<string, string | undefined>;

const nameForm = /^(\d{14})-\d{4}-[0-9a-f]{8}\.jsonl$/;

/** Folders in which reports may wait, the first that can be written is taken. */
export function queueRoots(env: Environment): string[] {
	if (env.BACKUP_MONITOR_SPOOL) return [env.BACKUP_MONITOR_SPOOL];
	const roots: string[] = [];
	if (env.XDG_STATE_HOME) roots.push(join(env.XDG_STATE_HOME, "backup-monitor"));
	const home = env.HOME || homedir();
	if (home !== "" && home !== "/" && existsSync(home)) roots.push(join(home, ".local", "state", "backup-monitor"));
	if (env.DATA_DIR) roots.push(join(env.DATA_DIR, "outgoing"));
	return roots;
}

/** The folder of one monitor's reports, made for this user alone. Throws where none of the roots can be written. */
export function openQueue(roots: string[], address: string): string {
	const name = new Bun.CryptoHasher("sha256").update(address).digest("hex").slice(0, 16);
	let reason = "neither HOME nor BACKUP_MONITOR_SPOOL is set";
	for (const root of roots) {
		const folder = join(root, name);
		try {
			mkdirSync(folder, { recursive: true, mode: 0o700 });
			chmodSync(folder, 0o700);
			writeFileSync(join(folder, "address"), `${address}\n`, { mode: 0o600 });
			return folder;
		} catch (error) {
			reason = messageOf(error);
		}
	}
	throw new Error(`no folder to keep reports in: ${reason}`);
}

/** Puts reports into the queue, durably. Returns how many of the oldest had to go for them. */
export function enqueue(folder: string, lines: string, now: number): number {
	const names = waitingIn(folder).map(({ name }) => name);
	// Their order is that of their names, also when the clock was set back in between.
	const last = names.at(-1);
	const lastAt = last === undefined ? 0 : Number(last.slice(0, 14));
	const at = Math.max(now, lastAt);
	const sequence = at === lastAt && last !== undefined ? Number(last.slice(15, 19)) + 1 : 0;
	const id = crypto.randomUUID().slice(0, 8);
	const name = `${String(at).padStart(14, "0")}-${String(sequence).padStart(4, "0")}-${id}.jsonl`;
	const path = join(folder, name);
	const fd = openSync(`${path}.tmp`, "wx", 0o600);
	try {
		writeWhole(fd, lines);
		fsyncSync(fd);
	} catch (error) {
		remove(`${path}.tmp`);
		throw error;
	} finally {
		closeSync(fd);
	}
	renameSync(`${path}.tmp`, path);
	syncFolder(folder);
	return dropOldest(folder, queueLimits.files, queueLimits.bytes);
}

/** What waits, oldest first. */
export function waitingIn(folder: string): Waiting[] {
	return namesIfReadable(folder).flatMap((name) => {
		const at = nameForm.exec(name)?.[1];
		return at === undefined ? [] : [{ path: join(folder, name), name, queuedAt: Number(at) }];
	});
}

function dropOldest(folder: string, most: number, mostBytes: number): number {
	const files = waitingIn(folder).map((file) => ({ ...file, size: sizeOf(file.path) }));
	let bytes = files.reduce((total, { size }) => total + size, 0);
	let dropped = 0;
	for (const { path, size } of files) {
		const isNewest = dropped === files.length - 1;
		if ((files.length - dropped <= most && bytes <= mostBytes) || isNewest) break;
		remove(path);
		bytes -= size;
		dropped++;
	}
	return dropped;
}

function sizeOf(path: string): number {
	try {
		return statSync(path).size;
	} catch {
		// Delivered by another process since it was listed.
		return 0;
	}
}

export function remove(path: string): void {
	try {
		unlinkSync(path);
	} catch {
		// Another process removed it.
	}
}

/** The reports of one file, or null where another process has delivered it meanwhile. */
export function readWaiting({ path }: Waiting): string | null {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return null;
	}
}

/** Keeps what the monitor does not want, with its reason beside it, out of the way of what follows. */
export function setAside(folder: string, { path, name }: Waiting, reason: string): void {
	const aside = join(folder, "refused");
	try {
		mkdirSync(aside, { recursive: true, mode: 0o700 });
		renameSync(path, join(aside, name));
		writeFileSync(join(aside, `${name}.reason`), `${reason}\n`, { mode: 0o600 });
	} catch {
		// What can neither be delivered nor set aside would hold up all that waits behind it.
		remove(path);
	}
	const kept = namesIfReadable(aside).filter((file) => nameForm.test(file));
	for (const old of kept.slice(0, Math.max(0, kept.length - queueLimits.refused))) {
		remove(join(aside, old));
		remove(join(aside, `${old}.reason`));
	}
}
