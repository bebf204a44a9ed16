// autorestic: the variables it gives its hooks (`env | grep AUTORESTIC_`), or restic's text on its console. From its source.
import { parseClock, parseCount, parseSize } from "./fields.ts";
import { readRestic, readResticError } from "./restic.ts";
import { bothStreams, edgesOf, readLines } from "./text.ts";
import type { Tool, ToolOutput, ToolRun } from "./tool.ts";
import { unknownRun, wasKilled } from "./tool-run.ts";

const variable = /^(?:export |declare -x |set )?AUTORESTIC_([A-Z_]+?)(?:_(\w[\w-]*))?=(.*)$/;
const names =
	/^(SNAPSHOT_ID|PARENT_SNAPSHOT_ID|FILES_ADDED|FILES_CHANGED|FILES_UNMODIFIED|DIRS_ADDED|DIRS_CHANGED|DIRS_UNMODIFIED|ADDED_SIZE|PROCESSED_FILES|PROCESSED_SIZE|PROCESSED_DURATION|EXIT_CODE)_(.+)$/;

export const autorestic: Tool = {
	name: "autorestic",
	recognise: (output) => {
		const text = edgesOf(bothStreams(output));
		if (/^(?:export |declare -x |set )?AUTORESTIC_[A-Z_]+\w*=/m.test(text)) return 0.98;
		return /^(?:Using config:?|Backing up location|Location: )[^\n]*(?:autorestic|")|\bBackend: \S+[\s\S]{0,400}processed \d+ files/m.test(
			text,
		)
			? 0.85
			: 0;
	},
	read: (output) => {
		const { location, backends } = readVariables(bothStreams(output));
		if (backends.size === 0) return readRestic("autorestic", output);
		const indexes = [...backends.keys()].filter((key) => /^\d+$/.test(key));
		const aliases = [...backends.keys()].filter((key) => !/^\d+$/.test(key));
		// Every variable comes twice, by index and by the backend's name; the names stand in the same order.
		const keys = indexes.length > 0 ? indexes : aliases;
		const runs = keys.map((key, index) => {
			const name = aliases.length === keys.length ? aliases[index] : undefined;
			const twice = name === undefined ? [] : [...(backends.get(name) ?? [])];
			const run = runOf(new Map([...twice, ...(backends.get(key) ?? [])]), output);
			run.jobName = location;
			if (name !== undefined) run.labels.backend = name.toLowerCase();
			return run;
		});
		return { tool: "autorestic", understood: true, runs, ignored: [] };
	},
};

function readVariables(whole: string): { location: string | null; backends: Map<string, Map<string, string>> } {
	// `curl -d` strips the line ends.
	const text = whole.replace(/(?<=[^\s])(?=AUTORESTIC_[A-Z_]{2,40}\w{0,64}=)/g, "\n");
	let location: string | null = null;
	const backends = new Map<string, Map<string, string>>();
	// A value that ends the text without a line end may be cut. Each comes twice, and the exit status is told by its first digit.
	const last = /[\n\r]\s*$/.test(text.slice(-200)) ? null : text.slice(text.lastIndexOf("\n") + 1).trim();
	for (const line of readLines(text)) {
		if (line === last && !line.includes("_EXIT_CODE_")) continue;
		if (!variable.test(line)) continue;
		const at = line.indexOf("=");
		const name = line.slice(line.indexOf("AUTORESTIC_") + 11, at);
		const value = line.slice(at + 1).replace(/^(["'])(.*)\1$/, "$2");
		const match = names.exec(name);
		if (name === "LOCATION") location = value === "" ? null : value;
		else if (match?.[1] !== undefined && match[2] !== undefined) {
			const values = backends.get(match[2]) ?? new Map<string, string>();
			if (backends.size < 64) backends.set(match[2], values.set(match[1], value));
		}
	}
	return { location, backends };
}

function runOf(values: Map<string, string>, output: ToolOutput): ToolRun {
	const run = unknownRun();
	run.snapshotId = values.get("SNAPSHOT_ID") || null;
	run.size = parseSize(values.get("PROCESSED_SIZE"), 1024);
	run.bytesAdded = parseSize(values.get("ADDED_SIZE"), 1024);
	run.filesTotal = parseCount(values.get("PROCESSED_FILES"));
	run.filesNew = parseCount(values.get("FILES_ADDED"));
	run.filesChanged = parseCount(values.get("FILES_CHANGED"));
	run.duration = parseClock(values.get("PROCESSED_DURATION"));
	run.exitCode = parseCount(values.get("EXIT_CODE")) ?? output.exit;
	if (wasKilled(output)) run.outcome = "failure";
	else if (run.exitCode === 0 && (output.exit === null || output.exit === 0)) run.outcome = "success";
	else if (run.exitCode === 3 && (run.filesTotal ?? 0) > 0) run.outcome = "warning";
	if (run.outcome === "success") return run;
	// The variables tell no reason, only restic's status.
	run.errorCategory = wasKilled(output) ? "interrupted" : readResticError("", run.exitCode, output.zone).errorCategory;
	if (run.outcome === "warning") run.errorCategory = "source_unreadable";
	run.errorCategory ??= "unknown";
	run.errorMessage =
		run.exitCode === null
			? "autorestic did not tell restic's exit status"
			: `restic ended with exit status ${run.exitCode}`;
	return run;
}
