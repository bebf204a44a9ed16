// How long a restore would take: from the job's own drills, or from how fast it is backed up; with a range and a basis.
import { type Run, rate } from "./run.ts";
import { median } from "./statistics.ts";
import { formatAge, plural } from "./units.ts";

/** A finished run of kind `restore_test`. */
export type Drill = {
	runId: number;
	outcome: "success" | "warning" | "failure";
	startedAt: number;
	endedAt: number;
	seconds: number | null;
	/** What it brought back; where it told nothing, the size of the newest backup before it. */
	bytes: number | null;
	/** Why it failed, or what it complained of, in its own words. */
	message: string | null;
};

/** How fast one backup went, bytes per second; null where its report does not tell. */
export type BackupSpeed = Record<SpeedName, number | null>;
/** `full`: of a run that had to store most of what it holds; `whole`: size by duration, whatever that consisted of. */
export type SpeedName = "upload" | "archive" | "full" | "whole";

export type RestoreFacts = {
	/** Bytes of the newest good backup: what would be restored. */
	size: number | null;
	/** Newest first. */
	drills: readonly Drill[];
	/** Of the newest good backups. */
	speeds: readonly BackupSpeed[];
};

export type Basis =
	| { from: "drills"; drills: number; testedAt: number }
	/** Never tested, or `hasFailed`: no drill worked. `from` has one name, or upload and archive together. */
	| { from: "speeds"; speeds: SpeedName[]; hasFailed: boolean };

export type Estimate = {
	/** The likely time. */
	seconds: number;
	low: number;
	high: number;
	/** What it is of. */
	bytes: number;
	/** Bytes per second, without the latency. */
	throughput: number;
	/** Seconds that pass whatever the size is. */
	latency: number;
	basis: Basis;
};

/** Older drills tell of disks and lines that are gone. */
const drillsUsed = 6;

/** null where nothing is known to go by: `whyUnknown` says what is missing. */
export function estimateRestore(facts: RestoreFacts): Estimate | null {
	const drills = facts.drills.filter(isUsable).slice(0, drillsUsed);
	const bytes = facts.size ?? drills[0]?.bytes ?? null;
	if (bytes === null || bytes <= 0) return null;
	return fromDrills(bytes, drills) ?? fromSpeeds(bytes, facts);
}

export function whyUnknown({ size, drills, speeds }: RestoreFacts): string {
	if (size === 0) return "Its newest backup is empty.";
	if (size === null && speeds.length === 0 && drills.length === 0) return "No good backup is on record.";
	if (size === null) return "Its size is not reported, and no drill told how much it brought back.";
	return "Its backups do not tell how long they take, and no drill was recorded.";
}

/** Until the first byte comes: connecting, unlocking, reading an index. A backup's speed does not tell it. */
const mostLatency = 60;

type Usable = Drill & { seconds: number; bytes: number };

/** It worked, and both its time and its bytes are known. */
export function isUsable(drill: Drill): drill is Usable {
	const { outcome, seconds, bytes } = drill;
	return outcome !== "failure" && seconds !== null && seconds > 0 && bytes !== null && bytes > 0;
}

/**
 * What drills are believed to vary by before they show it (as a deviation of the logarithm), and how many drills that
 * belief is worth. One drill alone says nothing of how much the next one differs.
 */
const usualDeviation = 0.2;
const beliefWorth = 4;
/** One drill that went astray (a disk that slept) widens the range no further than this. */
const mostDeviation = 0.7;
/** What each e-fold between the restored size and that of the nearest drill adds. */
const perFold = 0.06;
/** Seconds by which any restore may be late: a program starts, a machine does something else. Only short ones notice. */
const restless = 1;
/** Quantiles of Student's t for a range that holds 85 of 100, by degrees of freedom from 3 on. */
const quantiles = [1.92, 1.78, 1.7, 1.65, 1.62, 1.59, 1.57, 1.56];

function fromDrills(bytes: number, drills: readonly Usable[]): Estimate | null {
	const [newest] = drills;
	if (newest === undefined) return null;
	const { latency, throughput, sizes } = fit(drills);
	const squares = drills.reduce((sum, drill) => {
		const distance = Math.log(drill.seconds / (latency + drill.bytes / throughput));
		return sum + Math.min(Math.abs(distance), mostDeviation) ** 2;
	}, 0);
	const freedom = beliefWorth + drills.length - sizes;
	const deviation = Math.sqrt((beliefWorth * usualDeviation ** 2 + squares) / freedom);
	const folds = Math.min(...drills.map((drill) => Math.abs(Math.log(bytes / drill.bytes))));
	// The middle is uncertain itself: a median's variance is pi/2 times that of a mean.
	const own = deviation * Math.sqrt(1 + Math.PI / 2 / drills.length);
	const factor = Math.exp((quantiles[freedom - 3] ?? 1.55) * Math.hypot(own, folds * perFold));
	const basis: Basis = { from: "drills", drills: drills.length, testedAt: newest.endedAt };
	const measured = latency + bytes / throughput;
	const other = sizes === 2 ? measured : withMostLatency(bytes, drills);
	const seconds = Math.sqrt(measured * other);
	const low = Math.min(measured, other) / factor;
	const high = Math.max(measured, other) * factor + restless;
	// Of one size the throughput is what the likely time amounts to.
	return { seconds, low, high, bytes, throughput: sizes === 2 ? throughput : bytes / seconds, latency, basis };
}

