// The running part of inventories: once a second it takes what was put into the data folder, and pulls what is due.
import type { Database } from "bun:sqlite";
import { codeOf, messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import type { Problem } from "../overview.ts";
import { makeDropFolder, takeHanded } from "./handed-listings.ts";
import type { Keep } from "./inventory.ts";
import { Puller, type PullOptions } from "./pull.ts";

export type InventoriesOptions = PullOptions & {
	dataDir: string;
	/** The open, writable database once everything that came meanwhile is read; else null. */
	db: () => Database | null;
};

const tickMs = 1000;

export class Inventories {
	readonly keep: Keep;
	readonly #options: InventoriesOptions;
	readonly #puller: Puller;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#look: Promise<void> | null = null;
	#isStopped = false;
	#trouble: { path: string; reason: string } | null = null;

	constructor(options: InventoriesOptions) {
		this.#options = options;
		this.keep = options.keep;
		this.#puller = new Puller(options);
	}

	/** Looks once a second until it is stopped. */
	start(): void {
		try {
			makeDropFolder(this.#options.dataDir);
		} catch {
			// A folder that cannot be written is the monitor's to tell.
		}
		this.#schedule();
	}

	/** What cannot be taken, for the page. */
	problems(): Problem[] {
		if (this.#trouble === null) return [];
		const { path, reason } = this.#trouble;
		return [
			{
				id: "inventory-file",
				severity: "warning",
				title: `A listing cannot be taken: ${reason}`,
				detail: `It lies in ${path}. A dropped file is named after its job's address and its format, such as photos.restic.`,
			},
		];
	}

	/** One look: what was handed over, then whatever is due. Resolves when that was begun; `settled` waits for it. */
	async tick(): Promise<void> {
		const db = this.#options.db();
		if (db === null) return;
		const { taken, trouble } = await takeHanded(db, this.#options);
		this.#trouble = trouble;
		if (trouble !== null)
			logGrouped(`listing ${trouble.path}`, `cannot take the listing ${trouble.path}: ${trouble.reason}`);
		// Waiting has let others in: the database may have been set aside meanwhile.
		if (taken === 0 || this.#options.db() === db) this.#puller.look(db, this.#options.clock());
	}

	/** Resolves when nothing is being pulled. */
	settled(): Promise<void> {
		return this.#puller.settled();
	}

	/** The configuration has changed: what is due is worked out anew. */
	reload(): void {
		this.#puller.forget();
	}

	async stop(): Promise<void> {
		this.#isStopped = true;
		if (this.#timer !== null) clearTimeout(this.#timer);
		await this.#look;
		await this.#puller.stop();
	}

	#schedule(): void {
		if (this.#isStopped) return;
		this.#timer = setTimeout(() => {
			this.#look = this.tick()
				.catch((error) => {
					// A locked or full database: looked at again in a second. What nobody thought of must not end the looking.
					const isStore =
						codeOf(error).startsWith("SQLITE") || codeOf(error) === "unavailable" || codeOf(error) === "full";
					const what = isStore || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
					logGrouped("inventories", `${isStore ? "cannot store a listing" : "internal error"}: ${what}`);
				})
				.finally(() => this.#schedule());
		}, tickMs);
	}
}
