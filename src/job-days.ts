// What each of the last days was for a job: the cells of a strip, from the daily sums and the days that a run was due.

/** From the worst to nothing at all. `missed`: a run was due and none came. `warning` is also a run that took long. */
export type DayState = "failed" | "missed" | "warning" | "running" | "ok" | "none";

export type JobDay = {
	/** Since 1970. */
	day: number;
	state: DayState;
	runs: number;
	failed: number;
	/** Mean seconds, set where they were clearly more than usual. */
	slow: number | null;
};

/** The finished backups of a day. Means of those that succeeded, in seconds and bytes. */
export type DaySums = {
	day: number;
	succeeded: number;
	warned: number;
	failed: number;
	duration: number | null;
	size: number | null;
};

export type DaysAsked = {
	/** Days since 1970, inclusive. */
	from: number;
	today: number;
	/** First day of which anything is known. */
	firstDay: number;
	/** Days with a slot, each with the last day on which its run may begin; null: no slots. */
	dueDays: ReadonlyMap<number, number> | null;
	/** A day whose slot is judged missed already. */
	missedDay: number | null;
	isRunning: boolean;
	usualDuration: number | null;
};

/** Less than this is no news, however many percent it is. */
const leastSlower = 60;
const slowerBy = 1.25;

export function jobDays(sums: readonly DaySums[], asked: DaysAsked): JobDay[] {
	const { from, today, isRunning } = asked;
	const known = new Map(sums.map((day) => [day.day, day]));
	const days: JobDay[] = [];
	for (let day = from; day <= today; day++) {
		const found = known.get(day);
		if (found === undefined) days.push({ day, state: emptyState(day), runs: 0, failed: 0, slow: null });
		else days.push(fullDay(found, asked));
	}
	return days;

	function emptyState(day: number): DayState {
		if (day === today && isRunning) return "running";
		if (day === asked.missedDay) return "missed";
		return day >= asked.firstDay && day < today && isDue(day) ? "missed" : "none";
	}

	/** A run that was due before midnight may begin after it. */
	function isDue(day: number): boolean {
		const last = asked.dueDays?.get(day);
		if (last === undefined || last >= today) return false;
		for (let later = day + 1; later <= last; later++) if (known.has(later)) return false;
		return true;
	}
}

function fullDay({ day, succeeded, warned, failed, duration }: DaySums, { usualDuration }: DaysAsked): JobDay {
	const runs = succeeded + warned + failed;
	const isSlow =
		duration !== null &&
		usualDuration !== null &&
		duration > usualDuration * slowerBy &&
		duration - usualDuration >= leastSlower;
	const state = failed > 0 ? "failed" : warned > 0 || isSlow ? "warning" : runs > 0 ? "ok" : "none";
	return { day, state, runs, failed, slow: isSlow ? duration : null };
}

/** The middle value; null of nothing. */
export function medianOf(values: readonly number[]): number | null {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	const high = sorted[middle];
	if (high === undefined) return null;
	return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}

/** The share by which sizes change in a week, between the first three and the last three days; null within a week. */
export function weeklyChange(sized: readonly { day: number; size: number }[]): number | null {
	const [first, last] = [sized[0], sized.at(-1)];
	if (first === undefined || last === undefined || last.day - first.day < 7) return null;
	const part = Math.min(3, Math.floor(sized.length / 2));
	const middle = (days: readonly { day: number; size: number }[]) => ({
		day: days.reduce((sum, { day }) => sum + day, 0) / days.length,
		size: medianOf(days.map(({ size }) => size)) ?? 0,
	});
	const [before, after] = [middle(sized.slice(0, part)), middle(sized.slice(-part))];
	const weeks = (after.day - before.day) / 7;
	return before.size <= 0 || weeks <= 0 ? null : (after.size / before.size - 1) / weeks;
}

/** The median of the last five days that have a duration against that of days two weeks and more before them. */
export function driftOfDays(sums: readonly DaySums[], today: number): { before: number; after: number } | null {
	const timed = sums.flatMap(({ day, duration }) => (duration === null ? [] : [{ day, duration }]));
	const recent = timed.slice(-5);
	const since = recent[0]?.day;
	// What is not news any more is not said on top of the page.
	if (since === undefined || recent.length < 5 || today - (recent.at(-1)?.day ?? 0) > 8) return null;
	const past = timed.filter(({ day }) => day < since - 8);
	if (past.length < 5) return null;
	const before = medianOf(past.map(({ duration }) => duration)) ?? 0;
	const after = medianOf(recent.map(({ duration }) => duration)) ?? 0;
	return after >= before * 1.2 && after - before >= leastSlower ? { before, after } : null;
}
