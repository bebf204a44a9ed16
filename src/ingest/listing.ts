// Reads a listing as its bytes come by, and says at the end what it is worth: whole, empty, cut or no listing at all.
import type { ListingFormat, ListingOutcome, Snapshot } from "../inventory.ts";
import { ListedSnapshots } from "../listed-snapshots.ts";
import { mask } from "../secrets.ts";
import { listingReaders } from "../tools/listings/registry.ts";
import { visible } from "../visible.ts";

/** Largest listing that is read, and most entries that are kept of one. */
export const listingLimit = 64 * 1024 * 1024;
const mostEntries = 250_000;

const collectEvery = 4 * 1024 * 1024;

export type ReadListing = {
	outcome: ListingOutcome;
	/** Why it says nothing, as a sentence; null where it is whole. */
	reason: string | null;
	/** What it shows; null where it says nothing. */
	listed: ListedSnapshots | null;
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
	const found = new FoundEntries();
	let length = 0;
	let isPacked = false;
	const reader = listingReaders[format]((snapshot) => found.take(snapshot), zone);
	return {
		push: (bytes) => {
			if (length === 0) isPacked = isCompressed(bytes);
			length += bytes.length;
			if (length <= listingLimit && !found.isFull && !isPacked) reader.push(decoder.decode(bytes, { stream: true }));
			// The text of a long listing is waste as soon as it is read, and there is much of it.
			if (Math.floor(length / collectEvery) > Math.floor((length - bytes.length) / collectEvery)) Bun.gc(true);
		},
		finish: (trouble = null) => {
			reader.push(decoder.decode());
			const end = reader.end();
			if (isPacked && trouble === null) return found.finish("failed", "The listing is compressed: unpack it first.");
			if (trouble !== null) return found.finish("failed", trouble);
			if (length > listingLimit) return found.finish("truncated", `The listing is over ${listingLimit} bytes.`);
			if (!end.isWhole && !found.isFull)
				return found.finish(end.wasBegun ? "truncated" : "failed", `The listing ${end.reason}.`);
			return found.finish();
		},
	};
}

/** gzip and zstd, by their first bytes. */
function isCompressed([a, b, c, d]: Uint8Array): boolean {
	return (a === 0x1f && b === 0x8b) || (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd);
}

/** A listing that could not be made at all. */
export function failedListing(reason: string): ReadListing {
	return new FoundEntries().finish("failed", reason);
}

/** The entries of a listing as they are found, and what they amount to. */
export class FoundEntries {
	readonly #listed = new ListedSnapshots();
	/** There are more than are kept: it says nothing then. */
	isFull = false;

	take(snapshot: Snapshot): void {
		if (this.#listed.count >= mostEntries && !this.#listed.has(snapshot.id)) this.isFull = true;
		else this.#listed.add(snapshot);
	}

	/** `outcome`: what it is worth where it is not whole, and why, as a sentence. */
	finish(outcome: ListingOutcome = "ok", reason: string | null = null): ReadListing {
		const { count: entries, bytes, newestAt } = this.#listed;
		if (outcome === "ok" && this.isFull) {
			return this.finish("truncated", `The listing has more than ${mostEntries} entries: list less of the remote.`);
		}
		if (outcome === "ok" && entries === 0) return this.finish("empty", "The listing is empty.");
		if (outcome === "ok") {
			const digest = this.#listed.digest();
			return { outcome, reason, listed: this.#listed, entries, bytes, newestAt, digest };
		}
		const shown = mask(visible(reason ?? "")).slice(0, 500);
		return { outcome, reason: shown, listed: null, entries, bytes: null, newestAt: null, digest: null };
	}
}
