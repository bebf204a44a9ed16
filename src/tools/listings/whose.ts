// Whose listing a text is that was named after another tool: taken for the wrong one it would look empty, or like snapshots
// that nobody reported.
import type { ListingFormat } from "../../inventory.ts";
import type { JsonObject } from "../text.ts";

/** What each tool's entry, or the object around its entries, has and no other's. */
const signs: [ListingFormat, (object: JsonObject) => boolean][] = [
	["borg", (object) => "archives" in object || ("archive" in object && "id" in object)],
	["restic", (object) => "snapshots" in object || ("tree" in object && "short_id" in object)],
	["kopia", (object) => "startTime" in object && "source" in object],
	["rclone", (object) => "Path" in object && "IsDir" in object],
	["s3", (object) => "Contents" in object || ("Key" in object && "LastModified" in object)],
];

/** Why an object is no entry of a tool, as the rest of a sentence; null: it may well be one. */
export function strangerIn(object: JsonObject, format: ListingFormat): string | null {
	const [other] = signs.find(([, isIts]) => isIts(object)) ?? [];
	// Lines of one's own may be made of anything.
	if (other === undefined || other === format || format === "jsonl") return null;
	return `looks like one of ${other}, not of ${format}: give it as from ${other}`;
}

/** An object that is no entry, as the rest of a sentence. */
export function noEntry(object: JsonObject): string {
	return `has something that is no entry: ${JSON.stringify(object).slice(0, 100)}`;
}
