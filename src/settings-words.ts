// Settings as a person says them: quiet hours, the digest, and what the file says of a job.
import { scheduleWords } from "./schedule-words.ts";
import type { DigestTime, QuietHours, ShownSettings } from "./settings.ts";
import { formatBytes, formatDuration, plural, type Units } from "./units.ts";

const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** "22:00–07:00, critical passes" */
export function quietHoursWords({ from, to, criticalPasses }: QuietHours): string {
	return `${clockOf(from)}\u2013${clockOf(to)}${criticalPasses ? ", critical passes" : ""}`;
}

/** "Monday 08:00" */
export function digestWords({ weekday, minute }: DigestTime): string {
	return `${weekday === null ? "daily" : (days[weekday - 1] ?? "")} ${clockOf(minute)}`;
}

type ShownJob = ShownSettings["jobs"][number];

/** Everything that is said of a job, each with its name; nothing for what is left to be learned. */
export function jobSettingsWords(job: ShownJob, zone: string, units: Units): { name: string; value: string }[] {
	const span = (seconds: number | null) => (seconds === null ? null : formatDuration(seconds));
	const said: [name: string, value: string | null][] = [
		["title", job.title],
		["host", job.host],
		["labels", listOf(Object.entries(job.labels).map(([name, value]) => `${name}: ${value}`))],
		["schedule", job.schedule === null ? null : scheduleWords(job.schedule, zone)],
		["may begin late by", span(job.startGrace)],
		["may run for", span(job.maxRuntime)],
		["at least", job.minSize === null ? null : formatBytes(job.minSize, units)],
		["at most", job.maxSize === null ? null : formatBytes(job.maxSize, units)],
		["sensitivity", job.sensitivity === "balanced" ? null : job.sensitivity],
		["exit codes that warn", listOf(job.warningExitCodes.map(String))],
		["needs", job.parent],
		["keeps", listOf(Object.entries(job.keep ?? {}).map(([period, count]) => `${count}\u00a0${period}`))],
		["newest copy at most", job.rpo === null ? null : `${formatDuration(job.rpo)} old`],
		["restore within", span(job.rto)],
		["inventory", inventoryWords(job.inventory)],
	];
	return said.flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
}

function inventoryWords(inventory: ShownJob["inventory"]): string | null {
	if (inventory === null) return null;
	const { from, every, source } = inventory;
	return source === "pushed" ? `${from}, pushed` : `${from}, ${source}, every ${formatDuration(every)}`;
}

/** Who hears of what through a channel: "from warning on, of 2 jobs, with place: attic". */
export function audienceWords({ minSeverity, jobs, labels }: ShownSettings["channels"][number]): string {
	const labelled = listOf(Object.entries(labels).map(([name, value]) => `${name}: ${value}`));
	const of =
		jobs.length === 0 ? "" : jobs.length <= 3 ? `, of ${jobs.join(", ")}` : `, of ${plural(jobs.length, "job")}`;
	return `from ${minSeverity} on${of}${labelled === null ? "" : `, with ${labelled}`}`;
}

function listOf(items: string[]): string | null {
	return items.length === 0 ? null : items.join(", ");
}

/** Minutes after midnight as "07:05". */
function clockOf(minute: number): string {
	return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
