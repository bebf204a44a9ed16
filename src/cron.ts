// When a cron expression matches in a zone, by Debian cron's rules for the nights on which clocks are changed.
import { type CronTimes, cronTimes, nextMatch } from "./cron-match.ts";
import { Kept, KeptBy } from "./kept.ts";

const minuteMs = 60_000;
/** Debian's cron takes a larger change for a corrected clock, after which nothing is made up for. */
const largestChange = 3 * 3_600_000;

/** A stretch without a change of the clock: [from, until), with the offset before it. */
type Segment = { from: number; until: number; offset: number; before: number };

/** UTC: no calendar has to be read for it. */
const always: Segment = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY, offset: 0, before: 0 };

const segments = new Map<string, Segment[]>();

function segmentAt(at: number, zone: string): Segment {
	if (zone === "UTC") return always;
	let known = segments.get(zone);
	if (known === undefined || known.length > 200) {
		if (segments.size > 64) segments.clear();
		known = [];
		segments.set(zone, known);
	}
	for (let index = known.length - 1; index >= 0; index--) {
		const segment = known[index];
		if (segment !== undefined && segment.from <= at && at < segment.until) return segment;
	}
	const segment = findSegment(at, zone);
	known.push(segment);
	return segment;
}

function findSegment(at: number, zone: string): Segment {
	const here = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
	const offset = here.offsetNanoseconds / 1e6;
	// "previous" is strictly before, so it is asked a moment later: a change at this very instant has begun.
	const began = here.add({ milliseconds: 1 }).getTimeZoneTransition("previous");
	const ends = here.getTimeZoneTransition("next");
	return {
		from: began?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
		until: ends?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
		offset,
		before: began === null ? offset : began.subtract({ milliseconds: 1 }).offsetNanoseconds / 1e6,
	};
}

const nicknames: Record<string, string> = {
	"@yearly": "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly": "0 0 1 * *",
	"@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly": "0 * * * *",
};

export const cronNicknames = Object.keys(nicknames);

/** The five fields of an expression that `checkCron` accepts. */
export function cronFields(cron: string): string[] {
	const text = cron.trim().toLowerCase();
	return (nicknames[text] ?? text).split(/\s+/);
}

type Pattern = {
	times: CronTimes;
	/** Runs in every real hour: neither made up for nor held back when the clock is changed. */
	isWild: boolean;
};

const patterns = new Kept(1000, (cron: string): Pattern => {
	const fields = cronFields(cron);
	const isWild = [fields[0], fields[1]].some((field) => field?.startsWith("*") === true);
	return { times: cronTimes(fields), isWild };
});

function patternOf(cron: string): Pattern {
	return patterns.of(cron, cron);
}

/**
 * The first match strictly after an instant, or null where none comes. A job with a fixed hour and minute that the clock
 * skips runs once at the gap's end, and once in an hour that is repeated; one with a star in either runs by the real clock.
 */
function findNext(cron: string, after: number, zone: string): number | null {
	const pattern = patternOf(cron);
	let segment = segmentAt(after, zone);
	let wall = Math.max(after + segment.offset, firstWall(segment, pattern) - 1);
	for (;;) {
		const match = nextMatch(pattern.times, wall);
		if (match === null) return null;
		const instant = match - segment.offset;
		if (instant < segment.until) return instant;
		const next = segmentAt(segment.until, zone);
		if (isGap(next, pattern) && match < next.from + next.offset) return next.from;
		wall = firstWall(next, pattern) - 1;
		segment = next;
	}
}

function isGap({ offset, before }: Segment, { isWild }: Pattern): boolean {
	return !isWild && offset > before && offset - before <= largestChange;
}

/** The wall-clock time from which a segment's matches count: those of a repeated hour have had their turn. */
function firstWall({ from, offset, before }: Segment, { isWild }: Pattern): number {
	const isRepeat = !isWild && before > offset && before - offset <= largestChange;
	return from + (isRepeat ? before : offset);
}

/** Two neighbouring matches, or none on that side. */
export type CronSpan = { match: number | null; next: number | null };

/** Matches without a gap between them, oldest first: what is asked about lies side by side. */
const lists = new KeptBy<number[]>(2000);
const longestList = 256;
/** Beyond this many matches it is cheaper to begin a new list than to reach from the old one. */
const farthest = 64;

/** The match at or before an instant, and the one after it. */
export function cronSpan(cron: string, zone: string, at: number): CronSpan {
	const list = listAround(cron, zone, at);
	let low = 0;
	let high = list.length - 1;
	if (high < 1) return { match: findLast(cron, zone, at), next: findNext(cron, at, zone) };
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if ((list[middle] ?? 0) <= at) low = middle;
		else high = middle;
	}
	return { match: list[low] ?? null, next: list[high] ?? null };
}

/** A list whose first match is at or before the instant and whose last is after it; empty where there is no such pair. */
function listAround(cron: string, zone: string, at: number): number[] {
	const list = lists.of(`${cron}\n${zone}`, [], () => []);
	const first = list[0];
	if (first !== undefined && first <= at) {
		for (let step = 0; step < farthest; step++) {
			const last = list.at(-1) ?? at;
			if (last > at) return list;
			const next = findNext(cron, last, zone);
			if (next === null) return [];
			list.push(next);
			if (list.length > longestList) list.splice(0, longestList / 4);
		}
	}
	list.length = 0;
	const match = findLast(cron, zone, at);
	const next = match === null ? null : findNext(cron, at, zone);
	if (match !== null && next !== null) list.push(match, next);
	return list;
}

/** Steps back until there is a match, then forward to the last: Bun only knows the next. */
function findLast(cron: string, zone: string, at: number): number | null {
	for (const minutes of [1, 61, 1501, 11_521, 46_081, 530_000, 4_800_000]) {
		let match = findNext(cron, at - minutes * minuteMs, zone);
		if (match === null || match > at) continue;
		for (;;) {
			const next = findNext(cron, match, zone);
			if (next === null || next > at) return match;
			match = next;
		}
	}
	return null;
}

/**
 * How long after its slot a start may lie only because the clock was changed, in milliseconds: not every scheduler makes
 * up for the skipped hour at its end (some wait for 03:30), or takes the first of two repeated hours.
 */
export function clockSlack(cron: string, zone: string, match: number): number {
	const pattern = patternOf(cron);
	if (pattern.isWild) return 0;
	const segment = segmentAt(match, zone);
	if (match === segment.from && isGap(segment, pattern)) {
		// The last of what was skipped, had the clock not been changed.
		const end = segment.from + segment.offset;
		let slack = 0;
		let wall = nextMatch(pattern.times, segment.from + segment.before - 1);
		for (; wall !== null && wall < end; wall = nextMatch(pattern.times, wall))
			slack = wall - segment.from - segment.before;
		return slack;
	}
	if (segment.until === Number.POSITIVE_INFINITY) return 0;
	const change = segment.offset - segmentAt(segment.until, zone).offset;
	return change > 0 && change <= largestChange && match >= segment.until - change ? change : 0;
}
