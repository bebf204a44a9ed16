// What the journal keeps of a listing: that it was made and what it counted. Its entries are told by the next one.
import { type Listing, listingOutcomes, listingSources } from "./inventory.ts";
import { inventoryFormats } from "./settings-jobs.ts";

export type ListingDigest = { job: string; host: string; listing: Omit<Listing, "id" | "isCompared"> };

/** A line of the journal read back; null when it is none that this version knows. */
export function parseListingDigest(value: unknown): ListingDigest | null {
	const line = objectOf(value);
	const listing = objectOf(line?.listing);
	if (line === null || listing === null) return null;
	const { job, host } = line;
	if (typeof job !== "string" || typeof host !== "string") return null;
	const format = inventoryFormats.find((word) => word === listing.format);
	const source = listingSources.find((word) => word === listing.source);
	const outcome = listingOutcomes.find((word) => word === listing.outcome);
	const { at, entries, bytes, newestAt, reason } = listing;
	if (format === undefined || source === undefined || outcome === undefined) return null;
	if (typeof at !== "number" || typeof entries !== "number") return null;
	return {
		job,
		host,
		listing: {
			at,
			format,
			source,
			outcome,
			entries,
			bytes: typeof bytes === "number" ? bytes : null,
			newestAt: typeof newestAt === "number" ? newestAt : null,
			reason: typeof reason === "string" ? reason : null,
		},
	};
}

function objectOf(value: unknown): Record<string, unknown> | null {
	return typeof value === "object" && value !== null && !Array.isArray(value)
		? (value as Record<string, unknown>)
		: null;
}
