// The shapes in which Kopia tells about a snapshot: the manifest, and the notification as text, HTML or JSON. From its source.
import type { Words } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import {
	parseCount,
	parseDuration,
	parseSize,
	readArray,
	readCount,
	readInstant,
	readObject,
	readText,
} from "./fields.ts";
import type { JsonObject } from "./text.ts";
import type { ToolRun } from "./tool.ts";

/** One snapshot as one of the shapes tells it, before the exit status is weighed. */
export type Told = { words: Words; run: Partial<ToolRun> };

/** kopia/snapshot/manifest.go */
export function toldByManifest(manifest: JsonObject, zone: string): Told {
	const source = readObject(manifest.source);
	const stats = readObject(manifest.stats);
	const summary = readObject(readObject(manifest.rootEntry)?.summ);
	const startedAt = readInstant(manifest.startTime, zone);
	const endedAt = readInstant(manifest.endTime, zone);
	// Both count the same; where one was left out or lags behind, the other tells.
	const fatal = Math.max(readCount(summary?.numFailed) ?? 0, readCount(stats?.errorCount) ?? 0);
	const ignored = Math.max(readCount(summary?.numIgnoredErrors) ?? 0, readCount(stats?.ignoredErrorCount) ?? 0);
	const incomplete = readText(manifest.incomplete);
	const entries = readArray(summary?.errors)
		.map(entryError)
		.filter((text) => text !== null);
	const cached = readCount(stats?.cachedFiles);
	return {
		words: incomplete !== null || fatal > 0 ? "failure" : ignored > 0 ? "warning" : "success",
		run: {
			snapshotId: readText(manifest.id),
			host: readText(source?.host),
			startedAt,
			endedAt,
			duration: elapsed(manifest.startTime, manifest.endTime, startedAt, endedAt),
			size: readCount(summary?.size) ?? readCount(stats?.totalSize),
			filesTotal: readCount(summary?.files) ?? readCount(stats?.fileCount),
			warnings: fatal + ignored,
			warningMessages: entries,
			errorMessage:
				incomplete === null
					? (entries[0] ?? (fatal > 0 ? `${fatal} entries could not be read` : null))
					: `incomplete: ${incomplete}`,
			errorCategory: incomplete === null ? categoryOf(entries, fatal + ignored) : "interrupted",
			labels: labelsOf(readText(source?.path), readText(source?.userName)),
			metrics: cached === null ? {} : { files_cached: cached },
		},
	};
}

function entryError(entry: unknown): string | null {
	const object = readObject(entry);
	const error = readText(object?.error);
	return error === null ? null : `${readText(object?.path) ?? "?"}: ${error}`;
}

/** Seconds with the nanoseconds that Kopia prints. */
function elapsed(start: unknown, end: unknown, startedAt: number | null, endedAt: number | null): number | null {
	if (startedAt === null || endedAt === null || endedAt < startedAt) return null;
	const fraction = (value: unknown) => Number(`0${/\.\d{1,9}/.exec(String(value))?.[0] ?? ""}`);
	const whole = Math.floor(endedAt / 1000) - Math.floor(startedAt / 1000);
	return Math.max(0, Math.round((whole + fraction(end) - fraction(start)) * 1e9) / 1e9);
}

export function labelsOf(path: string | null, user: string | null): Record<string, string> {
	const labels: Record<string, string> = {};
	if (path !== null) labels.path = path;
	if (user !== null) labels.user = user;
	return labels;
}

function categoryOf(entries: string[], count: number): string | null {
	if (count === 0) return null;
	const category = errorCategory(entries.join("\n"));
	return category === "unknown" ? "source_unreadable" : category;
}

const words: Record<string, Words> = {
	success: "success",
	ok: "success",
	warnings: "warning",
	warning: "warning",
	error: "warning",
};

/** Kopia's status words; "fatal", "incomplete" and whatever comes later are failures. */
function wordsOf(status: string): Words {
	return words[status.toLowerCase()] ?? "failure";
}

