// Objects of a bucket: `aws s3api list-objects-v2`, `aws s3 ls --recursive`, `mc ls --recursive --json`.
import { parseTimestamp } from "../../time.ts";
import { JsonElements } from "./json-elements.ts";
import { LineCutter } from "./lines.ts";
import {
	broken,
	idOf,
	type ListingEnd,
	type ListingReader,
	sizeOrNull,
	type Take,
	textOrNull,
	whole,
} from "./reader.ts";
import { noEntry } from "./whose.ts";

export function openS3(take: Take, zone: string): ListingReader {
	let reader: ListingReader | null = null;
	let before = "";
	return {
		push: (text) => {
			if (reader !== null) {
				reader.push(text);
				return;
			}
			before += text;
			const first = before.trimStart()[0];
			if (first === undefined) return;
			reader = first === "{" || first === "[" ? openObjects(take, zone) : openLines(take, zone);
			reader.push(before);
			before = "";
		},
		end: (): ListingEnd => reader?.end() ?? broken("is empty", false),
	};
}

function openObjects(take: Take, zone: string): ListingReader {
	let said: string | null = null;
	let isShortened = false;
	const elements = new JsonElements("s3", ["Contents"], (object) => {
		const key = textOrNull(object.Key ?? object.key);
		if (key === null) {
			if (object.status === "error") said ??= `is an error: ${JSON.stringify(object.error ?? "error").slice(0, 200)}`;
			// An empty bucket, as aws tells it, has no list at all.
			else if (!("RequestCharged" in object)) said ??= noEntry(object);
			return;
		}
		if (object.type === "folder" || key.endsWith("/")) return;
		const at = parseTimestamp(object.LastModified ?? object.lastModified, zone);
		take({ id: idOf(key), name: null, at, size: sizeOrNull(object.Size ?? object.size), host: null, about: "" });
	});
	// Stands beside the list, in what is never held whole.
	let tail = "";
	return {
		push: (text) => {
			elements.push(text);
			tail = (tail + text).slice(-text.length - 40);
			if (/"(?:IsTruncated"\s*:\s*true|NextToken"\s*:\s*")/.test(tail)) isShortened = true;
		},
		end: () => {
			if (said !== null) return broken(said, false);
			return isShortened ? broken("was shortened by the server: list all pages", true) : elements.end();
		},
	};
}

const line = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+(\d{1,16})\s(.+)$/;

function openLines(take: Take, zone: string): ListingReader {
	let bad: string | null = null;
	let count = 0;
	const lines = new LineCutter((text) => {
		const [, time, size, key] = line.exec(text) ?? [];
		if (key === undefined) {
			// Folders, and the totals of --summarize.
			if (!/^\s*(?:PRE |Total (?:Objects|Size):)/.test(text)) bad ??= text.slice(0, 100);
			return;
		}
		count++;
		if (!key.endsWith("/")) {
			take({
				id: idOf(key),
				name: null,
				at: parseTimestamp(time, zone),
				size: sizeOrNull(size),
				host: null,
				about: "",
			});
		}
	});
	return {
		push: (text) => lines.push(text),
		end: () => {
			lines.end();
			if (bad !== null) return broken(`has a line that is no object of a bucket: ${bad}`, count > 0);
			return lines.isCut ? broken("ends in the middle of a line: it was cut", true) : whole;
		},
	};
}
