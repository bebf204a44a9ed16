// The way into a running server from the shell: commands put a file into DATA_DIR/spool, the server takes it.
import {
	chmodSync,
	closeSync,
	existsSync,
	fchmodSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readdirSync,
	renameSync,
	unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { codeOf } from "../errors.ts";
import { syncFolder, writeWhole } from "../store/files.ts";

/**
 * `import`: lines of a file. `report`: what `record` and `run` saw. `prune`: delete what is beyond retention now.
 * `decision`: what was decided about a job by `job`.
 */
const kinds = ["import", "report", "prune", "decision"] as const;
export type SpoolKind = (typeof kinds)[number];
export type SpoolFile = { path: string; kind: SpoolKind };

const nameForm = /^\d{14,}-[0-9a-f]{8}\.(import|report|prune|decision)\.jsonl$/;

export function spoolFolder(dataDir: string): string {
	return join(dataDir, "spool");
}

/** Makes the folder so that every member of the service's group may put files into it. */
export function makeSpool(dataDir: string): void {
	const folder = spoolFolder(dataDir);
	if (existsSync(folder)) return;
	// Under the unit no program may set the setgid bit itself; a new folder has it from the one it lies in.
	const umask = process.umask(0o002);
	try {
		mkdirSync(folder, { recursive: true, mode: 0o775 });
	} finally {
		process.umask(umask);
	}
	try {
		chmodSync(folder, 0o2775);
	} catch {
		// Its group may write there, and that is what matters.
	}
}

/** A file being written; it becomes visible to the server with `finish`, whole or not at all. */
export class SpoolWriter {
	readonly path: string;
	readonly #fd: number;
	readonly #folder: string;

	constructor(dataDir: string, kind: SpoolKind, now: number) {
		makeSpool(dataDir);
		this.#folder = spoolFolder(dataDir);
		const id = crypto.randomUUID().slice(0, 8);
		this.path = join(this.#folder, `${String(now).padStart(14, "0")}-${id}.${kind}.jsonl`);
		this.#fd = openSync(`${this.path}.tmp`, "wx", 0o660);
	}

	write(text: string): void {
		writeWhole(this.#fd, text);
	}

	finish(): void {
		// Whatever the umask says: the server, in the same group, has to read and remove it.
		fchmodSync(this.#fd, 0o660);
		fsyncSync(this.#fd);
		closeSync(this.#fd);
		renameSync(`${this.path}.tmp`, this.path);
		syncFolder(this.#folder);
	}

	discard(): void {
		closeSync(this.#fd);
		unlinkSync(`${this.path}.tmp`);
	}
}

/** What waits, oldest first. Throws where the folder is there and cannot be read: then nobody knows. */
export function readSpool(dataDir: string): SpoolFile[] {
	let names: string[];
	try {
		names = readdirSync(spoolFolder(dataDir));
	} catch (error) {
		if (codeOf(error) === "ENOENT") return [];
		throw error;
	}
	return names.sort().flatMap((name) => {
		const found = nameForm.exec(name)?.[1];
		const kind = kinds.find((known) => known === found);
		return kind === undefined ? [] : [{ path: join(spoolFolder(dataDir), name), kind }];
	});
}
