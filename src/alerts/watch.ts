// The watch: once a second it looks whether something was stored or a moment has come, and judges the jobs concerned.
import type { Database } from "bun:sqlite";
import type { Alert, AlertEventName, Finding } from "../alert.ts";
import { codeOf, messageOf } from "../errors.ts";
import type { Job } from "../job.ts";
import type { Outage } from "../judge.ts";
import { logGrouped } from "../log.ts";
import { longestPutOff } from "../outbox.ts";
import { type JobSettings, settingsOf } from "../settings.ts";
import { bringAlertsBack, deleteResolvedBefore, readAlert } from "../store/alerts.ts";
import { transaction } from "../store/database.ts";
import { bringDueBack, deleteDeliveriesBefore, readUntold } from "../store/deliveries.ts";
import { noteAwaited } from "../store/inventory-awaited.ts";
import { readJobById, readJobs } from "../store/jobs.ts";
import { readMeta, writeMeta } from "../store/meta.ts";
import { replayableTransaction } from "../store/replayable.ts";
import { clearUnjudged, deleteWatched, readDueChecks, readNextCheck, readUnjudged } from "../store/watched.ts";
import type { Units } from "../units.ts";
import { type Audience, announce } from "./announce.ts";
import { declareJobs } from "./declared-jobs.ts";
import { type Looked, lookAt } from "./look.ts";
import { applyOwnFindings } from "./own-findings.ts";
import { nextReminder, remindDue } from "./reminders.ts";
import { groupSilent, type Said } from "./silent-hosts.ts";

/** Jobs judged in one transaction: answers are due between two. */
const portion = 50;
const dayMs = 86_400_000;
/** The database is asked this often although nobody said that there is something new. */
const unaskedMs = 600_000;
/** A job that could not be judged is tried again. */
const retryMs = 60_000;
const gone: Looked = { changed: false, isPostponed: false };
const idle: WatchLook = { changed: false, more: false };

export type WatchOptions = {
	zone: string;
	units: Units;
	/** Days for which resolved alerts and sent messages are kept. */
	retentionDays: number;
	/** The configuration file's words and all channels there are. */
	audience: () => Pick<Audience, "channels" | "settings">;
	/** Spans in which the monitor was off, newest last. */
	outages: () => readonly Outage[];
	/** What is wrong with the monitor itself and is worth a message. */
	ownFindings: (db: Database, now: number) => Finding[];
};

/** `changed`: something that a page shows. `more`: there is more to judge at once. */
export type WatchLook = { changed: boolean; more: boolean };

export class Watch {
	readonly #options: WatchOptions;
	/** Jobs still to be judged because of a start or a new configuration; null: they are to be listed. */
	#all: number[] | null = null;
	#isHistory = false;
	#isAwake = true;
	/** Nothing is to be done before, unless somebody wakes it. */
	#quietUntil = Number.NEGATIVE_INFINITY;
	#nextCheck: number | null = null;
	#nextReminder: number | null = null;
	#lastTick = Number.NEGATIVE_INFINITY;
	#own = "";
	#prunedAt = Number.NEGATIVE_INFINITY;
	/** Jobs of which no verdict could be found, with the reason: by id. */
	readonly unjudgeable = new Map<number, { name: string; reason: string }>();
	#retryAt = Number.POSITIVE_INFINITY;
	/** Counts the deliveries written: whoever sends them need not ask the database when there are none. */
	announced = 0;

	constructor(options: WatchOptions) {
		this.#options = options;
	}

	/** Everything is to be judged anew: another database, another configuration. */
	restart(): void {
		this.#all = null;
		this.unjudgeable.clear();
		this.#isAwake = true;
	}

	/** Something was stored or decided: the next look asks the database. */
	wake(): void {
		this.#isAwake = true;
	}

