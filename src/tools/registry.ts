// Every tool whose output is understood, by name and by look.
import { autorestic } from "./autorestic.ts";
import { backrest } from "./backrest.ts";
import { borg } from "./borg.ts";
import { borgmatic } from "./borgmatic.ts";
import { duplicacy } from "./duplicacy.ts";
import { duplicati } from "./duplicati.ts";
import { duplicity } from "./duplicity.ts";
import { generic } from "./generic.ts";
import { kopia } from "./kopia.ts";
import { pbs } from "./pbs.ts";
import { proxmox } from "./proxmox.ts";
import { rclone } from "./rclone.ts";
import { rdiffBackup } from "./rdiff-backup.ts";
import { restic } from "./restic.ts";
import { resticprofile } from "./resticprofile.ts";
import { rsnapshot } from "./rsnapshot.ts";
import { rsync } from "./rsync.ts";
import { tar } from "./tar.ts";
import { edgesOf, stripEscapes } from "./text.ts";
import type { Tool, ToolOutput } from "./tool.ts";

/** Those that wrap another tool stand before it: where both are as sure, the wrapper knows more. */
export const tools: readonly Tool[] = [
	autorestic,
	resticprofile,
	backrest,
	borgmatic,
	restic,
	borg,
	rclone,
	rsnapshot,
	rsync,
	duplicity,
	rdiffBackup,
	kopia,
	duplicati,
	duplicacy,
	proxmox,
	pbs,
	tar,
	generic,
];

/** Below this a text only resembles what the tool prints. */
const sure = 0.5;

/** The tool of a name as it stands in a path or on the command line, or null. */
export function toolNamed(name: string): Tool | null {
	return tools.find((tool) => tool.name === name.toLowerCase()) ?? null;
}

/** The tool for `auto`: whose words it is, or the one that goes by the exit status alone. */
export function recogniseTool(output: ToolOutput): Tool {
	return recogniseBody(output) ?? generic;
}

/** The tool whose words a text holds, or null where no tool is sure. */
export function recogniseBody(told: ToolOutput): Tool | null {
	// Signs stand at the beginning of a line, where a terminal's colours and erasures stand, too.
	const output = {
		...told,
		stdout: told.stdout.includes("\x1b") ? stripEscapes(edgesOf(told.stdout, 65_536)) : told.stdout,
		stderr: told.stderr.includes("\x1b") ? stripEscapes(edgesOf(told.stderr, 65_536)) : told.stderr,
	};
	let best: Tool | null = null;
	let likeness = sure;
	for (const tool of tools) {
		if (tool === generic) continue;
		const one = tool.recognise(output);
		if (one > likeness || (best === null && one === likeness)) {
			best = tool;
			likeness = one;
		}
	}
	return best;
}
