// How a message calls a job, its trouble and its end: the few words of a title on a locked phone.
import type { AlertKind } from "./alert.ts";
import type { AlertEvent } from "./message.ts";
import { cut, firstClause, oneLine } from "./message-clean.ts";
import { formatNear } from "./message-time.ts";
import { formatDuration } from "./units.ts";

const longestName = 48;
const longestReason = 90;
const hostPrefix = "host:";

/** What is the matter in the past tense, and its end: "photos [failed] at 02:03 and [works again] since 02:41". */
const phrases: Record<AlertKind, { was: string; again: string }> = {
	failed: { was: "failed", again: "works again" },
	missed: { was: "missed its run", again: "runs again" },
	stuck: { was: "was stuck", again: "is not stuck any more" },
	stale: { was: "had no recent backup", again: "has a recent backup again" },
	size: { was: "had an odd size", again: "looks normal again" },
	duration: { was: "took an odd time", again: "takes its usual time again" },
	phase: { was: "had an odd phase", again: "looks normal again" },
	files: { was: "had an odd number of files", again: "looks normal again" },
	rejected_input: { was: "could not read lines", again: "reads every line again" },
	refused_reports: { was: "refused reports", again: "refuses no reports any more" },
	channel_broken: { was: "could not reach a channel", again: "reaches it again" },
	absent: { was: "was absent from its remote", again: "is there again" },
	shrunk: { was: "had shrunk in its remote", again: "has its former extent again" },
	stale_copy: { was: "had no recent copy", again: "has a recent copy again" },
	drill_overdue: { was: "had no recent restore drill", again: "has a recent restore drill" },
	rto_exceeded: { was: "would have taken too long to restore", again: "can be restored in time again" },
};
const hostPhrase = { was: "was silent", again: "reports again" };

export function phraseOf({ job, kind, key }: Pick<AlertEvent, "job" | "kind" | "key">): { was: string; again: string } {
	return job === null && kind === "missed" && key.startsWith(hostPrefix) ? hostPhrase : phrases[kind];
}

/**
 * What a title calls the job. Its host stands with it where it says more: another machine than the monitor's own, and not
 * named by the job already.
 */
export function nameOf({ job, kind, key }: Pick<AlertEvent, "job" | "kind" | "key">, labName: string | null): string {
	if (job === null) {
		if (kind === "missed" && key.startsWith(hostPrefix)) {
			return `Host ${oneLine(key.slice(hostPrefix.length), longestName)}`;
		}
		return labName === null ? "Backup Monitor" : `Backup Monitor on ${oneLine(labName, longestName)}`;
	}
	const name = oneLine(job.title ?? "", longestName) || oneLine(job.name, longestName) || "A job";
	const host = oneLine(job.host, longestName);
	const saysMore = host !== "" && host !== labName && !name.toLowerCase().includes(host.toLowerCase());
	return saysMore ? `${name} on ${host}` : name;
}

/** "photos failed: repository is locked": the trouble itself, whatever became of it since. */
export function troubleTitle(event: AlertEvent, labName: string | null, now: number, zone: string): string {
	const name = nameOf(event, labName);
	if (event.job === null) return troubleOfMonitor(event, name);
	const { lastGood, run, at } = event;
	switch (event.kind) {
		case "failed": {
			const reason = reasonOf(event);
			return reason === "" ? `${name} failed` : `${name} failed: ${reason}`;
		}
		case "missed": {
			const dueAt = event.dueAt ?? null;
			return dueAt === null ? `${name} did not run` : `${name} missed its ${formatNear(dueAt, now, zone)} run`;
		}
		case "stuck":
			return run === null
				? `${name} is stuck`
				: `${name} is stuck: running for ${formatDuration((at - run.startedAt) / 1000)}`;
		case "stale":
			return lastGood === null
				? `${name} never had a good backup`
				: `${name}: no good backup for ${formatDuration((now - lastGood.at) / 1000)}`;
		default:
			return `${name}: ${firstClause(event.sentence, longestReason)}`;
	}
}

/** Its sentence names what it is about, where that is not the monitor itself. */
function troubleOfMonitor({ sentence }: AlertEvent, name: string): string {
	const clause = firstClause(sentence, longestReason + longestName);
	if (clause === "") return name;
	return clause.startsWith(name) ? clause : `${name}: ${clause}`;
}

/** The tool's own words before ours; what every tool puts in front of them says nothing. */
function reasonOf({ run, sentence }: AlertEvent): string {
	const own = oneLine(run?.errorMessage ?? "", 400).replace(/^(?:(?:fatal|error|critical)(?: error)?\s*[:!]\s*)+/i, "");
	if (own !== "") return cut(own.replace(/\.$/, ""), longestReason);
	const words = /^[^:]*:\s+(.+)$/.exec(firstClause(sentence, 400))?.[1];
	return cut(words ?? oneLine((run?.errorCategory ?? "").replaceAll("_", " "), longestReason), longestReason);
}

/**
 * Whether its end is that it is well again: another run than the one in question was good, and later. A job that is not
 * expected any more has no open alerts either, and a run that was marked as expected has not become another one.
 */
export function isWellAgain({ job, run, lastGood, openedAt }: AlertEvent): boolean {
	if (job === null || lastGood === null) return false;
	return lastGood.at > (run?.startedAt ?? openedAt) && (run === null || lastGood.runId !== run.id);
}
