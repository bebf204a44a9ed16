// Whether a job is slowly getting longer or larger: its last runs against those of some weeks before, in plain words.
import type { Run } from "./run.ts";
import { formatBytes, formatChange, formatDuration, plural, type Units } from "./units.ts";

/** One plain-language note: the claim, and what it means. */
export type Drift = { title: string; detail: string };

type Measures = Pick<Run, "startedAt" | "duration" | "size" | "phases">;

const recentRuns = 5;
/** Runs 15 to 45 back. */
const pastFrom = 14;
const pastTo = 45;
const fewestPast = 5;
const marked = 0.2;
/** Less than this is no news, however many percent it is. */
const leastSeconds = 30;
const leastBytes = 1_000_000;

/** `runs` succeeded and are newest first; `maxRuntime` is when a run counts as stuck, in seconds. null: nothing drifts. */
export function driftOf(runs: Measures[], maxRuntime: number | null, units: Units): Drift | null {
	const recent = runs.slice(0, recentRuns);
	const past = runs.slice(pastFrom, pastTo);
	if (recent.length < recentRuns || past.length < fewestPast) return null;
	const size = compare(recent, past, (run) => run.size, leastBytes);
	const duration = compare(recent, past, (run) => run.duration, leastSeconds);
	const days = daysBetween(recent, past);
	const span = spanWords(days);
	// What shrinks may be missing: worse news than what grows.
	if (size !== null && size.change <= -marked) return smaller(size, span, units);
	if (duration !== null && duration.change >= marked) return slower(runs, duration, size, span, maxRuntime);
	if (size !== null && size.change >= marked) return larger(size, duration, days, units);
	return null;
}

type Change = { before: number; after: number; change: number };

function compare(
	recent: Measures[],
	past: Measures[],
	read: (run: Measures) => number | null,
	least: number,
): Change | null {
	const after = median(recent.map(read));
	const before = median(past.map(read));
	if (after === null || before === null || before <= 0) return null;
	// Too small a difference counts as none at all.
	const change = Math.abs(after - before) < least ? 0 : after / before - 1;
	return { before, after, change };
}

function slower(
	runs: Measures[],
	duration: Change,
	size: Change | null,
	span: string,
	maxRuntime: number | null,
): Drift {
	const phase = slowestPhase(runs, duration);
	const { before, after } = phase ?? duration;
	const subject = phase === null ? "A run" : capital(phase.name);
	const title = `${subject} went from ${formatDuration(before)} to ${formatDuration(after)} ${span}.`;
	const sentences: string[] = [];
	if (phase !== null) {
		sentences.push(`The whole run now takes ${formatDuration(duration.after)}.`);
	}
	if (size !== null && size.change < duration.change / 2) {
		const grew = size.change < 0.01 ? "Size did not grow" : `Size grew only ${formatChange(size.after, size.before)}`;
		sentences.push(`${grew} in the same time, so it is not the data that slows it down.`);
	} else if (size !== null) sentences.push("Size grew with it, so more data is the likely reason.");
	const left = maxRuntime === null ? null : maxRuntime - duration.after;
	if (left !== null && left > 0) {
		sentences.push(`It may take ${formatDuration(left)} more before it counts as stuck.`);
	}
	return { title, detail: sentences.join(" ") };
}

/** The phase that explains at least half of what the whole run gained. */
function slowestPhase(runs: Measures[], whole: Change): (Change & { name: string }) | null {
	const recent = runs.slice(0, recentRuns);
	const past = runs.slice(pastFrom, pastTo);
	const names = new Set(recent.flatMap((run) => run.phases.map((phase) => phase.name)));
	const changes = [...names].flatMap((name) => {
		const seconds = (run: Measures) => run.phases.find((phase) => phase.name === name)?.seconds ?? null;
		const change = compare(recent, past, seconds, leastSeconds);
		return change === null ? [] : [{ ...change, name }];
	});
	const gain = (change: Change) => change.after - change.before;
	const most = changes.toSorted((a, b) => gain(b) - gain(a))[0];
	return most !== undefined && most.change >= marked && gain(most) >= gain(whole) / 2 ? most : null;
}

function smaller({ before, after }: Change, span: string, units: Units): Drift {
	return {
		title: `Backups shrank from ${formatBytes(before, units)} to ${formatBytes(after, units)} ${span}.`,
		detail: "If nothing was deleted on purpose, look at what is still being backed up.",
	};
}

function larger({ before, after }: Change, duration: Change | null, days: number, units: Units): Drift {
	const year = ((after - before) / Math.max(1, days)) * 365;
	const time = duration === null || duration.change < marked ? "The duration stayed as it was. " : "";
	return {
		title: `Backups grew from ${formatBytes(before, units)} to ${formatBytes(after, units)} ${spanWords(days)}.`,
		detail: `${time}If it goes on like this, a year adds about ${formatBytes(year, units)}.`,
	};
}

/** Between the middles of the two groups. */
function daysBetween(recent: Measures[], past: Measures[]): number {
	const at = (runs: Measures[]) => median(runs.map((run) => run.startedAt)) ?? 0;
	return Math.round((at(recent) - at(past)) / 86_400_000);
}

function spanWords(days: number): string {
	if (days < 1) return "within a day";
	if (days < 14) return `in ${plural(days, "day")}`;
	return days < 90 ? `in ${plural(Math.round(days / 7), "week")}` : `in ${plural(Math.round(days / 30), "month")}`;
}

function capital(name: string): string {
	return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The middle of what is known; null of nothing. */
export function median(values: (number | null)[]): number | null {
	return quantile(values, 0.5);
}

/** The value that a share of the known ones lie at or below, between two of them by proportion; null of nothing. */
export function quantile(values: (number | null)[], share: number): number | null {
	const known = values.filter((value) => value !== null).sort((a, b) => a - b);
	const place = (known.length - 1) * share;
	const low = known[Math.floor(place)];
	const high = known[Math.ceil(place)];
	return low === undefined || high === undefined ? null : low + (high - low) * (place - Math.floor(place));
}
