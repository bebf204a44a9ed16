// Reads a listing as its bytes come by, and says at the end what it is worth: whole, empty, cut or no listing at all.
import type { ListingFormat, ListingOutcome, Snapshot } from "../inventory.ts";
import { visible } from "../report.ts";
import { mask } from "../secrets.ts";
import { listingReaders } from "../tools/listings/registry.ts";

/** Largest listing that is read, and most entries that are kept of one. */
export const listingLimit = 64 * 1024 * 1024;
export const mostEntries = 250_000;

const collectEvery = 4 * 1024 * 1024;

export type ReadListing = {
	outcome: ListingOutcome;
	/** Why it says nothing, as a sentence; null where it is whole. */
	reason: string | null;
	snapshots: Snapshot[];
	entries: number;
	bytes: number | null;
	newestAt: number | null;
	/** The same for the same entries in any order. */
	digest: string | null;
};

export type ListingSink = {
	push: (bytes: Uint8Array) => void;
	/** Ends it. `trouble`: why it says nothing although it may look whole (a command that failed, a connection that broke). */
	finish: (trouble?: string | null) => ReadListing;
};

/** `zone`: for times without an offset. */
export function openListing(format: ListingFormat, zone: string): ListingSink {
	const decoder = new TextDecoder();
	const found = new Found();
	let length = 0;
	const reader = listingReaders[format]((snapshot) => found.take(snapshot), zone);
	return {
		push: (bytes) => {
			length += bytes.length;
			if (length <= listingLimit && !found.isFull) reader.push(decoder.decode(bytes, { stream: true }));
			// The text of a long listing is waste as soon as it is read, and there is much of it.
			if (Math.floor(length / collectEvery) > Math.floor((length - bytes.length) / collectEvery)) Bun.gc(true);
		},
		finish: (trouble = null) => {
			reader.push(decoder.decode());
			const end = reader.end();
			if (trouble !== null) return found.worthless("failed", trouble);
			if (length > listingLimit) return found.worthless("truncated", `The listing is over ${listingLimit} bytes.`);
			if (found.isFull) {
				return found.worthless(
					"truncated",
					`The listing has more than ${mostEntries} entries: list less of the remote.`,
				);
			}
			if (!end.isWhole) return found.worthless(end.wasBegun ? "truncated" : "failed", `The listing ${end.reason}.`);
			return found.whole();
		},
	};
}

/** A listing that could not be made at all. */
export function failedListing(reason: string): ReadListing {
	return new Found().worthless("failed", reason);
}

/** A listing that is at hand as entries: of a bucket, a folder. */
export function listingOfEntries(snapshots: Iterable<Snapshot>): ReadListing {
	const found = new Found();
	for (const snapshot of snapshots) found.take(snapshot);
	if (!found.isFull) return found.whole();
	return found.worthless("truncated", `The listing has more than ${mostEntries} entries: list less of the remote.`);
}

class Found {
	readonly #byId = new Map<string, Snapshot>();
	isFull = false;

	take(snapshot: Snapshot): void {
		if (this.#byId.size >= mostEntries && !this.#byId.has(snapshot.id)) this.isFull = true;
		else this.#byId.set(snapshot.id, snapshot);
	}

	whole(): ReadListing {
		if (this.#byId.size === 0) return this.worthless("empty", "The listing is empty.");
		let bytes: number | null = null;
		let newestAt: number | null = null;
		let digest = 0n;
		for (const { id, name, at, size, host, about } of this.#byId.values()) {
			if (size !== null) bytes = (bytes ?? 0) + size;
			if (at !== null && at > (newestAt ?? 0)) newestAt = at;
			digest += Bun.hash.xxHash64(`${id}\0${name}\0${at}\0${size}\0${host}\0${about}`);
		}
		return {
			outcome: "ok",
			reason: null,
			snapshots: [...this.#byId.values()],
			entries: this.#byId.size,
			bytes,
			newestAt,
			digest: BigInt.asUintN(64, digest).toString(16),
		};
	}

	worthless(outcome: Exclude<ListingOutcome, "ok">, reason: string): ReadListing {
		const shown = mask(visible(reason)).slice(0, 500);
		const none = { snapshots: [], bytes: null, newestAt: null, digest: null };
		return { ...none, outcome, reason: shown, entries: this.#byId.size };
	}
}
