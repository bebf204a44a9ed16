// The sections `channels`, `quiet_hours` and `digest` of the configuration file. What is secret in them is in no message.
import { severities } from "./alert.ts";
import { limits } from "./report-fields.ts";
import type { ChannelSettings, DigestTime, QuietHours } from "./settings.ts";
import {
	channelKeys,
	clockOf,
	complain,
	entriesOf,
	type Field,
	fieldsOf,
	flagOf,
	isSaid,
	labelsOf,
	nearestOf,
	parseClock,
	refuse,
	textOf,
	textsOf,
	wordOf,
} from "./settings-field.ts";
import { nameOf } from "./settings-jobs.ts";

const hints = {
	severity: "did you mean min_severity?",
	password: "it belongs into the url, or with it into a file (url_file)",
	token: "it belongs into the url, or with it into a file (url_file)",
};
const mostChannels = 100;
const longestTemplate = 16_384;

export function parseChannels(field: Field | undefined): ChannelSettings[] {
	const entries = entriesOf(field, 'a mapping of names to channels such as phone: { url: "ntfys://…" }') ?? [];
	if (field !== undefined && entries.length > mostChannels) {
		complain(field, `has ${entries.length} channels; at most ${mostChannels} are allowed`);
		return [];
	}
	return entries.flatMap((entry) => parseChannel(entry) ?? []);
}

function parseChannel(field: Field): ChannelSettings | null {
	const name = nameOf(field, limits.name);
	if (typeof field.value === "string") return complain(field, 'is an address alone; write { url: "…" }');
	const fields = fieldsOf(field, channelKeys, hints);
	if (name === null || fields === null) return null;
	const url = textOf(fields.get("url"), 8192);
	const urlFile = fileOf(fields.get("url_file"));
	const secret = textOf(fields.get("secret"), 8192);
	const secretFile = fileOf(fields.get("secret_file"));
	const told = ["url", "url_file"].filter((key) => isSaid(fields.get(key))).length;
	if (told !== 1) complain(field, told === 0 ? "misses url or url_file" : "has url and url_file; expected one of them");
	if (isSaid(fields.get("secret")) && isSaid(fields.get("secret_file"))) {
		complain(field, "has secret and secret_file; expected one of them");
	}
	return {
		name,
		url,
		urlFile,
		minSeverity: wordOf(fields.get("min_severity"), severities) ?? "warning",
		jobs: textsOf(fields.get("jobs"), limits.name),
		labels: labelsOf(fields.get("labels")),
		template: templateOf(fields.get("template")),
		secret,
		secretFile,
	};
}

function fileOf(field: Field | undefined): string | null {
	const path = textOf(field, 4096);
	if (field === undefined || path === null || path.startsWith("/")) return path;
	// Not repeated: somebody may have written the secret itself here.
	return complain(field, "is no path that begins with /");
}

/** May have many lines; its placeholders are checked by the channel. */
function templateOf(field: Field | undefined): string | null {
	if (!isSaid(field)) return null;
	if (typeof field.value !== "string" || field.value.trim() === "") return refuse(field, "text, in quotes");
	return field.value.length <= longestTemplate
		? field.value
		: complain(field, `has more than ${longestTemplate} characters`);
}

export function parseQuietHours(field: Field | undefined): QuietHours | null {
	if (!isSaid(field) || field.value === false || field.value === "none") return null;
	const fields = fieldsOf(field, ["from", "to", "critical_passes"]);
	if (fields === null) return null;
	const from = clockOf(fields.get("from"));
	const to = clockOf(fields.get("to"));
	const missing = ["from", "to"].filter((key) => !isSaid(fields.get(key)));
	if (missing.length > 0) complain(field, `misses ${missing.join(" and ")}; expected { from: "22:00", to: "07:00" }`);
	if (from === null || to === null) return null;
	if (from === to) return complain(field, "begins and ends at the same minute; leave it out for no quiet hours");
	return { from, to, criticalPasses: flagOf(fields.get("critical_passes")) ?? true };
}

const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

export function parseDigest(field: Field | undefined): DigestTime | null {
	if (!isSaid(field) || field.value === false || field.value === "none") return null;
	const fields = fieldsOf(field, ["weekly", "daily"]);
	if (fields === null) return null;
	const [weekly, daily] = [fields.get("weekly"), fields.get("daily")];
	if (isSaid(weekly) && isSaid(daily)) return complain(field, "has weekly and daily; expected one of them");
	if (isSaid(daily)) {
		const minute = clockOf(daily);
		return minute === null ? null : { weekday: null, minute };
	}
	if (isSaid(weekly)) return weeklyOf(weekly);
	if (fields.size === Object.keys(field.value ?? {}).length)
		complain(field, "is empty; expected { weekly: mon 08:00 }");
	return null;
}

function weeklyOf(field: Field): DigestTime | null {
	const text = typeof field.value === "string" ? field.value.trim().toLowerCase() : "";
	const [, word = "", time = ""] = /^([a-z]+)[\s,]+(\d{1,2}:\d\d)$/.exec(text) ?? [];
	const weekday = weekdays.findIndex((day) => day === word || (word.length >= 2 && day.startsWith(word))) + 1;
	const minute = parseClock(time);
	if (weekday > 0 && minute !== null) return { weekday, minute };
	const names = weekdays.map((day) => (word.length > 4 ? day : day.slice(0, 3)));
	const near = weekday > 0 || word === "" ? null : nearestOf(word, names);
	return refuse(field, `a weekday and a time such as mon 08:00${near === null ? "" : `; did you mean ${near}?`}`);
}
