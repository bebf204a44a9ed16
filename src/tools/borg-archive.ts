// What borg says about an archive it has just written: the object of `create --json`, or the block of `--stats`.
import {
	parseCount,
	parseDuration,
	parseSize,
	readCount,
	readInstant,
	readObject,
	readSeconds,
	readText,
} from "./fields.ts";
import type { JsonObject } from "./text.ts";
import type { ToolRun } from "./tool.ts";
import { unknownRun } from "./tool-run.ts";

/**
 * The run of an object of `create --json`, complete or only its `archive` part (the rest was cut off); null for anything
 * else. Archives of `info` look alike, but also tell who made them. No outcome yet.
 */
export function archiveRun(object: JsonObject, zone: string): ToolRun | null {
	const archive = readObject(object.archive) ?? object;
	const stats = readObject(archive.stats);
	const id = readText(archive.id);
	if (stats === null || id === null || "hostname" in archive || readCount(stats.nfiles) === null) return null;
	const run = unknownRun();
	run.snapshotId = id;
	run.startedAt = readInstant(archive.start, zone) ?? readInstant(archive.time, zone);
	run.endedAt = readInstant(archive.end, zone);
	noteZone(run, readText(archive.end));
	run.duration = readSeconds(archive.duration);
	run.size = readCount(stats.original_size);
	run.bytesAdded = readCount(stats.deduplicated_size);
	run.filesTotal = readCount(stats.nfiles);
	const files = readObject(stats.files_stats);
	if (files !== null) {
		run.filesNew = readCount(files.A) ?? 0;
		run.filesChanged = readCount(files.M) ?? 0;
	}
	const repository = readObject(object.repository);
	run.repository = readText(repository?.location);
	addLabel(run, "archive", readText(archive.name));
	addLabel(run, "repository", readText(repository?.label));
	addMetric(run, "compressed_size", readCount(stats.compressed_size));
	addMetric(run, "repository_size", readCount(readObject(readObject(object.cache)?.stats)?.unique_csize));
	return run;
}

function addLabel(run: ToolRun, name: string, value: string | null): void {
	if (value !== null) run.labels[name] = value;
}

function addMetric(run: ToolRun, name: string, value: number | null): void {
	if (value !== null) run.metrics[name] = value;
}

/** How the lines of a block begin and end, and those of other commands around it. */
export const borgLines = {
	initials: "-RATDNUCOKPt",
	before: [
		"-{70,80}",
		"Repository: ",
		"Archive (?:name|fingerprint): ",
		String.raw`Archive \S{1,255} already exists`,
		String.raw`Time \((?:start|end)\): `,
		String.raw`Duration: \d`,
		String.raw`Number of files: \d`,
		"Utilization of max",
		"(?:This archive|All archives|Deleted data|Chunk index): ",
		"Original size ",
		"Unique chunks ",
		"Creating archive at ",
		"(?:Keeping|Pruning) archive ",
		String.raw`terminating with \w+ status, rc`,
	],
	after: [
		"-{70,80}",
		"Archive fingerprint: [0-9a-f]{64}",
		String.raw`Archive \S{1,255} already exists`,
		String.raw`\[Errno \d{1,3}\] [^\n:]{1,80}: '[^'\n]{1,400}'`,
		"file changed while we backed it up",
		String.raw` \[[0-9a-f]{64}\](?!:)`,
	],
};

const line = (name: string, value: string) => new RegExp(String.raw`(?:^|\s)${name}:\s+${value}\s*$`);
const size = String.raw`(\d[\d.,]* ?[kKMGTPE]?i?B)`;
const patterns = {
	repository: line("Repository", "(.+)"),
	name: line("Archive name", "(.+)"),
	id: line("Archive fingerprint", "([0-9a-f]{64})"),
	start: line(String.raw`Time \(start\)`, "(?:[^\\s\\d]+ )?(.+)"),
	end: line(String.raw`Time \(end\)`, "(?:[^\\s\\d]+ )?(.+)"),
	duration: line("Duration", "(.+)"),
	files: line("Number of files", String.raw`([\d,]+)`),
	sizes: line("This archive", String.raw`${size}\s+${size}\s+${size}`),
	total: line("All archives", String.raw`${size}\s+${size}\s+${size}`),
	original: line("Original size", size),
	deduplicated: line("Deduplicated size", size),
	added: line("Added files", String.raw`(\d+)`),
	modified: line("Modified files", String.raw`(\d+)`),
};

