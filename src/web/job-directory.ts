// Jobs by the addresses that reports name them with. Remembered, so that a busy database does not make a job a stranger.
import type { Job } from "../job.ts";
import { type Alias, readAliases } from "../store/aliases.ts";
import { readJobs } from "../store/jobs.ts";
import type { AppOptions } from "./app.ts";
import type { Tokens } from "./tokens.ts";

export class JobDirectory {
	readonly #options: Pick<AppOptions, "monitor" | "entry">;
	#revision = -1;
	#known = "";
	/** What the addresses were derived with: another key makes others of the same jobs. */
	#tokens: Tokens | null = null;
	#bySlug = new Map<string, Job>();
	#byName = new Map<string, Job>();
	#byUuid = new Map<string, Job>();
	#byKuma = new Map<string, Job>();
	#slugs = new Map<string, string>();
	/** By the job's own slug: its slugs and names, those of before with them. */
	#addresses = new Map<string, string[]>();

	constructor(options: Pick<AppOptions, "monitor" | "entry">) {
		this.#options = options;
	}

	bySlug(slug: string): Job | null {
		this.#refresh();
		return this.#bySlug.get(slug) ?? null;
	}

	/** Whether an address that leads to no job here leads to none at all: not so while jobs or key were never read. */
	get knowsAddresses(): boolean {
		this.#refresh();
		return this.#tokens !== null && this.#options.entry.tokens.trouble === null;
	}

	/** By slug, else by name (the oldest where several hosts share it). */
	find(address: string): Job | null {
		return this.bySlug(address) ?? this.#byName.get(address) ?? null;
	}

	byUuid(uuid: string): Job | null {
		this.#refresh();
		return this.#byUuid.get(uuid) ?? null;
	}

	byKumaToken(token: string): Job | null {
		this.#refresh();
		return this.#byKuma.get(token) ?? null;
	}

	/** Whether a report of this job would make it. One that was there once is no stranger: nearly every report is of such. */
	isNew({ name, host }: Pick<Job, "name" | "host">): boolean {
		const key = `${name}\n${host}`;
		if (this.#slugs.has(key)) return false;
		this.#refresh();
		return !this.#slugs.has(key);
	}

	/** The slug of a job; its name where there is none yet. */
	slugOf({ name, host }: Pick<Job, "name" | "host">): string {
		this.#refresh();
		return this.#slugs.get(`${name}\n${host}`) ?? name;
	}

	/** All that leads to a job, as a report names it: a token for one job may have been given under any of its names. */
	addressesOf({ name, host }: Pick<Job, "name" | "host">): readonly string[] {
		this.#refresh();
		const slug = this.#slugs.get(`${name}\n${host}`);
		return [name, ...(slug === undefined ? [] : (this.#addresses.get(slug) ?? [slug]))];
	}

	#refresh(): void {
		const { monitor, entry } = this.#options;
		const { tokens } = entry;
		if (monitor.db === null || (this.#revision === monitor.revision && this.#tokens === tokens)) return;
		let jobs: Job[];
		let former: Alias[];
		try {
			jobs = readJobs(monitor.db);
			former = readAliases(monitor.db);
		} catch {
			return;
		}
		this.#revision = monitor.revision;
		// Every report moves the revision on, and a digest for each of a thousand jobs is not for free.
		const known = JSON.stringify([jobs, former]);
		if (known === this.#known && this.#tokens === tokens) return;
		this.#known = known;
		this.#tokens = tokens;
		const slugs = new Map(jobs.map(({ id, slug }) => [id, slug]));
		// Under its former names a job goes on to be reported: scripts, addresses and tokens keep them.
		const old = former.map(({ jobId, ...alias }): Job => ({ ...alias, id: jobId, createdAt: 0 }));
		const named = [...old, ...jobs];
		this.#bySlug = new Map(named.map((job) => [job.slug, job]));
		this.#byName = new Map([...old, ...jobs.toSorted((a, b) => b.id - a.id)].map((job) => [job.name, job]));
		this.#byUuid = new Map(named.map((job) => [tokens.uuidOf(job), job]));
		this.#byKuma = new Map(named.map((job) => [tokens.kumaTokenOf(job), job]));
		const leading = Map.groupBy(named, ({ id, slug }) => slugs.get(id) ?? slug);
		this.#addresses = new Map(
			[...leading].map(([slug, all]) => [slug, all.flatMap((one) => [one.name, one.slug])] as const),
		);
		this.#slugs = new Map(named.map(({ name, host, id, slug }) => [`${name}\n${host}`, slugs.get(id) ?? slug]));
	}
}
