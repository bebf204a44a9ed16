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
import { layerFor, layersOf, reading } from "./layers.ts";
import { pbs } from "./pbs.ts";
import { proxmox } from "./proxmox.ts";
import { rclone } from "./rclone.ts";
import { rdiffBackup } from "./rdiff-backup.ts";
import { restic } from "./restic.ts";
import { resticprofile } from "./resticprofile.ts";
import { rsnapshot } from "./rsnapshot.ts";
import { rsync } from "./rsync.ts";
import { tar } from "./tar.ts";
import type { Tool, ToolOutput } from "./tool.ts";

/** Those that wrap another tool stand before it: where both are as sure, the wrapper knows more. */
const adapters: readonly Tool[] = [
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

/** Each reads an output in the layer in which its own words stand. */
export const tools: readonly Tool[] = adapters.map((tool) => (tool === generic ? tool : reading(tool)));

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
	const layers = layersOf(told);
	let best: Tool | null = null;
	let likeness = sure;
	for (const tool of tools) {
		if (tool === generic) continue;
		const one = layerFor(tool, layers).likeness;
		if (one > likeness || (best === null && one === likeness)) {
			best = tool;
			likeness = one;
		}
	}
	return best;
}
