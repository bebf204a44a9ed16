// Small JSON schemas: what the routes read their queries by, and what /api/openapi.json is made from.

export type Schema = {
	type?: string | readonly string[];
	enum?: readonly (string | null)[];
	minimum?: number;
	maximum?: number;
	maxLength?: number;
	pattern?: string;
	format?: string;
	default?: string | number;
	description?: string;
	properties?: Record<string, Schema>;
	required?: readonly string[];
	additionalProperties?: boolean | Schema;
	items?: Schema;
	oneOf?: readonly Schema[];
	$ref?: string;
};

/** A value of a query: text, checked against its schema; "integer" becomes a number, "instant" Unix milliseconds. */
export type Parameter = Schema & {
	type: "string" | "integer";
	description: string;
	/** `instant`: an ISO 8601 time or Unix seconds or milliseconds. */
	format?: "instant";
};

export type Parameters = Record<string, Parameter>;
export type Values = Record<string, string | number | null>;
export type ReadQuery = { ok: true; values: Values } | { ok: false; message: string };

/**
 * Reads the parameters that are known; others are left alone. What is absent or empty has its default or is null. The
 * message never repeats what was sent.
 */
export function readQuery(
	parameters: Parameters,
	search: URLSearchParams,
	parseInstant: (text: string) => number | null,
): ReadQuery {
	const values: Values = {};
	for (const [name, parameter] of Object.entries(parameters)) {
		const given = search.getAll(name);
		if (given.length > 1) return { ok: false, message: `${name} is given more than once.` };
		const text = given[0] ?? "";
		if (text === "") {
			values[name] = parameter.default ?? null;
			continue;
		}
		const value = readValue(parameter, text, parseInstant);
		if (value === null) return { ok: false, message: `${name} is not ${expected(parameter)}.` };
		values[name] = value;
	}
	return { ok: true, values };
}

function readValue(
	{ type, format, minimum, maximum, maxLength, pattern, enum: words }: Parameter,
	text: string,
	parseInstant: (text: string) => number | null,
): string | number | null {
	if (text.length > (maxLength ?? mostText)) return null;
	if (format === "instant") return parseInstant(text);
	if (type === "integer") {
		const number = /^\d{1,15}$/.test(text) ? Number(text) : null;
		if (number === null || number < (minimum ?? 0)) return null;
		return Math.min(number, maximum ?? number);
	}
	if (words !== undefined && !words.includes(text)) return null;
	return pattern === undefined || new RegExp(pattern).test(text) ? text : null;
}

/** Longest text of a parameter without a bound of its own. */
const mostText = 256;

function expected({ type, format, minimum, maxLength, enum: words, pattern }: Parameter): string {
	if (format === "instant") return "a time such as 2026-01-07T02:00:00Z, or Unix seconds";
	if (type === "integer") return `a whole number from ${minimum ?? 0}`;
	if (words !== undefined) return `one of ${words.join(", ")}`;
	if (pattern !== undefined) return "one that this server gave out";
	return `text of at most ${maxLength ?? mostText} characters`;
}

/** An object all of whose fields are always there; `null` in a type means "unknown". */
export function objectOf(properties: Record<string, Schema>, description?: string): Schema {
	return {
		type: "object",
		...(description === undefined ? {} : { description }),
		properties,
		required: Object.keys(properties),
		additionalProperties: false,
	};
}

export const text = (description?: string): Schema => described({ type: "string" }, description);
export const textOrNull = (description?: string): Schema => described({ type: ["string", "null"] }, description);
export const whole = (description?: string): Schema => described({ type: "integer" }, description);
export const wholeOrNull = (description?: string): Schema => described({ type: ["integer", "null"] }, description);
export const numberOrNull = (description?: string): Schema => described({ type: ["number", "null"] }, description);
export const instant = (description?: string): Schema =>
	described({ type: "string", format: "date-time" }, description);
export const instantOrNull = (description?: string): Schema =>
	described({ type: ["string", "null"], format: "date-time" }, description);
export const list = (items: Schema): Schema => ({ type: "array", items });
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

function described(schema: Schema, description: string | undefined): Schema {
	return description === undefined ? schema : { ...schema, description };
}
