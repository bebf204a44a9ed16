// What a setup snippet is made of: the reader's values, and how each kind of file quotes them.
import { slugOf } from "./job.ts";
import { limits } from "./report-fields.ts";

/** What a reader chose, and what the server knows. */
export type SetupValues = {
	/** Where the monitor is reached, without a slash at the end. */
	address: string;
	/** The push token, or `tokenPlaceholder` where it is not shown; null where anybody may report. */
	token: string | null;
	/** The job's own Uptime Kuma token, or `kumaPlaceholder`. */
	kumaToken: string;
	job: string;
	/** The job's name in addresses. */
	slug: string;
	/** What is backed up, and where to, as the tool is told. */
	source: string;
	target: string;
	/** The monitor's metrics file, on its own machine. */
	metricsFile: string;
};

export const tokenPlaceholder = "PASTE-TOKEN-HERE";
export const kumaPlaceholder = "PASTE-KUMA-TOKEN-HERE";

export type SnippetLanguage = "sh" | "cron" | "yaml" | "ini" | "json" | "text" | "powershell" | "properties";

/** Lines to paste, and where. */
export type Snippet = {
	/** Unique in its tool: tests and links name it. */
	id: string;
	/** Where it goes: a file, a form's field, a terminal. */
	title: string;
	language: SnippetLanguage;
	text: string;
	/** What would surprise; "" for nothing. */
	note: string;
};

export type PathField = { label: string; value: string };

/** How one tool reports. */
export type Setup = {
	/** As in `/setup?tool=`. */
	id: string;
	name: string;
	/** What is reported this way, and what is needed. */
	lead: string;
	/** Paths that the reader may choose, with their defaults; null where the snippets hold none. */
	source: PathField | null;
	target: PathField | null;
	snippets: (values: SetupValues) => Snippet[];
};

export function snippet(id: string, title: string, language: SnippetLanguage, text: string, note = ""): Snippet {
	return { id, title, language, text, note };
}

export const defaultJob = "nightly";

/** A job's name from a form: one line, not too long; the default where nothing is left. */
export function jobNameOf(text: string | null): string {
	const name = (text ?? "")
		.replace(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, " ")
		.trim()
		.slice(0, limits.name)
		.trim();
	return name === "" ? defaultJob : name;
}

/** A path from a form: one line, not too long. */
export function pathOf(text: string | null, otherwise: string): string {
	const path = (text ?? "")
		.replace(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, "")
		.trim()
		.slice(0, 1024);
	return path === "" ? otherwise : path;
}

/** The name in a ping's address: the slug, or a plain word where the name has no letter for one. */
export function pingSlugOf(job: string): string {
	return slugOf(job) || "backup";
}

/** One word of a POSIX shell. */
export function shellWord(text: string): string {
	return /^[\w./+:@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A path as one word that no tool takes for an option. */
export function pathWord(path: string): string {
	return shellWord(path.startsWith("-") ? `./${path}` : path);
}

/** A value of a long option, which a leading dash would make an option of its own. */
export function option(name: string, value: string): string {
	return value.startsWith("-") ? `--${name}=${shellWord(value)}` : `--${name} ${shellWord(value)}`;
}

/** An address as one word of a shell; `end` is shell text that follows it inside the word, such as `$rc`. */
export function shellUrl(url: string, end = ""): string {
	if (/^[\w:/.?&=%@,+[\]~-]+$/.test(url)) return `"${url}${end}"`;
	return `'${url.replaceAll("'", "'\\''")}'${end === "" ? "" : `"${end}"`}`;
}

/** A piece of an address; what shells, YAML and URLs each read in their own way is all encoded. */
export function urlPart(text: string): string {
	return encodeURIComponent(text).replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A YAML scalar that is text in every version of YAML. */
export function yamlText(text: string): string {
	return /^https?:\/\/[\w:/.?&=%-]+[\w/]$/.test(text) ? text : JSON.stringify(text);
}

/** A command as cron reads it: a bare percent sign would end the line. */
export function cronText(command: string): string {
	return command.replaceAll("%", "\\%");
}

/** A command line of a systemd unit: `%` and `$` are its own signs. */
export function unitText(command: string): string {
	return command.replaceAll("%", "%%").replaceAll("$", "$$$$");
}

/** A string of PowerShell that nothing in it can leave; it takes typographic quotes for quotes too. */
export function powershellText(text: string): string {
	return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`;
}

/** `/ping/{key}/{slug}`: what every client of healthchecks understands. */
export function pingUrl({ address, token, slug }: SetupValues): string {
	return `${address}/ping/${urlPart(token ?? "open")}/${slug}`;
}

/** `/ingest/{tool}`, with the token in the address for senders that know nothing but one. */
export function ingestUrl({ address, token, job }: SetupValues, tool: string): string {
	const key = token === null ? "" : `&token=${urlPart(token)}`;
	return `${address}/ingest/${tool}?job=${urlPart(job)}${key}`;
}

/** curl's option that sends the token, with a blank behind it; "" where none is needed. */
export function bearer(token: string | null): string {
	return token === null ? "" : `-H ${shellWord(`Authorization: Bearer ${token}`)} `;
}
