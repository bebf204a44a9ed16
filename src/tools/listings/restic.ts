// `restic snapshots --json`, with and without --group-by.
import { parseTimestamp } from "../../time.ts";
import { toObject } from "../text.ts";
import { JsonElements } from "./json-elements.ts";
import { aboutOf, broken, type ListingReader, sizeOrNull, type Take, textOrNull } from "./reader.ts";
import { noEntry } from "./whose.ts";

export function openRestic(take: Take, zone: string): ListingReader {
	let said: string | null = null;
	const elements = new JsonElements("restic", ["snapshots"], (object) => {
		const id = textOrNull(object.id);
		if (id === null) {
			const message = textOrNull(object.message);
			if (message !== null) said ??= `is an error of restic: ${message.slice(0, 200)}`;
			else if (object.message_type === undefined) said ??= noEntry(object);
			return;
		}
		take({
			id,
			name: textOrNull(object.original),
			at: parseTimestamp(object.time, zone),
			size: sizeOrNull(toObject(object.summary)?.total_bytes_processed),
			host: textOrNull(object.hostname),
			about: aboutOf(object.paths, object.tags),
		});
	});
	return {
		push: (text) => elements.push(text),
		end: () => (said === null ? elements.end() : broken(said, false)),
	};
}
