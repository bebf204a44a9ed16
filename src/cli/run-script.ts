// `run --script FILE`: one shell runs the whole script; its lines `#phase: name` tell when a phase begins.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { AppError, messageOf } from "../errors.ts";
import type { Phase } from "../run.ts";
import { phaseName } from "./run-args.ts";

export type Script = {
	command: string[];
	/** What each phase took, the same name added up; time before the first one belongs to none. */
	phases: (endedAt: number) => Phase[];
	remove: () => void;
};

const shells = new Set(["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox"]);
/** The kernel's limit for one argument is 128 KiB. */
const maxScript = 100_000;
const marker = /^[ \t]*#[ \t]*phase:(.*)$/;

/**
 * The script goes to the shell as an argument, its phase lines replaced by a command that makes an empty file: the
 * time of the file is the phase's beginning, by the kernel's clock, without another program. Line numbers and $0 stay.
 */
export function readScript(file: string, args: string[]): Script {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		throw new AppError("usage", `${file} cannot be read: ${messageOf(error)}`);
	}
	const shell = shellOf(text, file);
	const folder = mkdtempSync(join(tmpdir(), "backup-monitor-run-"));
	const names: string[] = [];
	const lines = text.split("\n").map((line) => {
		const name = marker.exec(line)?.[1];
		if (name === undefined) return line;
		names.push(phaseName(name));
		return markerCommand(join(folder, String(names.length - 1)));
	});
	const body = lines.join("\n");
	const remove = () => rmSync(folder, { recursive: true, force: true });
	if (Buffer.byteLength(body) > maxScript) {
		remove();
		throw new AppError("usage", `${file} is longer than ${maxScript} bytes; wrap the part that takes the time.`);
	}
	return {
		command: [...shell, "-c", body, file, ...args],
		phases: (endedAt) => phasesOf(startsOf(folder, names), endedAt),
		remove,
	};
}

/** Not `:`, whose failed redirection would end a POSIX shell; works under `set -eu`, and again in a loop. */
function markerCommand(path: string): string {
	const quoted = `'${path.replaceAll("'", "'\\''")}'`;
	return `__phase=$((\${__phase:-0}+1)); { true > ${quoted}."$__phase"; } 2>/dev/null || true`;
}

function shellOf(text: string, file: string): string[] {
	const words = /^#!\s*(.*)/.exec(text)?.[1]?.trim().split(/\s+/) ?? ["/bin/sh"];
	const named = basename(words[0] ?? "") === "env" ? words.slice(1).filter((word) => word !== "-S") : words;
	if (shells.has(basename(named[0] ?? ""))) return named;
	throw new AppError("usage", `${file} is a script for ${named[0]}, not for a shell. Run it as a command: -- ${file}`);
}

type Start = { name: string; at: number };

function startsOf(folder: string, names: string[]): Start[] {
	try {
		return readdirSync(folder)
			.map((file) => {
				const [index, count] = file.split(".").map(Number);
				return { name: names[index ?? 0] ?? "", count: count ?? 0, at: statSync(join(folder, file)).mtimeMs };
			})
			.sort((a, b) => a.at - b.at || a.count - b.count);
	} catch {
		return [];
	}
}

function phasesOf(starts: Start[], endedAt: number): Phase[] {
	const spent = new Map<string, number>();
	for (const [index, { name, at }] of starts.entries()) {
		const seconds = Math.max(0, (starts[index + 1]?.at ?? endedAt) - at) / 1000;
		spent.set(name, (spent.get(name) ?? 0) + seconds);
	}
	return [...spent].map(([name, seconds]) => ({ name, seconds }));
}
