// Plain JSON lines (or an array) for whatever has no reader of its own: {"id": …, "time": …, "size": …}.
import { parseTimestamp } from "../../time.ts";
import { JsonElements } from "./json-elements.ts";
import { aboutOf, broken, idOf, type ListingReader, sizeOrNull, type Take, textOrNull } from "./reader.ts";

export function openJsonl(take: Take, zone: string): ListingReader {
	let bad: string | null = null;
	const elements = new JsonElements("jsonl", [], (object) => {
		const said = object.id ?? object.snapshot_id ?? object.name ?? object.path ?? object.key;
		const id = typeof said === "number" ? String(said) : textOrNull(said);
		if (id === null) {
			bad ??= JSON.stringify(object).slice(0, 100);
			return;
		}
		const time = object.time ?? object.timestamp ?? object.at ?? object.created_at ?? object.modified;
		const name = textOrNull(object.name);
		take({
			id: idOf(id),
			name: name === id ? null : name,
			at: parseTimestamp(time, zone),
			size: sizeOrNull(object.size ?? object.size_bytes ?? object.bytes),
			host: textOrNull(object.host) ?? textOrNull(object.hostname),
			about: aboutOf(object.paths, object.tags),
		});
	});
	return {
		push: (text) => elements.push(text),
		end: () => {
			const end = elements.end();
			return end.isWhole && bad !== null ? broken(`has an entry without an id: ${bad}`, true) : end;
		},
	};
}
