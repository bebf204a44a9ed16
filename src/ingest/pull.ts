// Listings that the monitor makes itself, on a schedule: whose turn it is, one at a time, and when to look again.
import type { Database } from "bun:sqlite";
import { messageOf } from "../errors.ts";
import type { ListingFormat, ListingSource } from "../inventory.ts";
import type { Job } from "../job.ts";
import { logGrouped } from "../log.ts";
import { type InventorySettings, isPulled, type JobSettings, type Settings, settingsOf } from "../settings.ts";
import { readDecision } from "../store/decisions.ts";
import { readLatestListing } from "../store/inventory.ts";
import { readComparison } from "../store/inventory-look.ts";
import { readJobs } from "../store/jobs.ts";
import { readMeta, writeMeta } from "../store/meta.ts";
import { listingFormatOf } from "../tools/listings/registry.ts";
import { type Keep, takeListing } from "./inventory.ts";
import { failedListing, type ReadListing } from "./listing.ts";
import { pullCommand } from "./pull-command.ts";
import { pullFolder } from "./pull-folder.ts";
import { pullS3 } from "./pull-s3.ts";

export type PullOptions = {
	keep: Keep;
	settings: () => Settings;
	zone: string;
	clock: () => number;
	env: Record<string, string | undefined>;
	/** How long one may take. */
	timeoutMs?: number;
};

const minuteMs = 60_000;
const usualTimeoutMs = 10 * minuteMs;
/** After a failure, and where the next listing decides whether something is gone. */
const againMs = 15 * minuteMs;
const mountsKey = "inventory-mounts";

type Turn = { job: Job; settings: JobSettings; inventory: InventorySettings };

export class Puller {
	readonly #options: PullOptions;
	readonly #stop = new AbortController();
	/** When a job's turn comes, by id. */
	readonly #dueAt = new Map<number, number>();
	#running: Promise<void> | null = null;
	#lookedAt = Number.NEGATIVE_INFINITY;

	constructor(options: PullOptions) {
		this.#options = options;
	}

	/** Begins with whoever's turn it is, where nobody's runs. True when a pull was begun. */
	look(db: Database, now: number): boolean {
		if (this.#running !== null || this.#stop.signal.aborted) return false;
		// The clock was set back: what is planned by the old one would wait for it.
		if (now < this.#lookedAt - minuteMs) this.#dueAt.clear();
		this.#lookedAt = now;
		const next = this.#next(db, now);
		if (next === null) return false;
		this.#running = this.#pull(db, next)
			.catch((error) =>
				logGrouped(`pull ${next.job.slug}`, `cannot store the listing of ${next.job.slug}: ${messageOf(error)}`),
			)
			.finally(() => {
				this.#running = null;
			});
		return true;
	}

	/** Resolves when nothing is being pulled. */
	async settled(): Promise<void> {
		await this.#running;
	}

	async stop(): Promise<void> {
		this.#stop.abort();
		await this.#running;
	}

	/** Everything may be due at another time: the configuration has changed. */
	forget(): void {
		this.#dueAt.clear();
	}

	#next(db: Database, now: number): Turn | null {
		const settings = this.#options.settings();
		// Most have none: then no job is read.
		if (!settings.jobs.some(({ inventory }) => isPulled(inventory))) return null;
		for (const job of readJobs(db)) {
			const known = this.#dueAt.get(job.id);
			if (known !== undefined && known > now) continue;
			const said = settingsOf(settings, job);
			const inventory = said?.inventory ?? null;
			if (said === null || inventory === null || !isPulled(inventory)) continue;
			const dueAt = known ?? Math.min(this.#firstDue(db, job, inventory), now + inventory.every * 1000);
			this.#dueAt.set(job.id, dueAt);
			if (dueAt <= now && readDecision(db, job.id).archivedAt === null) return { job, settings: said, inventory };
		}
		return null;
	}

	/** A restart does not list everything again. */
	#firstDue(db: Database, { id }: Job, { every }: InventorySettings): number {
		const last = readLatestListing(db, id);
		if (last === null || !["command", "folder", "s3"].includes(last.source)) return 0;
		return last.at + (last.outcome === "ok" ? every * 1000 : Math.min(every * 1000, againMs));
	}

	async #pull(db: Database, { job, settings, inventory }: Turn): Promise<void> {
		const { clock, keep } = this.#options;
		const every = inventory.every * 1000;
		// Also when it cannot be stored: a second's pause is none.
		this.#dueAt.set(job.id, clock() + Math.min(every, minuteMs));
		const began = clock();
		const { source, format, listing } = await this.#list(db, inventory);
		// What was cut off because we stop says nothing of the remote.
		if (this.#stop.signal.aborted) return;
		// What is backed up while it is made may not be in it: it tells of the moment at which it began.
		await takeListing(keep, { job, at: began, format, source }, listing);
		const isDoubtful =
			listing.outcome !== "ok" ||
			(readComparison(db, job.id, settings, this.#options.zone)?.comparison.counts.unconfirmed ?? 0) > 0;
		this.#dueAt.set(job.id, clock() + (isDoubtful ? Math.min(every, againMs) : every));
	}

	async #list(
		db: Database,
		{ command, dir, s3, from }: InventorySettings,
	): Promise<{ source: ListingSource; format: ListingFormat; listing: ReadListing }> {
		const { zone, env, timeoutMs = usualTimeoutMs } = this.#options;
		const limits = { timeoutMs, signal: this.#stop.signal };
		const format = listingFormatOf(from) ?? "jsonl";
		if (command !== null) {
			return { source: "command", format, listing: await pullCommand(command, format, zone, env, limits) };
		}
		if (s3 !== null) return { source: "s3", format: "s3", listing: await pullS3(s3, env, limits) };
		if (dir === null) return { source: "folder", format, listing: failedListing("Nothing says what to list.") };
		const mounts = readMeta<Record<string, true>>(db, mountsKey) ?? {};
		const { listing, isMounted } = await pullFolder(dir, mounts[dir] === true, limits);
		if (isMounted === true && mounts[dir] !== true && listing.outcome === "ok") {
			writeMeta(db, mountsKey, { ...mounts, [dir]: true });
		}
		return { source: "folder", format: "find", listing };
	}
}
