// Sorts the lines of borgmatic's console and log: what it did, what failed, and which lines may tell why.
import type { Kind } from "../run.ts";
import { archiveRun, borgLines, StatsReader } from "./borg-archive.ts";
import { seamsOf } from "./seams.ts";
import { isFragment, readPieces } from "./text.ts";
import type { ToolOutput, ToolRun } from "./tool.ts";
import { clip } from "./tool-run.ts";

/** Lines that only borgmatic prints. */
export const borgmaticSign =
	/Error running actions for repository|Error running (?:before|after) |Error running configuration|Successfully ran configuration|Pinging (?:Healthchecks|ntfy|Apprise|Cronitor|Cronhub|PagerDuty)|^Creating archive$|: Creating archive$|Source director(?:ies|y)[^\n]{0,40}do(?:es)? not exist|Ignoring consistency prefix|torsion\.org\/borgmatic|borgmatic[/.\w-]*\.ya?ml: |^Running consistency checks$|^Exiting due to (?:TERM|INT) signal|^Command '\(?'?(?:\S*\/)?borg\S*'?,? [\s\S]{0,4000}returned non-zero exit status/m;

/** Its lines and borg's. */
export const borgmaticSeams = seamsOf(
	`${borgLines.initials}ACEs`,
	[
		...borgLines.before,
		"--- Logging error ---",
		String.raw`Arguments: \(`,
		"Error running ",
		"Command '",
		"summary:",
		"An error occurred",
		"Need some help",
		"Pinging ",
	],
	[
		...borgLines.after,
		"--- Logging error ---",
		String.raw`Arguments: \([^()]{0,200}\)`,
		String.raw`returned non-zero exit status \d{1,3}\.`,
		"summary:",
		"(?:Creating archive|Pruning archives|Compacting segments|Running consistency checks)(?! at)",
		"actions for repository",
		"Successfully ran configuration file",
	],
);

/** Commands with hundreds of sources are long; nothing else is. */
const maxLine = 16_000;

export type BorgmaticWords = {
	isBorgmatic: boolean;
	archives: ToolRun[];
	/** "Error running actions for repository", "Command '…' returned …": that something failed. */
	failures: string[];
	/** The command of the last "returned non-zero exit status", and that status. */
	command: { text: string; status: number; isBorg: boolean } | null;
	isHook: boolean;
	isInterrupted: boolean;
	/** Lines that may tell the reason, the tool's noise taken away. */
	reasons: string[];
	warnings: string[];
	actions: Set<Kind>;
	isFinished: boolean;
	ignored: string[];
};

const noise =
	/^(?:Pinging |Sent |Notifying |Pushing |Calling |Using |Creating archive|Pruning archives|Compacting segments|Running consistency|Starting |finished |Finished |Index object|Repository contains|Applying rules|Keeping |Kept |Pruning |compaction |Compaction |summary:|An error occurred|Error running (?:actions|configuration)|Need some help|Ignoring |No commands|Removing |Retrying|Running |Language set|The .* locale|Loaded |JSON |Threaded |\d+ Notification|https?:|Healthchecks error|ntfy error|Uptime Kuma error|A Connection error|Error sending|Failed to upload logs|Traceback|File "|[~^\s.]+$|terminating with|borg |Deleted |Collected |Dumping |Writing |\+ |[{}[\]<])|Successfully ran|Error running (?:actions|configuration)/;
/** A monitor that could not be reached is no concern of the backup. */
const hookNoise =
	/(?:Healthchecks|ntfy|Uptime Kuma|Apprise|Loki|Cronitor|Cronhub|PagerDuty|Pushover|Zabbix|Sentry) error: |HTTPS?ConnectionPool|Failed to upload logs/;
const prefix =
	/^(?:\[[^\]]{1,40}\] )?(?:(?:DEBUG|INFO|ANSWER|WARNING|ERROR|CRITICAL): )?(?:[\w./@:~+-]{1,300}: )?(?=\S)/;
const sourceWarning = /\[Errno \d+\]|file changed while we backed it up|pattern '[^']*' never matched/;
const actions: [RegExp, Kind][] = [
	[/^Creating archive/, "backup"],
	[/^Running consistency checks|^Starting repository check|^Finished full repository check/, "check"],
	[/^Pruning archives|^Compacting segments|^compaction freed/i, "prune"],
	[/^(?:Extracting|Restoring) (?:archive|data source|database)/, "restore_test"],
];