	/** One look. Throws what SQLite throws; then nothing has changed. */
	tick(db: Database, now: number): WatchLook {
		// Nearly every look of a year ends here, without a question to the database.
		if (!this.#isAwake && this.#all?.length === 0 && now < this.#quietUntil && now >= this.#lastTick) {
			this.#lastTick = now;
			return idle;
		}
		const look = this.#look(db, now);
		// Whatever wrote without a word is found a little later.
		this.#quietUntil = Math.min(this.nextAt ?? Number.POSITIVE_INFINITY, now + unaskedMs, this.#retryAt);
		this.#isAwake = look.more;
		return look;
	}

	#look(db: Database, now: number): WatchLook {
		// What was judged on a clock that was ahead is judged anew.
		if (now < this.#lastTick - 60_000) this.#all = null;
		if (this.#all === null) this.#begin(db, now);
		const unjudged = readUnjudged(db, portion * 4);
		// A clock that went back makes moments come again; they are looked at, and nothing has changed in them.
		const isDue = this.#nextCheck !== null && now >= this.#nextCheck;
		const due = isDue ? readDueChecks(db, now, portion) : [];
		const rest = this.#all?.slice(0, portion) ?? [];
		const again = now >= this.#retryAt ? [...this.unjudgeable.keys()] : [];
		const jobIds = [...new Set([...unjudged.keys(), ...due, ...rest, ...again])];
		let changed = false;
		if (jobIds.length > 0) changed = this.#judge(db, jobIds, unjudged, now);
		// Not before: a database that was locked has judged none of them.
		this.#all?.splice(0, rest.length);
		this.#retryAt = this.unjudgeable.size === 0 ? Number.POSITIVE_INFINITY : now + retryMs;
		if (this.#isHistory && this.#all?.length === 0) this.#endHistory(db, now);
		changed = this.#lookAtItself(db, now) || changed;
		if (this.#nextReminder !== null && now >= this.#nextReminder) changed = this.#remind(db, now) || changed;
		if (changed || isDue || now < this.#lastTick) this.#plan(db, now);
		this.#lastTick = now;
		this.#prune(db, now);
		return { changed, more: (this.#all?.length ?? 0) > 0 || unjudged.size >= portion || due.length === portion };
	}

	/** The next instant at which something is due although nothing is reported; null: never. */
	get nextAt(): number | null {
		const at = Math.min(this.#nextCheck ?? Number.POSITIVE_INFINITY, this.#nextReminder ?? Number.POSITIVE_INFINITY);
		return at === Number.POSITIVE_INFINITY ? null : at;
	}

	#begin(db: Database, now: number): void {
		const { settings } = this.#options.audience();
		declareJobs(db, settings, now);
		noteAwaited(db, settings, now);
		this.#all = readJobs(db).map(({ id }) => id);
		this.#forgetFuture(db, now);
		// What a new database is filled with was there before: it is shown, and nobody is told.
		this.#isHistory = readMeta<number>(db, "watched") === null;
		this.#tellUntold(db, now);
		this.#plan(db, Number.NEGATIVE_INFINITY);
	}

	/** A clock that was ahead has left instants that nothing would be told or reminded of for years. */
	#forgetFuture(db: Database, now: number): void {
		transaction(db, () => {
			bringAlertsBack(db, now);
			this.announced += bringDueBack(db, now + longestPutOff, now);
		});
	}

	/** A channel was taken away with messages waiting for it: whoever is there now is told in its place. */
	#tellUntold(db: Database, now: number): void {
		const audience = this.#audience();
		const untold = readUntold(
			db,
			audience.channels.map(({ name }) => name),
		);
		if (untold.length === 0 || audience.channels.length === 0) return;
		transaction(db, () => {
			for (const alertId of untold) this.#say(db, readAlert(db, alertId), "opened", audience, now);
		});
	}

	#endHistory(db: Database, now: number): void {
		this.#isHistory = false;
		transaction(db, () => writeMeta(db, "watched", now));
	}

	#judge(db: Database, jobIds: number[], unjudged: Map<number, number[]>, now: number): boolean {
		const said: Said[] = [];
		const audience = this.#audience();
		// All of it follows from runs that stand in a journal: what a power cut undoes is judged again, and told once more at most.
		return replayableTransaction(db, () => {
			let changed = false;
			for (const jobId of jobIds) {
				const fresh = unjudged.get(jobId) ?? [];
				const job = readJobById(db, jobId);
				const look = job === null ? this.#forget(jobId) : this.#lookAt(db, job, fresh, audience, said, now);
				changed = look.changed || changed;
				if (!look.isPostponed) clearUnjudged(db, jobId, fresh);
			}
			const grouped = groupSilent(db, audience, now);
			for (const { alertId, event } of [...said, ...grouped])
				this.#say(db, readAlert(db, alertId), event, audience, now);
			return changed || said.length > 0 || grouped.length > 0;
		});
	}

	/** One job that cannot be judged does not stop the others. */
	#lookAt(db: Database, job: Job, fresh: number[], audience: Audience, said: Said[], now: number): Looked {
		try {
			const look = lookAt(
				db,
				job,
				fresh,
				{
					settings: audience.settingsOf(job),
					zone: audience.zone,
					units: this.#options.units,
					outages: this.#options.outages(),
					isHistory: this.#isHistory,
					announce: (alert, event) => said.push({ alertId: alert.id, event }),
				},
				now,
			);
			this.unjudgeable.delete(job.id);
			return look;
		} catch (error) {
			if (codeOf(error).startsWith("SQLITE")) throw error;
			const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
			logGrouped(`judge ${job.id}`, `internal error: job ${job.slug} cannot be judged: ${what}`, now);
			this.unjudgeable.set(job.id, { name: job.name, reason: messageOf(error) });
			// What its newest run was is known all the same; what was found before would go on being shown.
			deleteWatched(db, job.id);
			return { changed: true, isPostponed: false };
		}
	}

	#forget(jobId: number): Looked {
		this.unjudgeable.delete(jobId);
		return gone;
	}

