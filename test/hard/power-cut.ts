// Power cuts without cutting power: a program's system calls are recorded, and replayed to the states in which a cut at any
// moment can leave the disk. Model: what was flushed is there; of what was not, all, nothing, a beginning, or any sectors.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

type Change = { kind: "write"; offset: number; bytes: Buffer } | { kind: "cut"; size: number };

/** What happened, in order, to files named from their folder on. An acknowledgement is a word that left the program. */
export type Event =
	| { kind: "change"; file: string; change: Change }
	| { kind: "flush"; file: string }
	| { kind: "rename"; file: string; to: string }
	| { kind: "remove"; file: string }
	| { kind: "acknowledge" };

const calls =
	"openat,write,pwrite64,writev,pwritev,sendto,sendmsg,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2";

/** The command that runs another one and records it. */
export function recorder(log: string): string[] {
	return ["strace", "-f", "-y", "-xx", "-s", "4000000", "-e", `trace=${calls}`, "-e", "signal=none", "-o", log];
}

/**
 * Reads recordings that follow each other. `isAcknowledgement` looks at what was written to a socket or pipe. `sizes`:
 * the files that were there before.
 */
export function readRecording(
	logs: string[],
	folder: string,
	isAcknowledgement: (text: string) => boolean,
	sizes = new Map<string, number>(),
): Event[] {
	const events: Event[] = [];
	const unfinished = new Map<string, string>();
	for (const line of logs.flatMap((log) => readFileSync(log, "latin1").split("\n"))) {
		const [, thread = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
		if (rest.endsWith("<unfinished ...>")) {
			unfinished.set(thread, rest.slice(0, -"<unfinished ...>".length).trimEnd());
			continue;
		}
		const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
		const call = resumed === null ? rest : (unfinished.get(thread) ?? "") + (resumed[1] ?? "");
		const [, name = "", inner = "", result = ""] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(call) ?? [];
		if (name === "" || Number(result) < 0) continue;
		const [file = null, to = null] = filesOf(name, inner, call).map((path) => withinFolder(path, folder));
		if (file === null) {
			if (/^(?:write|writev|sendto|sendmsg)$/.test(name) && isAcknowledgement(textsOf(inner).toString("latin1")))
				events.push({ kind: "acknowledge" });
			continue;
		}
		const change = changeOf(name, inner, sizes.get(file) ?? 0);
		if (change !== null) {
			if (change.kind === "write" ? Number.isNaN(change.offset) : Number.isNaN(change.size))
				throw new Error(`the replay cannot read this: ${inner.slice(0, 60)} … ${inner.slice(-60)}`);
			const size =
				change.kind === "cut" ? change.size : Math.max(sizes.get(file) ?? 0, change.offset + change.bytes.length);
			sizes.set(file, size);
			events.push({ kind: "change", file, change });
		} else if (name === "fsync" || name === "fdatasync") events.push({ kind: "flush", file });
		else if (name.startsWith("unlink")) {
			sizes.delete(file);
			events.push({ kind: "remove", file });
		} else if (name.startsWith("rename") && to !== null) {
			sizes.set(to, sizes.get(file) ?? 0);
			sizes.delete(file);
			events.push({ kind: "rename", file, to });
		}
	}
	return events;
}

/** The paths that a call is about: two for a rename, else one. */
function filesOf(name: string, inner: string, call: string): string[] {
	const path = (text: string) =>
		decode(text)
			.toString("latin1")
			.replace(/ ?\(deleted\)$/, "");
	if (name.startsWith("openat")) return [path(/ = \d+<([^>]*)>/.exec(call)?.[1] ?? "")];
	if (!/^(?:unlink|rename)/.test(name)) return [path(/^\d+<([^>]*)>/.exec(inner)?.[1] ?? "")];
	// Each name may stand behind the folder that it is meant from.
	return [...inner.matchAll(/(?:<([^>]*)>, )?"([^"]*)"/g)].map(([, from = "", text = ""]) =>
		path(text).startsWith("/") ? path(text) : join(path(from), path(text)),
	);
}

/** A path from the folder on, "" for the folder; null for all others. Shared memory does not survive a cut anyway. */
function withinFolder(path: string, folder: string): string | null {
	if (path === folder) return "";
	if (!path.startsWith(`${folder}/`)) return null;
	const file = path.slice(folder.length + 1);
	return file.endsWith("-shm") || file.startsWith("serve.lock") ? null : file;
}

function changeOf(name: string, inner: string, size: number): Change | null {
	switch (name) {
		case "openat":
			return inner.includes("O_TRUNC") ? { kind: "cut", size: 0 } : null;
		case "ftruncate":
			return { kind: "cut", size: Number(/, (\d+)$/.exec(inner)?.[1]) };
		case "pwrite64":
			return { kind: "write", offset: Number(/, (\d+)$/.exec(inner)?.[1]), bytes: textsOf(inner) };
		case "write":
		case "writev":
			// Every file that is written so is written at its end.
			return { kind: "write", offset: size, bytes: textsOf(inner) };
		case "pwritev":
			throw new Error("pwritev: the replay does not know that");
		default:
			return null;
	}
}