export function collectBorgmatic(output: ToolOutput): BorgmaticWords {
	const words: BorgmaticWords = {
		isBorgmatic: false,
		archives: [],
		failures: [],
		command: null,
		isHook: false,
		isInterrupted: false,
		reasons: [],
		warnings: [],
		actions: new Set(),
		isFinished: false,
		ignored: [],
	};
	const blocks = new StatsReader(output.zone);
	for (const text of [output.stdout, output.stderr]) {
		// Python's own report of a log that could not be written, such as syslog's, and no word about the backup.
		let isAside = false;
		for (const piece of readPieces(text)) {
			if (piece.type === "line") {
				if (piece.line === "--- Logging error ---") isAside = true;
				else if (isAside) isAside = !piece.line.startsWith("Arguments: ");
				else if (!blocks.read(piece.line)) readLine(words, piece.line);
				continue;
			}
			const run = archiveRun(piece.object, output.zone);
			if (run !== null) words.archives.push(run);
			else if (Array.isArray(piece.object.archives)) words.ignored = ["a list of archives is an inventory, not a run"];
			else if ("repository" in piece.object && "encryption" in piece.object)
				words.ignored = ["a description of the repository is no run"];
		}
	}
	for (const run of blocks.runs) {
		// The summary at the end repeats what was told before.
		if (!words.archives.some((known) => known.snapshotId === run.snapshotId)) words.archives.push(run);
	}
	return words;
}

function readLine(words: BorgmaticWords, text: string): void {
	if (text.length > maxLine) return;
	if (/\(dry run; not /.test(text)) words.ignored = ["a dry run backs nothing up"];
	if (/both KEY AND PASSPHRASE/.test(text)) words.ignored = ["a repository was created; that is no backup"];
	const line = text.replace(prefix, "");
	if (borgmaticSign.test(text)) words.isBorgmatic = true;
	const command = failedCommand(text);
	if (command !== null) {
		words.isBorgmatic = true;
		words.failures.push(clip(text.slice(text.indexOf("Command '"))));
		words.command = command;
	} else if (/Error running actions for repository|An error occurred|Error running configuration/.test(text)) {
		if (words.failures.length < 50) words.failures.push(line);
	}
	if (/Error running (?:before|after)|(?:before|after) \w+ hook/.test(text)) words.isHook = true;
	if (/^Exiting due to \w+ signal|KeyboardInterrupt|died with <Signals/.test(line)) words.isInterrupted = true;
	if (/Successfully ran configuration|terminating with success status/.test(text)) words.isFinished = true;
	if (/^Pinging \S+ (?:services: )?finish\b|state=complete|msg=finish/.test(line)) words.isFinished = true;
	if (/^Pinging \S+ fail\b|msg=fail/.test(line)) words.failures.push(line);
	for (const [sign, kind] of actions) if (sign.test(line)) words.actions.add(kind);
	addReason(words, text, line, command !== null);
}

/** "Command 'borg create …' returned non-zero exit status 2." or "… died with <Signals.SIGKILL: 9>." */
function failedCommand(text: string): BorgmaticWords["command"] {
	const start = text.indexOf("Command '");
	if (start === -1) return null;
	const end = text.lastIndexOf("' returned non-zero exit status ");
	const died = text.lastIndexOf("' died with <Signals.");
	if (end <= start && died <= start) return null;
	const command = text.slice(start + 9, Math.max(end, died)).slice(0, 4000);
	const isBorg = /^(?:\('?)?(?:\w+=\S+ )*(?:[\w./~-]*\/)?borg[\w.-]*(?:'|\s|$)/.test(command);
	return { text: command, status: end > start ? Number.parseInt(text.slice(end + 32), 10) : -1, isBorg };
}

function addReason(words: BorgmaticWords, text: string, line: string, isCommand: boolean): void {
	if (hookNoise.test(text)) return;
	if (sourceWarning.test(text) && !/^(?:\w+\.)*\w*Error: /.test(line)) {
		if (words.warnings.length < 1000 && !words.warnings.includes(text)) words.warnings.push(text);
	} else if (!isCommand && !isFragment(line) && !noise.test(line) && !noise.test(text) && words.reasons.length < 200) {
		words.reasons.push(
			(/^[\w-]+: (?:Source|Repository|Passphrase|Failed|Archive|Data)/i.test(text) ? line : text).slice(0, 800),
		);
	}
}
