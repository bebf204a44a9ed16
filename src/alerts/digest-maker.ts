// Puts the digest into the outbox when its time has come; the time of the next one is kept in the database.
import type { Database } from "bun:sqlite";
import { type Digest, digestFrom, digestJob, nextDigestAt } from "../digest.ts";
import { type ChannelSettings, type DigestTime, type Settings, settingsOf } from "../settings.ts";
import { readOpenAlerts } from "../store/alerts.ts";
import { transaction } from "../store/database.ts";
import { countUndelivered, insertDelivery } from "../store/deliveries.ts";
import { readJobById, readJobs } from "../store/jobs.ts";
import { deleteMeta, readMeta, writeMeta } from "../store/meta.ts";
import { readFinished } from "../store/runs.ts";
import { readNewestGood } from "../store/standings.ts";
import { readWatchedJob } from "../store/watched.ts";

/** `time` says which setting it was planned by: another one is planned anew. */
type Planned = { time: string; at: number };

const runsRead = 100;
const longestMs = 8 * 86_400_000;

export class DigestMaker {
	readonly #zone: string;
	#planned: Planned | null = null;
	#db: Database | null = null;

	constructor(zone: string) {
		this.#zone = zone;
	}

	/** True when a digest was put into the outbox. One that fell into a time when the monitor was off comes late, once. */
	tick(db: Database, settings: Settings, channels: readonly ChannelSettings[], now: number): boolean {
		const { digest } = settings;
		if (db !== this.#db) {
			this.#db = db;
			this.#planned = readMeta<Planned>(db, "digest");
		}
		if (digest === null) {
			if (this.#planned !== null) transaction(db, () => deleteMeta(db, "digest"));
			this.#planned = null;
			return false;
		}
		const time = JSON.stringify(digest);
		// A week and the change of the clocks lie between two; more only after the clock was set back.
		if (this.#planned?.time !== time || this.#planned.at - now > longestMs) {
			this.#plan(db, digest, now);
			return false;
		}
		if (now < this.#planned.at) return false;
		const to = this.#planned.at;
		const body = JSON.stringify(readDigest(db, settings, digestFrom(digest, to, this.#zone), to));
		transaction(db, () => {
			// A channel that is only told of some jobs is not told of all of them.
			for (const { name } of channels.filter(isForAll)) {
				insertDelivery(db, {
					channel: name,
					alertId: null,
					event: "digest",
					body,
					severity: "info",
					createdAt: now,
					dueAt: now,
					isHeld: false,
				});
			}
			this.#keep(db, digest, now);
		});
		return true;
	}

	#plan(db: Database, digest: DigestTime, now: number): void {
		transaction(db, () => this.#keep(db, digest, now));
	}

	#keep(db: Database, digest: DigestTime, now: number): void {
		this.#planned = { time: JSON.stringify(digest), at: nextDigestAt(digest, now, this.#zone) };
		writeMeta(db, "digest", this.#planned);
	}
}

function isForAll({ jobs, labels }: ChannelSettings): boolean {
	return jobs.length === 0 && Object.keys(labels).length === 0;
}

/** What became of every job from one instant to another. */
function readDigest(db: Database, settings: Settings, from: number, to: number): Digest {
	const jobs = readJobs(db).map((job) => {
		const judgement = readWatchedJob(db, job.id)?.judgement;
		const good = readNewestGood(db, job.id);
		const facts = {
			name: settingsOf(settings, job)?.title ?? job.name,
			state: judgement?.state ?? "new",
			missed: judgement?.missed?.count ?? 0,
			lastGoodAt: good === null ? null : (good.endedAt ?? good.startedAt),
		};
		return digestJob(facts, readFinished(db, job.id, runsRead), from, to);
	});
	const openAlerts = readOpenAlerts(db)
		.filter(({ parentId }) => parentId === null)
		.map(({ jobId, sentence }) => {
			const job = jobId === 0 ? null : readJobById(db, jobId);
			return job === null ? sentence : `${settingsOf(settings, job)?.title ?? job.name}: ${sentence}`;
		});
	return { from, to, jobs, openAlerts, undelivered: countUndelivered(db, from) };
}
