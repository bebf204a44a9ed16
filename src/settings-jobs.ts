// The section `jobs` of the configuration file: schedules, limits, the retention promise and the listings of each job.

import { maxJobs, slugOf } from "./job.ts";
import { limits as reportLimits } from "./report-fields.ts";
import { checkCron, checkZone, parseDurationText, type Schedule } from "./schedule.ts";
import type { InventorySettings, JobSettings, Keep, Sensitivity } from "./settings.ts";
import {
	complain,
	durationOf,
	entriesOf,
	type Field,
	fieldsOf,
	isSaid,
	itemsOf,
	labelsOf,
	pathText,
	refuse,
	sizeOf,
	textOf,
	textsOf,
	wholeOf,
	wordOf,
} from "./settings-field.ts";
import { keyOf } from "./settings-places.ts";

const known = [
	"title",
	"host",
	"labels",
	"schedule",
	"start_grace",
	"max_runtime",
	"limits",
	"sensitivity",
	"warning_exit_codes",
	"parent",
	"keep",
	"rpo",
	"rto",
	"inventory",
] as const;

const hints = {
	min_size: "it stands under limits",
	max_size: "it stands under limits",
	cron: 'it stands under schedule: { cron: "0 2 * * *" }',
	every: "it stands under schedule: { every: 6h }",
	age: "it stands under schedule: { age: 3d }",
	zone: "it stands beside cron, under schedule",
	grace: "did you mean start_grace?",
	name: "the name of a job is its key; what is shown instead is its title",
};

const sensitivities: readonly Sensitivity[] = ["strict", "balanced", "relaxed"];
const keepPeriods = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const;
/** Formats in which a remote's listing may come. */
export const inventoryFormats = ["restic", "borg", "rclone", "kopia", "s3", "find", "jsonl"] as const;
const shortestPeriod = 60;

export function parseJobs(field: Field | undefined): JobSettings[] {
	const entries = entriesOf(field, "a mapping of names to jobs") ?? [];
	if (field !== undefined && entries.length > maxJobs) {
		complain(field, `has ${entries.length} jobs; at most ${maxJobs} are allowed`);
		return [];
	}
	const jobs = entries.flatMap((entry) => parseJob(entry) ?? []);
	if (field !== undefined) findCircles(field, jobs);
	return jobs;
}

function parseJob(field: Field): JobSettings | null {
	const name = nameOf(field, reportLimits.name);
	const fields = fieldsOf(field, known, hints);
	if (name === null || fields === null) return null;
	const limits = fieldsOf(fields.get("limits"), ["min_size", "max_size"]);
	const minSize = sizeOf(limits?.get("min_size"));
	const maxSize = sizeOf(limits?.get("max_size"));
	const greatest = limits?.get("max_size");
	if (greatest !== undefined && minSize !== null && maxSize !== null && minSize >= maxSize) {
		refuse(greatest, "more than min_size");
	}
	return {
		name,
		title: textOf(fields.get("title"), 200),
		host: textOf(fields.get("host"), reportLimits.host),
		labels: labelsOf(fields.get("labels")),
		schedule: parseSchedule(fields.get("schedule")),
		startGrace: durationOf(fields.get("start_grace")),
		maxRuntime: durationOf(fields.get("max_runtime")),
		minSize,
		maxSize,
		sensitivity: wordOf(fields.get("sensitivity"), sensitivities) ?? "balanced",
		warningExitCodes: itemsOf(fields.get("warning_exit_codes")).flatMap((item) => wholeOf(item, 1, 255) ?? []),
		parent: textOf(fields.get("parent"), reportLimits.name),
		keep: parseKeep(fields.get("keep")),
		rpo: durationOf(fields.get("rpo")),
		rto: durationOf(fields.get("rto")),
		inventory: parseInventory(fields.get("inventory")),
	};
}

/** The key of a job or channel. `0123` and `1.50` are numbers to YAML, and would silently become other names. */
export function nameOf(field: Field, longest: number): string | null {
	const name = String(field.path.at(-1));
	const written = field.sheet.places.places.get(keyOf(field.path))?.key ?? name;
	if (written !== name && !/\s/.test(written)) {
		return complain(field, `is written ${written} and read as ${name}; put it in quotes: "${written}"`);
	}
	if (name.trim() === "" || name.length > longest) return complain(field, `is a name of 1 to ${longest} characters`);
	if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return complain(field, "is a name with control characters in it");
	return name;
}

function parseSchedule(field: Field | undefined): Schedule | null {
	if (!isSaid(field)) return null;
	const { value, sheet } = field;
	if (typeof value === "string") {
		const text = value.trim();
		if (text.toLowerCase() === "none") return { type: "none" };
		if (text.startsWith("@") || text.split(/\s+/).length >= 5) return cronOf(field, text, sheet.zone);
		if (parseDurationText(text.slice(0, 40)) !== null) {
			return complain(
				field,
				`is "${text}"; write { every: ${text} } for a rhythm or { age: ${text} } for a greatest age`,
			);
		}
	}
	if (value === false || value === "no" || value === "off") return refuse(field, "none, if nothing is to be expected");
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		return refuse(field, '{ cron: "0 2 * * *" }, { every: 6h }, { age: 3d } or none');
	}
	const fields = fieldsOf(field, ["cron", "zone", "every", "age"]);
	const [cron, zone, every, age] = ["cron", "zone", "every", "age"].map((key) => fields?.get(key));
	const told = [cron, every, age].filter(isSaid);
	if (told.length > 1) return complain(field, "says more than one of cron, every and age; expected one");
	if (isSaid(zone) && !isSaid(cron)) complain(zone, "belongs to cron; every and age need none");
	if (isSaid(cron)) {
		const text = typeof cron.value === "string" ? cron.value.trim() : null;
		const place = zoneOf(zone);
		return text === null
			? refuse(cron, 'an expression in quotes such as "0 2 * * *"')
			: cronOf(cron, text, place ?? sheet.zone);
	}
	if (isSaid(every)) return periodic("every", durationOf(every, shortestPeriod));
	if (isSaid(age)) return periodic("age", durationOf(age, shortestPeriod));
	// An unknown key is said already; nothing at all is not.
	if ((fields?.size ?? 0) === Object.keys(value).length) complain(field, "is empty; expected cron, every or age in it");
	return null;
}

