// The reader of each format of listings.
import type { ListingFormat } from "../../inventory.ts";
import { openBorg } from "./borg.ts";
import { openFind } from "./find.ts";
import { openJsonl } from "./jsonl.ts";
import { openKopia } from "./kopia.ts";
import { openRclone } from "./rclone.ts";
import type { OpenReader } from "./reader.ts";
import { openRestic } from "./restic.ts";
import { openS3 } from "./s3.ts";

export const listingReaders: Record<ListingFormat, OpenReader> = {
	restic: openRestic,
	borg: openBorg,
	rclone: openRclone,
	kopia: openKopia,
	s3: openS3,
	find: openFind,
	jsonl: openJsonl,
};

export function listingFormatOf(word: string): ListingFormat | null {
	return Object.keys(listingReaders).find((name): name is ListingFormat => name === word.toLowerCase()) ?? null;
}
