// Reads a push to a Prometheus Pushgateway: the usual names of backup metrics become a run, the rest is kept beside it.
import { readSeconds } from "../tools/fields.ts";

export type Sample = { name: string; value: number };

export type ReadMetrics = { ok: true; samples: Sample[] } | { ok: false; message: string };

const label = String.raw`[ \t]*[a-zA-Z_][a-zA-Z0-9_]*[ \t]*=[ \t]*"(?:[^"\\]|\\["\\n])*"[ \t]*`;
const sampleForm = new RegExp(
	String.raw`^[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*(\{(?:${label}(?:,${label})*,?)?[ \t]*\})?[ \t]*(?<=[ \t}])([^ \t\r]+)(?:[ \t]+([^ \t]+))?[ \t]*$`,
);

/** The text format 0.0.4. The messages are the Pushgateway's own. */
export function readMetricsText(text: string): ReadMetrics {
	if (text === "") return { ok: true, samples: [] };
	const lines = text.split("\n");
	if (lines.at(-1) !== "") {
		return { ok: false, message: `text format parsing error in line ${lines.length}: unexpected end of input stream` };
	}
	const samples: Sample[] = [];
	const series = new Set<string>();
	for (const [index, line] of lines.entries()) {
		if (/^[ \t]*(?:#|$)/.test(line)) continue;
		const match = sampleForm.exec(line);
		const value = match === null ? null : numberOf(match[3] ?? "");
		if (match === null || value === null) {
			return {
				ok: false,
				message: `text format parsing error in line ${index + 1}: expected a metric name and a value`,
			};
		}
		if (match[4] !== undefined) {
			return {
				ok: false,
				message:
					"pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps",
			};
		}
		const one = `${match[1]}${match[2] ?? "{}"}`;
		if (series.has(one)) {
			return {
				ok: false,
				message: `pushed metrics are invalid or inconsistent with existing metrics: collected metric ${one.slice(0, 200)} was collected before with the same name and label values`,
			};
		}
		series.add(one);
		samples.push({ name: match[1] ?? "", value });
	}
	return { ok: true, samples };
}

function numberOf(text: string): number | null {
	if (/^[+-]?inf$/i.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
	if (/^nan$/i.test(text)) return Number.NaN;
	return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
}

/** The grouping key of the path behind `/metrics/`: pairs of name and value, base64 where the name says so. null: none. */
export function readGrouping(path: string): Map<string, string> | null {
	const parts = path.split("/");
	if (parts.length % 2 !== 0) return null;
	const labels = new Map<string, string>();
	for (let at = 0; at < parts.length; at += 2) {
		const name = parts[at] ?? "";
		const value = parts[at + 1] ?? "";
		const isEncoded = name.endsWith("@base64");
		let text: string;
		try {
			text = isEncoded ? Buffer.from(value, "base64url").toString("utf8") : decodeURIComponent(value);
		} catch {
			return null;
		}
		labels.set(isEncoded ? name.slice(0, -"@base64".length) : name, text);
	}
	return (labels.get("job") ?? "") === "" ? null : labels;
}

/** A report from a push, or null where nothing in it says whether the backup worked: that is never guessed. */
export function reportOfPush(
	labels: Map<string, string>,
	samples: Sample[],
	now: number,
): Record<string, unknown> | null {
	/** The one value of a measure; of several repositories or paths none speaks for all. */
	const find = (...ends: RegExp[]) => {
		for (const end of ends) {
			const [found, ...others] = valuesOf(samples, end);
			if (found !== undefined) return others.every((other) => other === found) ? found : null;
		}
		return null;
	};
	const succeededAt = find(/last_success(?:ful)?_(?:timestamp|time)(?:_seconds)?$/);
	const outcome = outcomeOf(samples, succeededAt, now);
	if (outcome === null) return null;
	const told =
		outcome === "success" && succeededAt !== null
			? succeededAt
			: find(/(?:^|_)(?:end|finish|completion|last_run)_(?:timestamp|time)(?:_seconds)?$/, /_time_seconds$/);
	const ended = told !== null && told > 1e9 && told < 1e11 ? Math.round(told * 1000) : now;
	const duration = readSeconds(find(/duration_seconds$/, /(?:^|_)duration$/, /elapsed_seconds$/));
	const exit = find(/exit_(?:code|status)$/);
	return {
		timestamp: new Date(ended - Math.round((duration ?? 0) * 1000)).toISOString(),
		backup_id: new Date(ended).toISOString(),
		job: labels.get("job"),
		...(labels.get("instance") && { host: labels.get("instance") }),
		outcome,
		...(duration !== null && { duration_total: duration }),
		...(exit !== null && { exit_code: exit }),
		size_bytes: find(/(?:^|_)size_bytes$/, /total_bytes$|bytes_total$/, /_processed_bytes$/),
		bytes_added: find(/added_bytes$|bytes_added$/),
		files_total: find(/files_total$|files_processed$|(?:^|_)files$/),
		files_new: find(/files_new$|new_files$/),
		files_changed: find(/files_changed$|changed_files$/),
		...(outcome === "failure" && {
			error_category: "unknown",
			error_message: exit === null ? null : `exit status ${exit}`,
		}),
		labels: Object.fromEntries([...labels].filter(([name]) => name !== "job" && name !== "instance")),
		metrics: Object.fromEntries(samples.slice(0, 64).map(({ name, value }) => [name.slice(0, 64), value])),
	};
}

function valuesOf(samples: Sample[], end: RegExp): number[] {
	return samples.filter(({ name, value }) => end.test(name) && Number.isFinite(value)).map(({ value }) => value);
}

/** The worst of what the samples say: of two repositories with a success each, one may have failed. NaN says nothing. */
function outcomeOf(
	samples: Sample[],
	succeededAt: number | null,
	now: number,
): "success" | "warning" | "failure" | null {
	// resticprofile: 0 failed, 1 warning, 2 success.
	const profile = valuesOf(samples, /^resticprofile_\w+_status$/);
	if (profile.length > 0) {
		if (profile.every((value) => value === 2)) return "success";
		return profile.every((value) => value === 1 || value === 2) ? "warning" : "failure";
	}
	const success = valuesOf(samples, /(?:^|_)(?:success|succeeded|successful)$/);
	const failed = valuesOf(samples, /(?:^|_)(?:failed|failure|error)$/);
	if (success.length > 0) {
		if (success.some((value) => value !== 1)) return "failure";
		return failed.some((value) => value !== 0) ? "warning" : "success";
	}
	const exits = valuesOf(samples, /exit_(?:code|status)$/);
	if (exits.length > 0) return exits.every((value) => value === 0) ? "success" : "failure";
	if (failed.length > 0) return failed.every((value) => value === 0) ? "success" : "failure";
	// A script that pushes this only after it worked, as the Pushgateway's own example does.
	return succeededAt !== null && Math.abs(now - succeededAt * 1000) < 86_400_000 ? "success" : null;
}
