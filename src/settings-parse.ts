// Reads the text of the configuration file: all that is wrong with it at once, each with its path and line.
import { messageOf } from "./errors.ts";
import type { Settings } from "./settings.ts";
import { parseChannels, parseDigest, parseQuietHours } from "./settings-channels.ts";
import { complain, type Field, fieldsOf, lineAt, type SettingsProblem, type Sheet } from "./settings-field.ts";
import { parseJobs } from "./settings-jobs.ts";
import { findPlaces, type Path } from "./settings-places.ts";

export const maxSettingsBytes = 256 * 1024;

const sections = ["jobs", "channels", "quiet_hours", "digest"] as const;
const unreadable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** `zone` is that of cron expressions without one. The settings are to be used only where there is no problem. Never throws. */
export function parseSettings(text: string, zone: string): { settings: Settings; problems: SettingsProblem[] } {
	const nothing: Settings = { jobs: [], channels: [], quietHours: null, digest: null };
	const fail = (line: number, message: string) => ({ settings: nothing, problems: [{ path: "", line, message }] });
	if (Buffer.byteLength(text) > maxSettingsBytes) return fail(1, "is larger than 256 KiB");
	const clean = normalise(text);
	const strange = clean.search(unreadable);
	if (strange !== -1) return fail(lineOfOffset(clean, strange), "has control characters in it; it is no text");
	const places = findPlaces(clean);
	if ("reason" in places) return fail(places.line, places.reason);
	let value: unknown;
	try {
		value = Bun.YAML.parse(clean);
	} catch (error) {
		const reason = messageOf(error).replace(/^YAML Parse error: /, "");
		return fail(brokenLine(clean), `is not valid YAML here or nearby: ${reason}`);
	}
	const sheet: Sheet = { places, problems: [], zone };
	for (const { path, line, first } of places.repeated)
		complain({ path, sheet }, `is said twice, first in line ${first}`, line);
	const fields = fieldsOf({ value, path: [], sheet }, sections);
	const field = (name: (typeof sections)[number]): Field | undefined => fields?.get(name);
	const settings: Settings = {
		jobs: parseJobs(field("jobs")),
		channels: parseChannels(field("channels")),
		quietHours: parseQuietHours(field("quiet_hours")),
		digest: parseDigest(field("digest")),
	};
	return { settings, problems: sheet.problems.sort((a, b) => a.line - b.line) };
}

/** "jobs.photos.rpo is 26, which has no unit; …", or for the text as a whole what is wrong with it. */
export function problemText({ path, message }: SettingsProblem): string {
	return path === "" ? message : `${path} ${message}`;
}

/** The line of a key in a text that was understood; 1 in any other. */
export function lineOfPath(text: string, path: Path): number {
	const places = findPlaces(normalise(text));
	return "reason" in places ? 1 : lineAt(places, path);
}

function normalise(text: string): string {
	return text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
}

function lineOfOffset(text: string, offset: number): number {
	return text.slice(0, offset).split("\n").length;
}

/** Bun's errors have no line: the first one with which the text up to there cannot be read, an open bracket apart. */
function brokenLine(text: string): number {
	const lines = text.split("\n");
	let [good, bad] = [0, lines.length];
	while (bad - good > 1) {
		const middle = (good + bad) >> 1;
		if (isBroken(lines.slice(0, middle).join("\n"))) bad = middle;
		else good = middle;
	}
	return bad;
}

function isBroken(text: string): boolean {
	try {
		Bun.YAML.parse(text);
		return false;
	} catch (error) {
		return !messageOf(error).includes("EOF");
	}
}