function textsOf(inner: string): Buffer {
	return Buffer.concat([...inner.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = ""]) => decode(hex)));
}

function decode(text: string): Buffer {
	return text.includes("\\x") ? Buffer.from(text.replaceAll("\\x", ""), "hex") : Buffer.from(text, "latin1");
}

const sector = 512;
type Survival = "nothing" | "all" | "beginning" | "sectors";
const survivals: Survival[] = ["nothing", "all", "beginning", "sectors"];

/** A file whatever it is called: what is on the disk of it, and what was only written. */
type Inode = { durable: Buffer | null; pending: Change[] };
type NameChange = { name: string; inode: Inode | null };

/**
 * Writes the files as a cut after `count` events can leave them; answers how many acknowledgements had left by then.
 * `before`: a folder with the files that were there and safe. Names are safe once their file or folder is flushed; of
 * the later ones the disk may have any beginning.
 */
export function writeCrash(
	events: Event[],
	count: number,
	folder: string,
	random: () => number,
	before: string | null = null,
): number {
	const live = new Map<string, Inode>();
	if (before !== null) {
		for (const name of filesIn(before)) live.set(name, { durable: readFileSync(join(before, name)), pending: [] });
	}
	const names = new Map(live);
	let renamed: NameChange[][] = [];
	let acknowledged = 0;
	const commitNames = () => {
		for (const { name, inode } of renamed.flat()) setName(names, name, inode);
		renamed = [];
	};
	for (const event of events.slice(0, count)) {
		if (event.kind === "acknowledge") acknowledged++;
		else if (event.kind === "remove") {
			live.delete(event.file);
			renamed.push([{ name: event.file, inode: null }]);
		} else if (event.kind === "rename") {
			const inode = live.get(event.file) ?? null;
			live.delete(event.file);
			setName(live, event.to, inode);
			renamed.push([
				{ name: event.file, inode: null },
				{ name: event.to, inode },
			]);
		} else if (event.kind === "change") {
			let inode = live.get(event.file);
			if (inode === undefined) {
				inode = { durable: null, pending: [] };
				live.set(event.file, inode);
				renamed.push([{ name: event.file, inode }]);
			}
			inode.pending.push(event.change);
		} else {
			const inode = live.get(event.file);
			if (inode !== undefined) {
				inode.durable = applied(inode.durable ?? Buffer.alloc(0), inode.pending);
				inode.pending = [];
			}
			// A journaled file system writes the names with it, and all that were changed before them.
			commitNames();
		}
	}
	renamed = renamed.slice(0, Math.floor(random() * (renamed.length + 1)));
	commitNames();
	for (const [name, { durable, pending }] of names) {
		const survival = survivals[Math.floor(random() * survivals.length)] ?? "nothing";
		const bytes = applied(durable ?? Buffer.alloc(0), surviving(pending, survival, random));
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), bytes);
	}
	return acknowledged;
}

function setName(names: Map<string, Inode>, name: string, inode: Inode | null): void {
	if (inode === null) names.delete(name);
	else names.set(name, inode);
}

function filesIn(folder: string): string[] {
	const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
	const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
	return files.flatMap((path) => {
		const name = withinFolder(path, folder);
		return name === null ? [] : [name];
	});
}

function surviving(changes: Change[], survival: Survival, random: () => number): Change[] {
	if (survival === "nothing") return [];
	if (survival === "all") return changes;
	if (survival === "beginning") return changes.slice(0, Math.floor(random() * (changes.length + 1)));
	return changes
		.flatMap((change) => (change.kind === "cut" ? [change] : sectorsOf(change)))
		.filter(() => random() < 0.5);
}

function sectorsOf({ offset, bytes }: Extract<Change, { kind: "write" }>): Change[] {
	const parts: Change[] = [];
	for (let at = offset; at < offset + bytes.length; ) {
		const end = Math.min(offset + bytes.length, (Math.floor(at / sector) + 1) * sector);
		parts.push({ kind: "write", offset: at, bytes: bytes.subarray(at - offset, end - offset) });
		at = end;
	}
	return parts;
}

function applied(before: Buffer, changes: Change[]): Buffer {
	let size = before.length;
	let most = size;
	for (const change of changes) {
		if (change.kind === "write") most = Math.max(most, change.offset + change.bytes.length);
	}
	const file = Buffer.alloc(most);
	before.copy(file);
	for (const change of changes) {
		if (change.kind === "write") {
			change.bytes.copy(file, change.offset);
			size = Math.max(size, change.offset + change.bytes.length);
		} else {
			file.fill(0, Math.min(change.size, most));
			size = change.size;
		}
	}
	return Buffer.from(file.subarray(0, size));
}

/** Reproducible chance (mulberry32). */
export function chance(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
	};
}
