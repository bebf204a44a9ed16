// The next wall-clock time that a cron expression names. Bun knows it too, but reads four megabytes of calendars for it, and
// most servers keep their clock in UTC, where nothing else needs them.

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** The longest that a 29 February on one certain weekday takes to come back, and some. */
const farthestDays = 41 * 366;

export type CronTimes = {
	/** Minutes of the day, ascending. */
	minutes: number[];
	/** By number; index 0 of days and months is never true. */
	days: boolean[];
	months: boolean[];
	weekdays: boolean[];
	// Either of two restricted day fields is enough, unless one begins with a star ("*/2"): Debian's cron then wants both,
	// while Bun looks at the restriction alone.
	isEither: boolean;
};

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Of five fields that `checkCron` accepts. */
export function cronTimes([minute = "*", hour = "*", day = "*", month = "*", weekday = "*"]: string[]): CronTimes {
	const minutesOfHour = numbersOf(minute, 0, 59);
	const hours = numbersOf(hour, 0, 23);
	const weekdays = marked(numbersOf(weekday, 0, 7, weekdayNames), 7);
	// Sunday is both.
	weekdays[0] = weekdays[0] === true || weekdays[7] === true;
	return {
		minutes: hours.flatMap((h) => minutesOfHour.map((m) => h * 60 + m)),
		days: marked(numbersOf(day, 1, 31), 31),
		months: marked(numbersOf(month, 1, 12, monthNames, 1), 12),
		weekdays,
		isEither: !day.startsWith("*") && !weekday.startsWith("*"),
	};
}

function marked(numbers: readonly number[], last: number): boolean[] {
	const marks = new Array<boolean>(last + 1).fill(false);
	for (const number of numbers) marks[number] = true;
	return marks;
}

/** Ascending. */
function numbersOf(field: string, from: number, to: number, names: string[] = [], first = 0): number[] {
	const found = new Set<number>();
	const numberOf = (text: string) => (/^\d/.test(text) ? Number(text) : names.indexOf(text.slice(0, 3)) + first);
	for (const item of field.split(",")) {
		const [range = "*", step = ""] = item.split("/");
		const [low = "", high = ""] = range.split("-");
		const start = range === "*" ? from : numberOf(low);
		// A single number with a step goes on to the end, as in Debian's cron.
		const end = range === "*" || (high === "" && step !== "") ? to : numberOf(high === "" ? low : high);
		for (let number = start; number <= end; number += step === "" ? 1 : Number(step)) found.add(number);
	}
	return [...found].sort((a, b) => a - b);
}

/** The first match after a wall-clock time, which is given and told as if it were UTC; null where none comes. */
export function nextMatch(times: CronTimes, after: number): number | null {
	const start = Math.floor(after / minuteMs) + 1;
	let day = Math.floor((start * minuteMs) / dayMs);
	let least = start - (day * dayMs) / minuteMs;
	const last = day + farthestDays;
	for (; day <= last; day++, least = 0) {
		const date = new Date(day * dayMs);
		if (times.months[date.getUTCMonth() + 1] !== true) {
			day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / dayMs - 1;
			continue;
		}
		if (!isOn(times, date)) continue;
		const minute = firstFrom(times.minutes, least);
		if (minute !== undefined) return day * dayMs + minute * minuteMs;
	}
	return null;
}

/** Of numbers in ascending order: there are 1,440 minutes in a day. */
function firstFrom(numbers: readonly number[], least: number): number | undefined {
	let low = 0;
	let high = numbers.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((numbers[middle] ?? 0) < least) low = middle + 1;
		else high = middle;
	}
	return numbers[low];
}

function isOn({ days, weekdays, isEither }: CronTimes, date: Date): boolean {
	const isDay = days[date.getUTCDate()] === true;
	const isWeekday = weekdays[date.getUTCDay()] === true;
	return isEither ? isDay || isWeekday : isDay && isWeekday;
}
