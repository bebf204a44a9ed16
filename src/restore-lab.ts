// How long it takes until several jobs are back: one after the other, and all at once over the lines they share.
import type { Estimate } from "./restore.ts";

export type LabJob = {
	slug: string;
	estimate: Estimate | null;
	/** What its restore is fetched through: jobs with the same word share its throughput. "" is not known, and shared too. */
	link: string;
	/** Seconds. */
	rto: number | null;
};

export type Span = { seconds: number; low: number; high: number };

export type LabEstimate = {
	/** One after the other. */
	serial: Span;
	/** All begun at the same time. */
	parallel: Span;
	/** Slugs: those counted, those of which nothing is known, those that alone take longer than their target. */
	counted: string[];
	unknown: string[];
	late: string[];
};

/** Errors of jobs that come over one line go together, but not in step. */
const together = 0.5;

/** `selection`: slugs; null is every job. null where no job has an estimate. */
export function estimateLab(jobs: readonly LabJob[], selection: ReadonlySet<string> | null): LabEstimate | null {
	const chosen = jobs.filter(({ slug }) => selection === null || selection.has(slug));
	const known = chosen.flatMap(({ estimate, ...job }) => (estimate === null ? [] : [{ ...job, estimate }]));
	if (known.length === 0) return null;
	const links = Map.groupBy(known, ({ link }) => link);
	const spans = [...links.values()].map((sharing) => atOnce(sharing.map(({ estimate }) => estimate)));
	return {
		serial: oneAfterTheOther(known.map(({ estimate }) => estimate)),
		parallel: {
			seconds: Math.max(...spans.map(({ seconds }) => seconds)),
			low: Math.max(...spans.map(({ low }) => low)),
			high: Math.max(...spans.map(({ high }) => high)),
		},
		counted: known.map(({ slug }) => slug),
		unknown: chosen.filter(({ estimate }) => estimate === null).map(({ slug }) => slug),
		late: known.filter(({ estimate, rto }) => rto !== null && estimate.seconds > rto).map(({ slug }) => slug),
	};
}

function oneAfterTheOther(estimates: readonly Estimate[]): Span {
	const seconds = sum(estimates.map((estimate) => estimate.seconds));
	const below = spread(estimates.map((estimate) => estimate.seconds - estimate.low));
	const above = spread(estimates.map((estimate) => estimate.high - estimate.seconds));
	return { seconds, low: seconds - below, high: seconds + above };
}

function spread(distances: readonly number[]): number {
	const squares = sum(distances.map((distance) => distance ** 2));
	return Math.sqrt(together * sum(distances) ** 2 + (1 - together) * squares);
}

/**
 * A link carries what the fastest job reached on it, and not more for being asked by several: they are through when all
 * bytes are, and never before the slowest of them alone would be.
 */
function atOnce(estimates: readonly Estimate[]): Span {
	const carried = Math.max(...estimates.map(({ throughput }) => throughput));
	const latency = Math.max(...estimates.map((estimate) => estimate.latency));
	const shared = latency + sum(estimates.map(({ bytes }) => bytes)) / carried;
	const serial = oneAfterTheOther(estimates);
	const slowest = Math.max(...estimates.map(({ seconds }) => seconds));
	return {
		seconds: Math.max(shared, slowest),
		low: Math.max(shared * (serial.low / serial.seconds), ...estimates.map(({ low }) => low)),
		high: Math.max(shared * (serial.high / serial.seconds), ...estimates.map(({ high }) => high)),
	};
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

/**
 * What a repository's address is reached through: its host, the remote's name, or the machine for a path of its own.
 * "" where no repository is told.
 */
export function linkOf(repository: string | null, host: string): string {
	if (repository === null) return "";
	const text = repository.trim();
	const [, authority] = /^(?:[a-z][a-z0-9+.-]*:)*\/\/(?:[^/@]*@)?([^/:]+)/i.exec(text) ?? [];
	if (authority !== undefined) return authority.toLowerCase();
	if (text === "" || /^(?:local:|file:)?[/.~]/.test(text)) return text === "" ? "" : `disk of ${host}`;
	const [, remote] = /^(?:sftp:|s3:|rclone:|ssh:)?(?:[^/@:]*@)?([^/:]+)[:/]/i.exec(text) ?? [];
	return remote?.toLowerCase() ?? "";
}
