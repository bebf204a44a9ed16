// Arguments that are no UTF-8, such as an old file name in Latin-1: JavaScript cannot hold them, so a shell makes them.
import { readFileSync } from "node:fs";

/** A command that comes out byte for byte; itself where its words are text, as they nearly always are. */
export function exactCommand(command: string[]): string[] {
	if (!command.some((word) => word.includes("\ufffd"))) return command;
	const raw = rawWords();
	const first = firstOf(command, raw);
	if (first === -1) return command;
	const words = command.map((_, index) => shellWord(raw[first + index] ?? Buffer.alloc(0)));
	return ["/bin/sh", "-c", `exec ${words.join(" ")}`];
}

function rawWords(): Buffer[] {
	const words: Buffer[] = [];
	try {
		const all = readFileSync("/proc/self/cmdline");
		for (let at = 0; at < all.length; ) {
			const end = all.indexOf(0, at);
			words.push(all.subarray(at, end));
			at = end + 1;
		}
	} catch {
		// Without /proc the words stay as they could be read.
	}
	return words;
}

/** Where the command stands among our own words. */
function firstOf(command: string[], raw: Buffer[]): number {
	const text = raw.map((word) => word.toString());
	return text.findIndex((_, at) => command.every((word, index) => text[at + index] === word));
}

function shellWord(word: Buffer): string {
	const text = word.toString();
	if (Buffer.from(text).equals(word)) return `'${text.replaceAll("'", "'\\''")}'`;
	return `"$(printf '${[...word].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")}')"`;
}
