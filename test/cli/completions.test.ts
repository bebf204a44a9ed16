// `completions`: what the three shells themselves make of it.
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { cleanUp, makeFolder, runCommand } from "../binary.ts";

afterAll(cleanUp);

const folder = makeFolder();
const shown = commands.filter(({ isInner }) => isInner !== true).map(({ name }) => name);

async function scriptOf(shell: string): Promise<string> {
	const { code, out, err } = await runCommand(["completions", shell], { dataDir: folder });
	expect([code, err]).toEqual([0, ""]);
	const path = join(folder, shell === "zsh" ? "_backup-monitor" : `completions.${shell}`);
	writeFileSync(path, out);
	return path;
}

function ask(command: string[], env: Record<string, string> = {}): string[] {
	const ended = Bun.spawnSync(command, {
		env: { PATH: process.env.PATH ?? "", HOME: folder, TERM: "dumb", ...env },
		cwd: folder,
	});
	expect(ended.stderr.toString()).toBe("");
	return ended.stdout.toString().split(/\s+/).filter(Boolean);
}

test("bash completes every command, their flags and words, and leaves what stands behind -- to itself", async () => {
	const script = await scriptOf("bash");
	const typed = (...words: string[]) =>
		ask([
			"bash",
			"-c",
			`source "$1"; shift; compopt() { echo "default"; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _backup_monitor; printf '%s\\n' "\${COMPREPLY[@]}"`,
			"bash",
			script,
			"backup-monitor",
			...words,
		]);
	expect(typed("").filter((word) => !word.startsWith("-"))).toEqual(shown);
	expect(typed("re")).toEqual(["record", "rebuild", "restore-db"]);
	expect(typed("job", "")).toEqual(["rename", "merge", "delete", "--yes", "--help"]);
	expect(typed("export", "--f")).toEqual(["--format"]);
	expect(typed("inventory", "--f")).toEqual(["default", "--from"]);
	expect(typed("run", "--job", "x", "--", "re")).toEqual(["default"]);
	expect(typed("verify", "--")).toEqual([]);
});

test("fish completes every command with its summary, and their flags", async () => {
	const script = await scriptOf("fish");
	const typed = (line: string) => {
		const ended = Bun.spawnSync(["fish", "--no-config", "-c", `source "${script}"; complete -C "${line}"`], {
			env: { PATH: process.env.PATH ?? "", HOME: folder },
		});
		return ended.stdout
			.toString()
			.trim()
			.split("\n")
			.map((line) => line.split("\t")[0] ?? "");
	};
	expect(typed("backup-monitor ").toSorted()).toEqual(shown.toSorted());
	expect(typed("backup-monitor rest")).toEqual(["restore-db"]);
	expect(typed("backup-monitor restore-db --")).toContain("--yes");
	expect(typed("backup-monitor job m")).toEqual(["merge"]);
});

test("zsh takes it as a function of its path, and offers every command", async () => {
	await scriptOf("zsh");
	const shell = `
		fpath=("$1" $fpath); autoload -Uz compinit; compinit -u -d "$1/dump"
		print -r -- "$_comps[backup-monitor]"
		_describe() { print -r -- \${(P)2}; }; compadd() { shift; print -r -- "$@"; }; _files() { print files; }
		autoload -Uz _backup-monitor
		words=(backup-monitor ""); CURRENT=2; _backup-monitor
		words=(backup-monitor job ""); CURRENT=3; _backup-monitor
		words=(backup-monitor run --job x -- ""); CURRENT=6; _backup-monitor`;
	const said = ask(["zsh", "-f", "-c", shell, "zsh", folder]).join(" ");
	expect(said).toStartWith("_backup-monitor ");
	for (const name of shown) expect(said).toContain(`${name}:`);
	expect(said).toContain("rename merge delete --yes --help");
	expect(said).toEndWith("files");
});

test("another shell, or none, is wrong usage", async () => {
	for (const args of [["completions"], ["completions", "csh"]]) {
		const { code, err } = await runCommand(args, { dataDir: folder });
		expect([args, code, err]).toEqual([args, 2, "completions needs a shell: bash, zsh or fish.\n"]);
	}
});
