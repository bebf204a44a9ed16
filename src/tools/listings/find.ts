// `find DIR -type f -printf '%T@ %s %P\n'`: when a file was changed, its size, its path. "-" stands for an unknown size.
import { parseTimestamp } from "../../time.ts";
import { LineCutter } from "./lines.ts";
import { broken, idOf, type ListingReader, sizeOrNull, type Take, whole } from "./reader.ts";

const form = /^(\d{1,12}(?:[.,]\d+)?|\d{4}-\d\d-\d\d[T ][\d:.]+(?:[+-]\d\d:?\d\d|Z)?)[ \t]+(\d{1,16}|-)[ \t]+(.+)$/s;

export function openFind(take: Take, zone: string): ListingReader {
	let count = 0;
	let bad: string | null = null;
	const lines = new LineCutter((line) => {
		const [, time, size, path] = form.exec(line) ?? [];
		if (time === undefined || path === undefined) {
			bad ??= line.slice(0, 100);
			return;
		}
		count++;
		const at = parseTimestamp(/^\d+[.,]?\d*$/.test(time) ? Number(time.replace(",", ".")) : time, zone);
		take({ id: idOf(path), name: null, at, size: sizeOrNull(size), host: null, about: "" });
	});
	return {
		push: (text) => lines.push(text),
		end: () => {
			lines.end();
			if (bad !== null) {
				return broken(
					`has a line that is not "seconds bytes path": ${bad}; print it with -printf '%T@ %s %P\\n'`,
					count > 0,
				);
			}
			return lines.isCut ? broken("ends in the middle of a line: it was cut", true) : whole;
		},
	};
}