/**
 * Drills of one size do not tell how much of their time was latency, which matters for other sizes: a minute for one GB
 * may be 60 s for ten of them, or ten minutes. This is the time if most of it was.
 */
function withMostLatency(bytes: number, drills: readonly Usable[]): number {
	const seconds = median(drills.map((drill) => drill.seconds)) ?? 0;
	const size = median(drills.map((drill) => drill.bytes)) ?? 1;
	const latency = Math.min(mostLatency, 0.8 * seconds);
	return latency + (bytes * (seconds - latency)) / size;
}

/** From here on two sizes tell a latency from a throughput. */
const sizesApart = 4;

/**
 * The latency is what small drills take beyond their bytes, the throughput what large ones reach beyond the latency: each
 * as a median, in turns. A line through all points would be bent by the noise of the largest.
 */
function fit(drills: readonly Usable[]): { latency: number; throughput: number; sizes: 1 | 2 } {
	const all = drills.map(({ bytes, seconds }) => bytes / seconds);
	const least = Math.min(...drills.map(({ bytes }) => bytes));
	const most = Math.max(...drills.map(({ bytes }) => bytes));
	if (most < sizesApart * least) return { latency: 0, throughput: median(all) ?? 1, sizes: 1 };
	const middle = Math.sqrt(least) * Math.sqrt(most);
	const small = drills.filter(({ bytes }) => bytes <= middle);
	const large = drills.filter(({ bytes }) => bytes > middle);
	const shortest = Math.min(...drills.map(({ seconds }) => seconds));
	let latency = 0;
	let throughput = median(large.map(({ bytes, seconds }) => bytes / seconds)) ?? 1;
	for (let round = 0; round < 4; round++) {
		const rest = median(small.map(({ bytes, seconds }) => seconds - bytes / throughput)) ?? 0;
		latency = Math.min(Math.max(rest, 0), 0.95 * shortest);
		throughput = median(large.map(({ bytes, seconds }) => bytes / (seconds - latency))) ?? throughput;
	}
	return { latency, throughput, sizes: 2 };
}

/** How far a restore may be from what the backup's speed lets one expect. Assumptions, and said to be such. */
const assumed: Record<SpeedName, number> = { upload: 2.5, full: 2.5, archive: 3, whole: 4 };

function fromSpeeds(bytes: number, { speeds, drills }: RestoreFacts): Estimate | null {
	const of = (name: SpeedName) => median(speeds.flatMap((speed) => speed[name] ?? []));
	const hasFailed = drills.length > 0;
	const make = (names: SpeedName[], throughput: number): Estimate => {
		const seconds = bytes / throughput;
		const factor = Math.max(...names.map((name) => assumed[name]));
		const basis: Basis = { from: "speeds", speeds: names, hasFailed };
		return {
			seconds,
			low: seconds / factor,
			high: seconds * factor + mostLatency,
			bytes,
			throughput,
			latency: 0,
			basis,
		};
	};
	const upload = of("upload");
	const archive = of("archive");
	// What was packed and then sent is fetched and then unpacked.
	if (upload !== null && archive !== null) return make(["upload", "archive"], 1 / (1 / upload + 1 / archive));
	for (const name of ["upload", "full", "archive", "whole"] as const) {
		const speed = of(name);
		if (speed !== null) return make([name], speed);
	}
	return null;
}

/** Runs that sent next to nothing tell how long a greeting takes, not how fast the line is. */
const leastSent = 1_000_000;

export function speedOf(run: Pick<Run, "size" | "bytesAdded" | "duration" | "phases">): BackupSpeed {
	const { size, bytesAdded, duration, phases } = run;
	const secondsOf = (name: string) => phases.find((phase) => phase.name === name)?.seconds ?? null;
	const sent = bytesAdded ?? size;
	const isFull = size !== null && bytesAdded !== null && bytesAdded >= size / 2;
	return {
		upload: positive(rate(sent !== null && sent < leastSent ? null : sent, secondsOf("upload"))),
		archive: positive(rate(size, secondsOf("archive"))),
		full: isFull ? positive(rate(bytesAdded, duration)) : null,
		whole: positive(rate(size, duration)),
	};
}

function positive(value: number | null): number | null {
	return value !== null && value > 0 && Number.isFinite(value) ? value : null;
}

const speedWords: Record<SpeedName, string> = {
	upload: "upload",
	archive: "archive",
	full: "first backup\u2019s",
	whole: "backup",
};

/** "from 3 drills, the last 12 d ago", "from upload speed, never tested". */
export function basisWords(basis: Basis, now: number): string {
	if (basis.from === "speeds") return groundWords(basis);
	const age = `${formatAge(Math.max(0, now - basis.testedAt) / 1000)} ago`;
	return `${groundWords(basis)}, ${basis.drills === 1 ? age : `the last ${age}`}`;
}

/** The same without an age, for a sentence that stays. */
export function groundWords(basis: Basis): string {
	if (basis.from === "drills") return `from ${plural(basis.drills, "drill")}`;
	const speeds = basis.speeds.map((name) => speedWords[name]).join(" and ");
	return `from ${speeds} speed, ${basis.hasFailed ? "no drill worked" : "never tested"}`;
}
