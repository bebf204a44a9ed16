// One message instead of ten: jobs that did not run because their host is silent, or because the job they need is down.
import { type Alert, type AlertKind, compareSeverities, type Finding, type Severity } from "./alert.ts";
import { formatMoment } from "./message-time.ts";

/** A job that is waited for in vain at present, whether its alert is open already or is opened by this look. */
export type SilentJob = {
	jobId: number;
	name: string;
	host: string;
	kind: "missed" | "stale";
	key: string;
	severity: Severity;
	/** The first and the newest slot without a run; for an age limit both are the moment at which it was passed. */
	slotAt: number;
	newestSlotAt: number;
	/** When the alert of its host that spoke for it was resolved; null: none did, or it is still open. */
	hostBackAt: number | null;
};

/** What tells an alert from all others that are open; jobId 0: the monitor's own. */
export type AlertName = { jobId: number; kind: AlertKind; key: string };

/** `under`: the alert that speaks for it, perhaps opened by this look too; "as before": leave its parent as it is. */
export type Placement = { job: SilentJob; under: AlertName | "as before" | null };

export type SilenceGroups = {
	/** Alerts of silent hosts that are to be open; one that is open and not among them is over. All have jobId 0. */
	hosts: (Finding & { host: string })[];
	/** One for each silent job. Those under null come first. */
	placements: Placement[];
};

const hostPrefix = "host:";
const day = 86_400_000;

/** The host that an alert is about; null: it is about something else. */
export function hostOf({ jobId, kind, key }: AlertName): string | null {
	return jobId === 0 && kind === "missed" && key.startsWith(hostPrefix) ? key.slice(hostPrefix.length) : null;
}

/**
 * Says which alert speaks for which silent job. `jobs` are all that are silent now; `openAlerts` those of the whole monitor;
 * `lastReports` the newest report of any job of a host (when it was received); `parentOf` the job of `parent` in the settings.
 *
 * A host is silent when two of its jobs have not run and it has reported nothing at all since their slots; once it is called
 * silent, one job is enough to keep it so. When it is back, its other jobs have a day, or until their next slot is missed,
 * before they speak for themselves: nobody runs ten overdue backups in one minute.
 */
export function groupMissed(
	jobs: readonly SilentJob[],
	openAlerts: readonly Alert[],
	lastReports: ReadonlyMap<string, number>,
	parentOf: (jobId: number) => number | null,
	zone: string,
	now: number,
): SilenceGroups {
	const troubles = troublesOf(jobs, openAlerts);
	const spokesmen = new Map(jobs.map(({ jobId }) => [jobId, rootOf(jobId, troubles, parentOf)]));
	// A muted alert is nobody's spokesman: what stood under it would never be heard of.
	const speaking = jobs.filter(({ jobId }) => spokesmen.get(jobId) === null && troubles.has(jobId));
	const hosts = silentHosts(speaking, openAlerts, lastReports, zone, now);
	const members = new Map(hosts.flatMap(({ jobs, finding }) => jobs.map(({ jobId }) => [jobId, finding])));

	const placements = jobs.map((job): Placement => {
		const root = spokesmen.get(job.jobId) ?? null;
		const hostAlert = members.get(root?.jobId ?? job.jobId);
		if (hostAlert !== undefined) return { job, under: { jobId: 0, kind: hostAlert.kind, key: hostAlert.key } };
		if (root !== null) return { job, under: root };
		return { job, under: isGivenTime(job, now) ? "as before" : null };
	});
	return {
		hosts: hosts.map(({ finding }) => finding),
		placements: [
			...placements.filter(({ under }) => under === null),
			...placements.filter(({ under }) => under !== null),
		],
	};
}

function isGivenTime({ hostBackAt, newestSlotAt }: SilentJob, now: number): boolean {
	return hostBackAt !== null && newestSlotAt <= hostBackAt && now - hostBackAt < day;
}

/** What another job's silence may stand under: silence of its own, a failure, a run that hangs. By job. */
function troublesOf(jobs: readonly SilentJob[], openAlerts: readonly Alert[]): Map<number, AlertName> {
	const open = openAlerts.filter(({ resolvedAt }) => resolvedAt === null);
	const muted = new Set(open.filter(({ isMuted }) => isMuted).map(textOf));
	// An open "missed" that is not among the silent jobs is about to be resolved.
	const others = open.filter(({ kind, jobId }) => jobId !== 0 && (kind === "failed" || kind === "stuck"));
	const names = [...others, ...jobs].filter((name) => !muted.has(textOf(name)));
	return new Map(names.map(({ jobId, kind, key }) => [jobId, { jobId, kind, key }]));
}

function textOf({ jobId, kind, key }: AlertName): string {
	return `${jobId} ${kind} ${key}`;
}

/** The topmost job above this one that is in trouble; null: none, or the job is above itself by a mistake in the settings. */
function rootOf(
	jobId: number,
	troubles: ReadonlyMap<number, AlertName>,
	parentOf: (jobId: number) => number | null,
): AlertName | null {
	const seen = new Set([jobId]);
	let root: AlertName | null = null;
	for (let parent = parentOf(jobId); parent !== null; parent = parentOf(parent)) {
		if (parent === jobId) return null;
		if (seen.has(parent)) break;
		seen.add(parent);
		root = troubles.get(parent) ?? root;
	}
	return root;
}

type SilentHost = { jobs: SilentJob[]; finding: Finding & { host: string } };

function silentHosts(
	jobs: readonly SilentJob[],
	openAlerts: readonly Alert[],
	lastReports: ReadonlyMap<string, number>,
	zone: string,
	now: number,
): SilentHost[] {
	const open = new Set(openAlerts.filter(({ resolvedAt }) => resolvedAt === null).map(hostOf));
	const byHost = new Map<string, SilentJob[]>();
	for (const job of jobs) {
		// It reported since: then it is this job that did not run, not its host.
		const isSilent = job.slotAt > (lastReports.get(job.host) ?? Number.NEGATIVE_INFINITY);
		if (job.host !== "" && isSilent) byHost.set(job.host, [...(byHost.get(job.host) ?? []), job]);
	}
	return [...byHost]
		.filter(([host, members]) => members.length >= (open.has(host) ? 1 : 2))
		.map(([host, members]) => ({ jobs: members, finding: findingOf(host, members, zone, now) }));
}

function findingOf(host: string, members: SilentJob[], zone: string, now: number): Finding & { host: string } {
	const since = Math.min(...members.map(({ slotAt }) => slotAt));
	const severity = members.map((job) => job.severity).reduce((a, b) => (compareSeverities(a, b) >= 0 ? a : b));
	const names = members.toSorted((a, b) => a.slotAt - b.slotAt || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
	const did = names.length === 1 ? "has not run" : "have not run";
	const sentence = `Host ${host} is silent: ${listOf(names)} ${did} since ${formatMoment(since, now, zone)}.`;
	return { host, kind: "missed", key: hostPrefix + host, severity, sentence, runId: null, since };
}

/** "photos", "photos and db", "photos, db and mail", "photos, db and 3 more". */
function listOf(names: string[]): string {
	const shown = names.length <= 3 ? names : [...names.slice(0, 2), `${names.length - 2} more`];
	return shown.length === 1 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** Why the alert of a host is over. */
export function hostResolution(host: string, { since }: Pick<Alert, "since">, lastReportAt: number | null): string {
	if (lastReportAt !== null && lastReportAt >= since) return `Host ${host} reports again.`;
	return `No job of host ${host} is waited for any more.`;
}