/** What the three report shapes have in common. A snapshot that failed as a whole shows zeros for what it never counted. */
function toldByFields(fields: {
	path: string | null;
	status: string;
	start: string | null;
	duration: number | null;
	size: number | null;
	files: number | null;
	error: string | null;
	failed: string[];
	id: string | null;
}): Told {
	const status = wordsOf(fields.status);
	// A report may call a snapshot a success and list what it could not read.
	const told = status === "success" && fields.failed.length > 0 ? "warning" : status;
	const isBlank = told === "failure" && (fields.size ?? 0) === 0 && (fields.files ?? 0) === 0;
	const startedAt = fields.start === null ? null : parseRfc1123(fields.start);
	const duration = isBlank ? null : fields.duration;
	const reasons = fields.error === null ? fields.failed : [fields.error, ...fields.failed];
	const isCut = fields.status.toLowerCase().startsWith("incomplete");
	return {
		words: told,
		run: {
			snapshotId: fields.id,
			startedAt,
			endedAt: startedAt === null || duration === null ? null : Math.round(startedAt + duration * 1000),
			duration,
			size: isBlank ? null : fields.size,
			filesTotal: isBlank ? null : fields.files,
			warnings: fields.failed.length === 0 ? null : fields.failed.length,
			warningMessages: fields.failed,
			errorMessage: reasons[0] ?? (told === "failure" ? `status: ${fields.status}` : null),
			errorCategory: isCut
				? "interrupted"
				: fields.error === null
					? categoryOf(fields.failed, fields.failed.length)
					: errorCategory(fields.error),
			labels: labelsOf(fields.path, null),
		},
	};
}

/** "Thu, 02 Jan 2020 03:04:05 +0000"; the year 1970 stands for "never started". */
function parseRfc1123(text: string): number | null {
	const instant = /^\w{3}, \d\d? \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$/.test(text) ? Date.parse(text) : Number.NaN;
	return Number.isFinite(instant) && instant >= 86_400_000 ? instant : null;
}

/** "Path: …", then indented "Status:", "Size:  6.9 MB (+1.6 MB)" and so on (snapshot-report.txt). */
export function toldByText(text: string): Told[] {
	const told: Told[] = [];
	for (const part of text.split(/(?:^|\n)Path: /).slice(1)) {
		const field = (name: string) =>
			new RegExp(`\\n\\s*${name}:[ \\t]+([^\\n]{1,2000}?)(?: \\([+-][^()\\n]{1,40}\\))?\\r?\\n`)
				.exec(part)?.[1]
				?.trim() ?? null;
		const status = field("Status");
		if (status === null) continue;
		const failed = [...part.slice(0, 100_000).matchAll(/\n {2}- ([^\n]{1,2000})/g)].map((match) => match[1] ?? "");
		told.push(
			toldByFields({
				path: /^[^\n]{1,2000}/.exec(part)?.[0].trim() ?? null,
				status,
				start: field("Start"),
				duration: parseDuration(field("Duration") ?? undefined),
				size: parseSize(field("Size") ?? undefined, 1000),
				files: parseCount(field("Files") ?? undefined),
				error: field("Error"),
				failed,
				id: null,
			}),
		);
	}
	return told;
}

export function toldByReport(entry: unknown): Told {
	const object = readObject(entry) ?? {};
	return toldByFields({
		path: readText(object.path),
		status: readText(object.status) ?? "unknown",
		start: readText(object.start),
		duration: parseDuration(readText(object.duration) ?? undefined),
		size: readCount(object.totalSize),
		files: readCount(object.totalFiles),
		error: readText(object.error),
		failed: readArray(object.failedEntries)
			.map(entryError)
			.filter((text) => text !== null),
		id: readText(object.id),
	});
}

/** One table row for each snapshot; the rows behind it tell its error and its failed entries. */
export function toldByHtml(text: string): Told[] {
	const told: Told[] = [];
	const row = /(?=<tr class="snapshotstatus-\w+">\s{0,80}<td><span class="path">)/;
	for (const part of text.split(row)) {
		if (!part.startsWith("<tr class=")) continue;
		const cells = [...part.slice(0, 20_000).matchAll(/<td>([^\n]{0,2000}?)<\/td>/g)].map((cell) =>
			plainText(cell[1] ?? ""),
		);
		const [path = "", start = "", duration = "", size = "", files = ""] = cells;
		const failed = [...part.slice(0, 100_000).matchAll(/<li>([^\n]{1,2000})<\/li>/g)].map((item) =>
			plainText(item[1] ?? ""),
		);
		told.push(
			toldByFields({
				path: path === "" ? null : path,
				status: /snapshotstatus-(\w+)/.exec(part)?.[1] ?? "unknown",
				start,
				duration: parseDuration(duration),
				size: parseSize(size.replace(/ \([+-].*$/, ""), 1000),
				files: parseCount(files.replace(/ \([+-].*$/, "")),
				error: /Error:<\/b>\s*([^<\n]{1,2000})/.exec(part)?.[1]?.trim() ?? null,
				failed,
				id: null,
			}),
		);
	}
	return told;
}

function plainText(html: string): string {
	return html
		.replace(/<[^>]{0,200}>/g, "")
		.replace(/&lt;/g, "<")
		.replace(/&gt;/g, ">")
		.replace(/&#39;/g, "'")
		.replace(/&#34;|&quot;/g, '"')
		.replace(/&amp;/g, "&")
		.trim();
}
