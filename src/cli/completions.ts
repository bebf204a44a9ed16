// `completions bash|zsh|fish`: made from the table of commands and their help, so that nothing is missing in it.
import { AppError } from "../errors.ts";
import { type Command, commands } from "./commands.ts";
import { readFlags } from "./flags.ts";

const scripts = { bash, zsh, fish };
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell): string {
	return scripts[shell]();
}

export async function completionsCommand(args: string[]): Promise<number> {
	const { words } = await readFlags(args, "completions", {}, { words: 1 });
	const shell = shells.find((known) => known === words[0]);
	if (shell === undefined) throw new AppError("usage", "completions needs a shell: bash, zsh or fish.");
	process.stdout.write(completionScript(shell));
	return 0;
}

/** `choices`: words that may stand first behind the command; `takesFiles`: a file may. */
type Completed = { name: string; summary: string; flags: string[]; choices: string[]; takesFiles: boolean };

function completed(): Completed[] {
	return commands.flatMap((command) => (command.isInner === true ? [] : [completedOf(command)]));
}

function completedOf({ name, summary, usage, details }: Command): Completed {
	// A flag's own line begins with it; elsewhere in the help may stand those of other programs.
	const own = details.split("\n").filter((line) => line.startsWith("  --"));
	const flags = [usage, ...own].flatMap((line) => line.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []);
	return {
		name,
		summary,
		flags: [...new Set([...flags, "--help"])],
		choices: choicesOf(usage),
		takesFiles: /\b(?:FILE|COMMAND)\b/.test(usage),
	};
}

/** Words in lower case in the usage: "rename JOB NAME | merge JOB INTO", "bash|zsh|fish". */
function choicesOf(usage: string): string[] {
	const alternatives = usage.replace(/\[[^\]]*\]/g, "").split("|");
	return alternatives.flatMap((words) => words.trim().match(/^[a-z]+/) ?? []);
}

function bash(): string {
	const cases = completed().map(({ name, flags, choices, takesFiles }) => {
		const files = takesFiles ? "; compopt -o default" : "";
		return `\t\t${name}) words="${[...choices, ...flags].join(" ")}"${files} ;;`;
	});
	return `# bash completion of backup-monitor
_backup_monitor() {
	local current="\${COMP_WORDS[COMP_CWORD]}" words="" command="" word
	for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		# What stands behind -- is another command.
		[ "$word" = -- ] && { compopt -o default; COMPREPLY=(); return; }
		[ -z "$command" ] && [ "\${word#-}" = "$word" ] && command="$word"
	done
	case "$command" in
		"") words="${names().join(" ")} --help --version" ;;
${cases.join("\n")}
	esac
	COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _backup_monitor backup-monitor
`;
}

function zsh(): string {
	const described = completed().map(
		({ name, summary }) => `\t\t${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`,
	);
	const cases = completed().map(({ name, flags, choices, takesFiles }) => {
		const files = takesFiles ? "; _files" : "";
		return `\t\t${name}) compadd -- ${[...choices, ...flags].join(" ")}${files} ;;`;
	});
	return `#compdef backup-monitor
_backup_monitor() {
	local -a commands
	commands=(
${described.join("\n")}
	)
	if (( CURRENT == 2 )); then
		_describe command commands
		return
	fi
	# What stands behind -- is another command.
	if (( \${words[(Ie)--]} && \${words[(Ie)--]} < CURRENT )); then
		_files
		return
	fi
	case "$words[2]" in
${cases.join("\n")}
	esac
}
if [ "$funcstack[1]" = _backup-monitor ]; then _backup_monitor "$@"; else compdef _backup_monitor backup-monitor; fi
`;
}

function fish(): string {
	const lines = completed().flatMap(({ name, summary, flags, choices, takesFiles }) => {
		const within = `-n "__fish_seen_subcommand_from ${name}"`;
		return [
			`complete -c backup-monitor -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
			...flags.map((flag) => `complete -c backup-monitor ${within} -l ${flag.slice(2)}`),
			...(choices.length > 0 ? [`complete -c backup-monitor ${within} -a ${quoted(choices.join(" "))}`] : []),
			...(takesFiles ? [`complete -c backup-monitor ${within} -F`] : []),
		];
	});
	return `# fish completion of backup-monitor\ncomplete -c backup-monitor -f\n${lines.join("\n")}\n`;
}

function names(): string[] {
	return completed().map(({ name }) => name);
}

/** In single quotes, as all three shells read them. */
function quoted(text: string): string {
	return `'${text.replaceAll("'", "\u2019")}'`;
}