function periodic(type: "every" | "age", seconds: number | null): Schedule | null {
	return seconds === null ? null : { type, seconds };
}

function cronOf(field: Field, cron: string, zone: string): Schedule | null {
	const checked =
		cron.length > 200 ? { ok: false as const, reason: "it is too long.", nearest: null } : checkCron(cron);
	return checked.ok ? { type: "cron", cron, zone } : wrong(field, cron, checked);
}

function zoneOf(field: Field | undefined): string | null {
	const zone = textOf(field, 64);
	if (field === undefined || zone === null) return null;
	const checked = checkZone(zone);
	return checked.ok ? zone : wrong(field, zone, checked);
}

function wrong(field: Field, text: string, { reason, nearest }: { reason: string; nearest: string | null }): null {
	const told = reason.replace(/ ?(?:Did you mean [^?]*\?|Nearest: .*)$/, "").replace(/\.$/, "");
	// A sentence of its own goes on behind the value, without repeating it.
	const rest = told.startsWith(`"${text}" `) ? `which ${told.slice(text.length + 3)}` : told.replace(/^The /, "the ");
	const sign = rest.startsWith("which ") ? "," : ":";
	const meant = nearest === null ? "" : `; did you mean "${nearest}"?`;
	const value = text.length > 60 ? `${text.slice(0, 60)}…` : text;
	return complain(field, `is "${value}"${sign} ${rest}${meant}`.replace(/[\u0000-\u001f]/g, " "));
}

function parseKeep(field: Field | undefined): Keep | null {
	if (!isSaid(field)) return null;
	const fields = fieldsOf(field, keepPeriods);
	if (fields === null) return null;
	const keep: Keep = {};
	for (const period of keepPeriods) {
		const count = wholeOf(fields.get(period), 1, 100_000);
		if (count !== null) keep[period] = count;
	}
	return keep;
}

function parseInventory(field: Field | undefined): InventorySettings | null {
	if (!isSaid(field)) return null;
	const fields = fieldsOf(field, ["from", "every", "command", "dir", "s3"]);
	if (fields === null) return null;
	const [command, dir, s3] = ["command", "dir", "s3"].map((key) => fields.get(key));
	if ([command, dir, s3].filter(isSaid).length > 1) {
		return complain(field, "says more than one of command, dir and s3; expected one");
	}
	const derived = isSaid(s3) ? "s3" : isSaid(dir) ? "find" : null;
	const from = wordOf(fields.get("from"), inventoryFormats) ?? derived;
	if (from === null) {
		return isSaid(fields.get("from")) ? null : complain(field, `misses from; expected ${inventoryFormats.join(", ")}`);
	}
	const path = textOf(dir, 4096);
	if (dir !== undefined && path !== null && !path.startsWith("/")) refuse(dir, "a path that begins with /");
	return {
		from,
		every: durationOf(fields.get("every"), shortestPeriod) ?? 86_400,
		command: parseCommand(command),
		dir: path,
		s3: parseS3(s3),
	};
}

/** A list of words, started as it is: no shell reads it. */
function parseCommand(field: Field | undefined): string[] | null {
	if (!isSaid(field)) return null;
	if (!Array.isArray(field.value) || field.value.length === 0) {
		return refuse(field, "a list of words such as [restic, snapshots, --json]");
	}
	return textsOf(field, 4096);
}

function parseS3(field: Field | undefined): InventorySettings["s3"] {
	if (!isSaid(field)) return null;
	const fields = fieldsOf(field, ["bucket", "prefix", "endpoint", "region"]);
	if (fields === null) return null;
	const bucket = textOf(fields.get("bucket"), 255);
	if (bucket === null) return isSaid(fields.get("bucket")) ? null : complain(field, "misses bucket");
	const endpoint = textOf(fields.get("endpoint"), 2048);
	const url = endpoint === null ? null : URL.parse(endpoint);
	const address = fields.get("endpoint");
	if (address !== undefined && endpoint !== null && (!/^https?:$/.test(url?.protocol ?? "") || url?.username !== "")) {
		complain(address, "is no address that begins with https:// or http://, without a user");
	}
	return {
		bucket,
		prefix: textOf(fields.get("prefix"), 1024) ?? "",
		endpoint,
		region: textOf(fields.get("region"), 64),
	};
}

/** A job that waits for itself, over however many others, would never be heard of. */
function findCircles(field: Field, jobs: JobSettings[]): void {
	const byName = new Map(jobs.flatMap((job) => [[slugOf(job.name), job] as const]));
	for (const job of jobs) byName.set(job.name, job);
	const said = new Set<JobSettings>();
	for (const job of jobs) {
		const way = [job];
		for (let next = parentOf(job); next !== null && !said.has(next); next = parentOf(next)) {
			if (next === job) {
				for (const one of way) said.add(one);
				const names = [...way, job].map(({ name }) => pathText([name])).join(" → ");
				complain({ path: [...field.path, job.name, "parent"], sheet: field.sheet }, `goes in a circle: ${names}`);
				break;
			}
			if (way.includes(next)) break;
			way.push(next);
		}
	}
	function parentOf({ parent }: JobSettings): JobSettings | null {
		return parent === null ? null : (byName.get(parent) ?? null);
	}
}