	/** Alerts about the monitor itself: rejected input, refused reports, channels that do not work. */
	#lookAtItself(db: Database, now: number): boolean {
		const findings = this.#options.ownFindings(db, now);
		const key = JSON.stringify(findings);
		if (key === this.#own) return false;
		const audience = this.#audience();
		transaction(db, () => {
			for (const { alertId, event } of applyOwnFindings(db, findings, now))
				this.#say(db, readAlert(db, alertId), event, audience, now);
		});
		this.#own = key;
		return true;
	}

	#remind(db: Database, now: number): boolean {
		const audience = this.#audience();
		return transaction(db, () => {
			const due = remindDue(db, now);
			for (const alert of due) this.#say(db, alert, "reminder", audience, now);
			return due.length > 0;
		});
	}

	#say(db: Database, alert: Alert | null, event: AlertEventName, audience: Audience, now: number): void {
		if (alert !== null) this.announced += announce(db, alert, event, audience, now);
	}

	#plan(db: Database, now: number): void {
		this.#nextCheck = readNextCheck(db);
		this.#nextReminder = nextReminder(db, now);
	}

	/** Once a day, and only when something has ended: an idle monitor writes nothing. */
	#prune(db: Database, now: number): void {
		if (now - this.#prunedAt < dayMs && now >= this.#prunedAt) return;
		this.#prunedAt = now;
		const before = now - this.#options.retentionDays * dayMs;
		transaction(db, () => {
			deleteDeliveriesBefore(db, before);
			deleteResolvedBefore(db, before);
		});
	}

	#audience(): Audience {
		const { settings, channels } = this.#options.audience();
		const known = new Map<number, JobSettings | null>();
		const ofJob = (job: Job) => {
			let found = known.get(job.id);
			if (found === undefined) {
				found = settingsOf(settings, job);
				known.set(job.id, found);
			}
			return found;
		};
		return { settings, channels, zone: this.#options.zone, settingsOf: ofJob };
	}
}
