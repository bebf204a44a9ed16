// The running part of inventories: once a second it takes what was put into the data folder, and pulls what is due.
import type { Database } from "bun:sqlite";
import { codeOf, messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import type { Problem } from "../overview.ts";
import { isPulled } from "../settings.ts";
import { type HandedLook, makeDropFolder, waitingListings } from "./drop-folder.ts";
import type { Keep } from "./inventory.ts";
import type { Puller, PullOptions } from "./pull.ts";

export type InventoriesOptions = PullOptions & {
	dataDir: string;
	/** The open, writable database once everything that came meanwhile is read; else null. */
	db: () => Database | null;
};

const tickMs = 1000;

export class Inventories {
	readonly keep: Keep;
	readonly #options: InventoriesOptions;
	/** null: no listing was ever to be pulled. */
	#puller: Puller | null = null;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#look: Promise<void> | null = null;
	#isStopped = false;
	#trouble: { path: string; reason: string } | null = null;

	constructor(options: InventoriesOptions) {
		this.#options = options;
		this.keep = options.keep;
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
		const { trouble } = await this.#takeHanded(db);
		this.#trouble = trouble;
		if (trouble !== null)
			logGrouped(`listing ${trouble.path}`, `cannot take the listing ${trouble.path}: ${trouble.reason}`);
		await this.#openPuller();
		// Waiting has let others in: the database may have been set aside meanwhile.
		if (!this.#isStopped && this.#options.db() === db) this.#puller?.look(db, this.#options.clock());
	}

	/** How listings are taken and pulled is loaded with the first one: most have none. */
	async #takeHanded(db: Database): Promise<HandedLook> {
		const waiting = waitingListings(this.#options.dataDir);
		if (waiting.handed.length + waiting.dropped.length === 0) return { taken: 0, trouble: waiting.trouble };
		const { takeHanded } = await import("./handed-listings.ts");
		if (this.#options.db() !== db) return { taken: 0, trouble: waiting.trouble };
		return takeHanded(db, waiting, this.#options);
	}

	async #openPuller(): Promise<void> {
		if (this.#puller !== null || !this.#options.settings().jobs.some(({ inventory }) => isPulled(inventory))) return;
		const { Puller } = await import("./pull.ts");
		this.#puller ??= new Puller(this.#options);
	}

	/** Resolves when nothing is being pulled. */
	async settled(): Promise<void> {
		await this.#puller?.settled();
	}

	/** The configuration has changed: what is due is worked out anew. */
	reload(): void {
		this.#puller?.forget();
	}

	async stop(): Promise<void> {
		this.#isStopped = true;
		if (this.#timer !== null) clearTimeout(this.#timer);
		await this.#look;
		await this.#puller?.stop();
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
