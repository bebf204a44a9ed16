// Which of the forms that a route offers a client prefers: RFC 9110 section 12.5.1, weights and parameters included.

type Range = { type: string; parameters: Map<string, string>; weight: number };

// Say how to write it, not what it is: a form without them fits all the same.
const unimportant = new Set(["charset", "escaping"]);

/**
 * The first of `offered` where the header is missing, fits nothing, or prefers none; another only when its weight is
 * higher. A form is written "type/subtype;parameter=value".
 */
export function preferred<Form extends string>(accept: string | null, offered: readonly [Form, ...Form[]]): Form {
	let best: Form = offered[0];
	if (accept === null) return best;
	const ranges = accept.slice(0, mostRead).split(",").map(parseRange);
	let weight = weightOf(best, ranges);
	for (const form of offered) {
		const other = weightOf(form, ranges);
		if (other > weight) [best, weight] = [form, other];
	}
	return best;
}

const mostRead = 4096;

function parseRange(text: string): Range {
	const [type = "", ...rest] = text.split(";").map((part) => part.trim().toLowerCase());
	const parameters = new Map<string, string>();
	let weight = 1;
	for (const part of rest) {
		const [name = "", value = ""] = part.split("=", 2).map((word) => word.trim().replace(/^"(.*)"$/, "$1"));
		// What follows the weight belongs to no form.
		if (name === "q") {
			weight = /^(?:0(?:\.\d*)?|1(?:\.0*)?)$/.test(value) ? Number(value) : 0;
			break;
		}
		if (!unimportant.has(name)) parameters.set(name, value);
	}
	return { type, parameters, weight };
}

/** The weight of the most exact range that fits; 0 where none does. */
function weightOf(form: string, ranges: Range[]): number {
	const { type, parameters } = parseRange(form);
	let exactness = -1;
	let weight = 0;
	for (const range of ranges) {
		const exact = exactnessOf(range, type, parameters);
		if (exact > exactness) [exactness, weight] = [exact, range.weight];
	}
	return weight;
}

function exactnessOf(range: Range, type: string, parameters: Map<string, string>): number {
	if (range.type === "*/*") return 0;
	if (range.type === `${type.split("/")[0]}/*`) return 1;
	if (range.type !== type) return -1;
	for (const [name, value] of range.parameters) if (parameters.get(name) !== value) return -1;
	return 2 + range.parameters.size;
}
