// `rclone lsjson`: files of a remote. Folders are none, whatever size they are given.
import { parseTimestamp } from "../../time.ts";
import { JsonElements } from "./json-elements.ts";
import { idOf, type ListingReader, sizeOrNull, type Take } from "./reader.ts";

export function openRclone(take: Take, zone: string): ListingReader {
	const elements = new JsonElements([], (object) => {
		if (object.IsDir === true || typeof object.Path !== "string" || object.Path === "") return;
		take({
			id: idOf(object.Path),
			name: null,
			at: parseTimestamp(object.ModTime, zone),
			size: sizeOrNull(object.Size),
			host: null,
			about: "",
		});
	});
	return { push: (text) => elements.push(text), end: () => elements.end() };
}
