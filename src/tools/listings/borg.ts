// `borg list --json`, borg 2's `repo-list --json`, and borgmatic's list of both, one element a repository.
import { parseTimestamp } from "../../time.ts";
import { toObject } from "../text.ts";
import { JsonElements } from "./json-elements.ts";
import { aboutOf, broken, type ListingReader, sizeOrNull, type Take, textOrNull } from "./reader.ts";
import { noEntry } from "./whose.ts";

/** What a broken-off `borg create` leaves is no backup. */
const checkpoint = /\.checkpoint(?:\.\d+)?$/;

export function openBorg(take: Take, zone: string): ListingReader {
	let said: string | null = null;
	const elements = new JsonElements("borg", ["archives"], (object, isTop) => {
		const id = textOrNull(object.id);
		if (id === null || isTop) {
			const message = textOrNull(object.message);
			said ??= message === null ? noEntry(object) : `is an error of borg: ${message.slice(0, 200)}`;
			return;
		}
		const name = textOrNull(object.name) ?? textOrNull(object.archive);
		if (name !== null && checkpoint.test(name)) return;
		const tags = typeof object.tags === "string" ? object.tags.split(",").filter(Boolean) : object.tags;
		take({
			id,
			name,
			at: parseTimestamp(object.start ?? object.time, zone),
			size: sizeOrNull(toObject(object.stats)?.original_size),
			host: textOrNull(object.hostname),
			about: aboutOf([], tags),
		});
	});
	return {
		push: (text) => elements.push(text),
		end: () => (said === null ? elements.end() : broken(said, false)),
	};
}
