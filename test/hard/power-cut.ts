// Power cuts without cutting power: a program's system calls are recorded, and replayed to the states in which a cut at any
// moment can leave the disk. Model: what was flushed is there; of what was not, all, nothing, a beginning, or any sectors.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

type Change = { kind: "write"; offset: number; bytes: Buffer } | { kind: "cut"; size: number };

/** What happened, in order. An acknowledgement is a word that left the program. */
export type Event =
	| { kind: "change"; file: string; change: Change }
	| { kind: "flush"; file: string }
	| { kind: "remove"; file: string }
	| { kind: "acknowledge" };

const calls =
	"openat,write,pwrite64,writev,pwritev,sendto,sendmsg,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2";

/** The command that runs another one and records it. */
export function recorder(log: string): string[] {
	return ["strace", "-f", "-y", "-xx", "-s", "4000000", "-e", `trace=${calls}`, "-e", "signal=none", "-o", log];
}

/** Reads recordings that follow each other. `isAcknowledgement` looks at what was written to a socket or pipe. */
export function readRecording(logs: string[], folder: string, isAcknowledgement: (text: string) => boolean): Event[] {
	const events: Event[] = [];
	const sizes = new Map<string, number>();
	const unfinished = new Map<string, string>();
	for (const line of logs.flatMap((log) => readFileSync(log, "latin1").split("\n"))) {
		const [, thread = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
		if (rest.endsWith("<unfinished ...>")) {
			unfinished.set(thread, rest.slice(0, -"<unfinished ...>".length));
			continue;
		}
		const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
		const call = resumed === null ? rest : (unfinished.get(thread) ?? "") + (resumed[1] ?? "");
		const [, name = "", inner = "", result = ""] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(call) ?? [];
		if (name === "" || Number(result) < 0) continue;
		const file = fileOf(name, inner, call, folder);
		if (file === null) {
			if (/^(?:write|writev|sendto|sendmsg)$/.test(name) && isAcknowledgement(textsOf(inner).toString("latin1")))
				events.push({ kind: "acknowledge" });
			continue;
		}
		const change = changeOf(name, inner, sizes.get(file) ?? 0);
		if (change !== null) {
			const size =
				change.kind === "cut" ? change.size : Math.max(sizes.get(file) ?? 0, change.offset + change.bytes.length);
			sizes.set(file, size);
			events.push({ kind: "change", file, change });
		} else if (name === "fsync" || name === "fdatasync") events.push({ kind: "flush", file });
		else if (name.startsWith("unlink")) {
			sizes.delete(file);
			events.push({ kind: "remove", file });
		} else if (name.startsWith("rename")) throw new Error(`${file} was renamed: the replay does not know that`);
	}
	return events;
}

/** The file of the folder that a call is about; null for all others. Shared memory does not survive a cut anyway. */
function fileOf(name: string, inner: string, call: string, folder: string): string | null {
	const path = /^(?:openat)/.test(name)
		? / = \d+<([^>]*)>/.exec(call)?.[1]
		: /^(?:unlink|rename)/.test(name)
			? textsOf(inner).toString("latin1")
			: /^\d+<([^>]*)>/.exec(inner)?.[1];
	const text = decode(path ?? "")
		.toString("latin1")
		.replace(/ ?\(deleted\)$/, "");
	if (!text.startsWith(`${folder}/`) || text.slice(folder.length + 1).includes("/")) return null;
	const file = basename(text);
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

/** Writes the files as a cut after `count` events can leave them; answers how many acknowledgements had left by then. */
export function writeCrash(events: Event[], count: number, folder: string, random: () => number): number {
	const durable = new Map<string, Buffer>();
	const pending = new Map<string, Change[]>();
	let acknowledged = 0;
	for (const event of events.slice(0, count)) {
		if (event.kind === "acknowledge") acknowledged++;
		else if (event.kind === "remove") {
			durable.delete(event.file);
			pending.delete(event.file);
		} else if (event.kind === "change") {
			pending.set(event.file, [...(pending.get(event.file) ?? []), event.change]);
		} else {
			durable.set(event.file, applied(durable.get(event.file) ?? Buffer.alloc(0), pending.get(event.file) ?? []));
			pending.delete(event.file);
		}
	}
	for (const [file, changes] of pending) {
		const survival = survivals[Math.floor(random() * survivals.length)] ?? "nothing";
		const kept = surviving(changes, survival, random);
		// A file that was never flushed need not be there at all.
		if (!durable.has(file) && kept.length === 0) continue;
		durable.set(file, applied(durable.get(file) ?? Buffer.alloc(0), kept));
	}
	mkdirSync(folder, { recursive: true });
	for (const [file, bytes] of durable) writeFileSync(join(folder, file), bytes);
	return acknowledged;
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
