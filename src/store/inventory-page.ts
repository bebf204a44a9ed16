// What the page and the API of inventories show, and the metrics: read and compared for every job that was ever listed.
import type { Database } from "bun:sqlite";
import type { Comparison, RunVerdict } from "../inventory.ts";
import { presentRung } from "../inventory-findings.ts";
import type { InventoryJob, ShownSnapshot } from "../inventory-page.ts";
import { timelineOf } from "../inventory-timeline.ts";
import { lossSentence, reasonOf, shortName, type Telling, troubleOf } from "../inventory-words.ts";
import type { Job } from "../job.ts";
import { type JobSettings, type Settings, settingsOf } from "../settings.ts";
import type { Units } from "../units.ts";
import { readListedJobs } from "./inventory.ts";
import { type InventoryRead, readComparison } from "./inventory-look.ts";
import { readJobs } from "./jobs.ts";

const shownDays = 42;
const shownMissing = 20;
const shownUnreported = 20;

type Question = { settings: Settings; zone: string; units: Units; now: number };

/** Jobs with a listing, those first that need somebody; the others as they are. */
export function readInventoryJobs(db: Database, question: Question): { jobs: InventoryJob[]; unlisted: Job[] } {
	const listed = readListedJobs(db);
	const jobs: InventoryJob[] = [];
	const unlisted: Job[] = [];
	for (const job of readJobs(db)) {
		const settings = settingsOf(question.settings, job);
		const read = listed.has(job.id) ? readComparison(db, job.id, settings, question.zone) : null;
		if (read === null) unlisted.push(job);
		else jobs.push(shownJob(job, settings, read, question));
	}
	const order = ["failed", "warning", "unknown", "ok", "not_set_up"];
	jobs.sort((a, b) => order.indexOf(a.rung.state) - order.indexOf(b.rung.state));
	return { jobs, unlisted };
}

function shownJob(
	job: Job,
	settings: JobSettings | null,
	{ comparison, period }: InventoryRead,
	{ zone, units, now }: Question,
): InventoryJob {
	const telling: Telling = { now, zone, units };
	const { counts, unreported, listing, latest, newestCopy } = comparison;
	const missing = missingOf(comparison);
	const missingCount = counts.absent + counts.unconfirmed + counts.size_differs;
	const rpo = settings?.rpo ?? null;
	const copyAt = newestCopy?.at ?? null;
	return {
		job: { slug: job.slug, name: job.name, host: job.host },
		title: settings?.title ?? null,
		rung: presentRung(comparison, settings, period, telling),
		loss: lossSentence(comparison, telling),
		copyAt,
		target: rpo === null ? null : { seconds: rpo, isKept: copyAt !== null && now - copyAt <= rpo * 1000 },
		reported: Object.values(counts).reduce((sum, count) => sum + count, 0),
		there: comparison.there,
		present: counts.present + counts.size_differs,
		missing: missing.slice(0, shownMissing).map((found) => ({
			sentence: reasonOf(found, comparison, telling),
			isSure: found.verdict === "absent",
			runId: found.run.id,
		})),
		moreMissing: Math.max(0, missingCount - shownMissing),
		unreported: unreported.slice(0, shownUnreported).map(
			(snapshot): ShownSnapshot => ({
				name: shortName(snapshot),
				at: snapshot.at,
				size: snapshot.size,
				about: [snapshot.host ?? "", snapshot.about].filter(Boolean).join(" "),
			}),
		),
		moreUnreported: Math.max(0, comparison.unreportedCount - shownUnreported),
		others: comparison.others,
		forgotten: counts.forgotten,
		isMirror: comparison.isMirror,
		promise: comparison.promise,
		timeline: timelineOf(comparison, zone, now, shownDays),
		latest,
		listing,
		trouble: troubleOf(comparison, telling),
	};
}

function missingOf({ verdicts }: Comparison): RunVerdict[] {
	const found = verdicts.filter(({ verdict }) => ["absent", "unconfirmed", "size_differs"].includes(verdict));
	const rank = (verdict: RunVerdict["verdict"]) => (verdict === "absent" ? 0 : verdict === "unconfirmed" ? 1 : 2);
	return found.sort((a, b) => rank(a.verdict) - rank(b.verdict));
}

export type InventoryReading = {
	job: Job;
	/** Entries of the newest good listing. */
	snapshots: number | null;
	newestCopyAt: number | null;
	absent: number;
	/** The newest good listing. */
	listedAt: number | null;
	/** Seconds that the newest copy may be old; null: no target is set. */
	target: number | null;
};

/** For the metrics: every job that was ever listed. */
export function readInventoryReadings(db: Database, settings: Settings, zone: string): InventoryReading[] {
	const listed = readListedJobs(db);
	if (listed.size === 0) return [];
	return readJobs(db).flatMap((job) => {
		const wanted = settingsOf(settings, job);
		const read = listed.has(job.id) ? readComparison(db, job.id, wanted, zone) : null;
		if (read === null) return [];
		const { listing, newestCopy, counts } = read.comparison;
		return [
			{
				job,
				snapshots: listing?.entries ?? null,
				newestCopyAt: newestCopy?.at ?? null,
				absent: counts.absent,
				listedAt: listing?.at ?? null,
				target: wanted?.rpo ?? null,
			},
		];
	});
}