/** Reads `--stats` blocks line by line, also with the prefixes that borgmatic and log files put before them. */
export class StatsReader {
	readonly #zone: string;
	#run: ToolRun | null = null;
	#repository: string | null = null;
	/** `borg info ARCHIVE` prints the same block, and tells who made it, where and how. */
	isDescription = false;
	/** Archives whose block told its fingerprint; in their order. */
	readonly runs: ToolRun[] = [];

	constructor(zone: string) {
		this.#zone = zone;
	}

	/** Whether the line belonged to a block. */
	read(text: string): boolean {
		if (text.length > 600) return false;
		if (/^[-\s]*$/.test(text)) return true;
		this.#repository = patterns.repository.exec(text)?.[1] ?? this.#repository;
		const name = patterns.name.exec(text)?.[1];
		const id = patterns.id.exec(text)?.[1];
		if (name !== undefined || (id !== undefined && this.#run?.snapshotId !== null)) this.#begin(name ?? null);
		if (this.#run === null) return patterns.repository.test(text);
		if (id !== undefined) {
			this.#run.snapshotId = id;
			this.runs.push(this.#run);
		}
		if (/^(?:Hostname|Username|Command line): \S/.test(text)) this.isDescription = true;
		return this.#fill(this.#run, text) || name !== undefined || id !== undefined;
	}

	#begin(name: string | null): void {
		this.#run = unknownRun();
		this.#run.repository = this.#repository;
		addLabel(this.#run, "archive", name);
	}

	#fill(run: ToolRun, text: string): boolean {
		const take = (pattern: RegExp) => pattern.exec(text)?.[1];
		const sizes = patterns.sizes.exec(text);
		const total = patterns.total.exec(text);
		run.startedAt ??= readInstant(take(patterns.start)?.replace(/ (?=[+-]\d)/, ""), this.#zone);
		noteZone(run, take(patterns.end));
		run.endedAt ??= readInstant(take(patterns.end)?.replace(/ (?=[+-]\d)/, ""), this.#zone);
		run.duration ??= parseDuration(take(patterns.duration));
		run.filesTotal ??= parseCount(take(patterns.files));
		run.size ??= parseSize(sizes?.[1] ?? take(patterns.original), 1000);
		run.bytesAdded ??= parseSize(sizes?.[3] ?? take(patterns.deduplicated), 1000);
		run.filesNew ??= parseCount(take(patterns.added));
		run.filesChanged ??= parseCount(take(patterns.modified));
		if (sizes !== null) addMetric(run, "compressed_size", parseSize(sizes[2], 1000));
		if (total !== null) addMetric(run, "repository_size", parseSize(total[3], 1000));
		return (
			/^(?:Chunk index|Utilization of|Time spent|Time \(nominal|Store |(?:Unchanged|Error) files|Files changed while|\s*(?:Original|Unique) )/.test(
				text,
			) || Object.values(patterns).some((pattern) => pattern.test(text))
		);
	}
}

const quarter = 900_000;

/**
 * borg 1.x prints the wall clock of its own host without a zone. Where a log line tells the same moment in seconds since
 * 1970 (`loggedAt`), or where the end would lie in the future, that host's zone is another than ours, by whole quarters
 * of an hour. Times with an offset are left alone: there a difference is a wrong clock.
 */
export function correctZone(run: ToolRun, loggedAt: number | null, receivedAt: number): void {
	if (run.endedAt === null || !localRuns.has(run)) return;
	let shift = 0;
	if (loggedAt !== null) shift = Math.round((run.endedAt - loggedAt * 1000) / quarter) * quarter;
	else if (run.endedAt > receivedAt + 120_000)
		shift = Math.ceil((run.endedAt - receivedAt - 120_000) / quarter) * quarter;
	if (shift === 0 || Math.abs(shift) > 27 * 3_600_000) return;
	run.endedAt -= shift;
	if (run.startedAt !== null) run.startedAt -= shift;
}

/** Runs whose end was printed without an offset. */
const localRuns = new WeakSet<ToolRun>();

function noteZone(run: ToolRun, text: string | null | undefined): void {
	if (text && !/(?:Z|[+-]\d\d:?\d\d)$/.test(text.trim())) localRuns.add(run);
}
