// A schedule as a person says it: "daily at 02:00", "every Sunday at 03:30", "every 6 h".
import { cronFields } from "./cron.ts";
import type { Schedule } from "./schedule.ts";
import { formatDuration, plural } from "./units.ts";

const dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const monthNames = "January February March April May June July August September October November December".split(" ");

/** `zone` is the server's: another is named. */
export function scheduleWords(schedule: Schedule, zone: string): string {
	switch (schedule.type) {
		case "cron": {
			const words = cronWords(schedule.cron) ?? schedule.cron;
			return schedule.zone === zone ? words : `${words} (${schedule.zone})`;
		}
		case "every":
			return `every ${formatDuration(schedule.seconds)}`;
		case "age":
			return `at least every ${formatDuration(schedule.seconds)}`;
		case "none":
			return "no schedule";
	}
}

/** null: better shown as it is written. */
function cronWords(cron: string): string | null {
	const [minute = "", hour = "", day = "", month = "", weekday = ""] = cronFields(cron);
	const isEveryDay = day === "*" && month === "*" && weekday === "*";
	const often = isEveryDay ? oftenWords(minute, hour) : null;
	if (often !== null) return often;
	const times = timesOf(minute, hour);
	const days = daysWords(day, month, weekday);
	return times === null || days === null ? null : `${days} at ${times}`;
}

function oftenWords(minute: string, hour: string): string | null {
	const minutes = /^\*(?:\/(\d+))?$/.exec(minute);
	if (minutes !== null && hour === "*") {
		const step = Number(minutes[1] ?? 1);
		if (60 % step !== 0) return null;
		return step === 1 ? "every minute" : `every ${plural(step, "min", "min")}`;
	}
	if (!isNumber(minute)) return null;
	const at = minute.padStart(2, "0");
	if (hour === "*" || hour === "*/1") return `every hour at :${at}`;
	const hours = /^\*\/(\d+)$/.exec(hour);
	if (hours === null || 24 % Number(hours[1]) !== 0) return null;
	return `every ${plural(Number(hours[1]), "h", "h")}${minute === "0" || minute === "00" ? "" : ` at :${at}`}`;
}

function timesOf(minute: string, hour: string): string | null {
	const hours = hour.split(",");
	if (!isNumber(minute) || hours.length > 4 || !hours.every(isNumber)) return null;
	return list(hours.map((each) => `${each.padStart(2, "0")}:${minute.padStart(2, "0")}`));
}

function daysWords(day: string, month: string, weekday: string): string | null {
	if (month === "*" && day === "*") return weekdayWords(weekday);
	if (weekday !== "*" || !isNumber(day)) return null;
	if (month === "*") return `on the ${ordinal(Number(day))} of every month`;
	const name = isNumber(month) ? monthNames[Number(month) - 1] : undefined;
	return name === undefined ? null : `every year on ${Number(day)} ${name}`;
}

function weekdayWords(weekday: string): string | null {
	if (weekday === "*") return "daily";
	const days = weekdaysOf(weekday);
	if (days === null) return null;
	const key = days.join("");
	if (key === "0123456") return "daily";
	if (key === "12345") return "on weekdays";
	if (key === "06") return "on weekends";
	// Monday first.
	const ordered = [...days].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
	return `every ${list(ordered.map((each) => dayNames[each] ?? ""))}`;
}

/** Sorted, Sunday as 0; null for what is not a plain list of days and ranges. */
function weekdaysOf(field: string): number[] | null {
	const days = new Set<number>();
	for (const item of field.split(",")) {
		const [first = "", last = first, more] = item.split("-");
		const from = weekdayNumber(first);
		const to = weekdayNumber(last);
		if (from === null || to === null || more !== undefined) return null;
		for (let day = from; day <= to; day++) days.add(day % 7);
	}
	return [...days].sort();
}

function weekdayNumber(text: string): number | null {
	if (/^[0-7]$/.test(text)) return Number(text);
	const index = dayNames.findIndex((name) => [name.toLowerCase(), name.slice(0, 3).toLowerCase()].includes(text));
	return index === -1 ? null : index;
}

function isNumber(text: string): boolean {
	return /^\d{1,2}$/.test(text);
}

function ordinal(value: number): string {
	const isTeen = value >= 11 && value <= 13;
	const ending = isTeen ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th");
	return `${value}${ending}`;
}

function list(items: string[]): string {
	return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
