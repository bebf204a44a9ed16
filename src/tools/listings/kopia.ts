// `kopia snapshot list --json`: snapshots of all sources; one that was broken off is none.
import { parseTimestamp } from "../../time.ts";
import { toObject } from "../text.ts";
import { JsonElements } from "./json-elements.ts";
import { aboutOf, broken, type ListingReader, sizeOrNull, type Take, textOrNull } from "./reader.ts";
import { noEntry } from "./whose.ts";

export function openKopia(take: Take, zone: string): ListingReader {
	let bad: string | null = null;
	const elements = new JsonElements("kopia", [], (object) => {
		const id = textOrNull(object.id);
		if (id === null) bad ??= noEntry(object);
		if (id === null || textOrNull(object.incomplete) !== null) return;
		const source = toObject(object.source);
		const summary = toObject(toObject(object.rootEntry)?.summ);
		const tags = Object.entries(toObject(object.tags) ?? {}).map(([key, value]) => `${key}=${String(value)}`);
		take({
			id,
			name: null,
			at: parseTimestamp(object.startTime, zone),
			size: sizeOrNull(summary?.size ?? toObject(object.stats)?.totalSize),
			host: textOrNull(source?.host),
			about: aboutOf([source?.path], tags),
		});
	});
	return { push: (text) => elements.push(text), end: () => (bad === null ? elements.end() : broken(bad, false)) };
}
