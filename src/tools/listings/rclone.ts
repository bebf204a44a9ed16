// `rclone lsjson`: files of a remote. Folders are none, whatever size they are given.
import { parseTimestamp } from "../../time.ts";
import { JsonElements } from "./json-elements.ts";
import { broken, idOf, type ListingReader, sizeOrNull, type Take } from "./reader.ts";
import { noEntry } from "./whose.ts";

export function openRclone(take: Take, zone: string): ListingReader {
	let bad: string | null = null;
	const elements = new JsonElements("rclone", [], (object) => {
		if (typeof object.Path !== "string" || object.Path === "") {
			bad ??= noEntry(object);
			return;
		}
		if (object.IsDir === true) return;
		take({
			id: idOf(object.Path),
			name: null,
			at: parseTimestamp(object.ModTime, zone),
			size: sizeOrNull(object.Size),
			host: null,
			about: "",
		});
	});
	return { push: (text) => elements.push(text), end: () => (bad === null ? elements.end() : broken(bad, false)) };
}
