// Holds a value against one of our JSON schemas: as much of JSON Schema as they use.
import { schemas } from "../../src/web/openapi.ts";
import type { Schema } from "../../src/web/schema.ts";

/** Every place where a value is not what its schema says, as a path and what is wrong. */
export function deviations(value: unknown, schema: Schema, at = "$"): string[] {
	if (schema.$ref !== undefined) {
		const name = schema.$ref.split("/").at(-1) ?? "";
		const target = schemas[name];
		return target === undefined ? [`${at}: no schema ${name}`] : deviations(value, target, at);
	}
	const types = schema.type === undefined ? [] : [schema.type].flat();
	if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
		return [`${at}: ${JSON.stringify(value)} is not ${types.join(" or ")}`];
	}
	const wrong: string[] = [];
	if (schema.enum !== undefined && !schema.enum.some((word) => word === value)) wrong.push(`${at}: not in the list`);
	if (schema.format === "date-time" && typeof value === "string" && Number.isNaN(Date.parse(value))) {
		wrong.push(`${at}: not a time`);
	}
	if (Array.isArray(value)) {
		const { items } = schema;
		if (items !== undefined) wrong.push(...value.flatMap((item, n) => deviations(item, items, `${at}[${n}]`)));
	} else if (typeof value === "object" && value !== null) {
		for (const name of schema.required ?? []) if (!(name in value)) wrong.push(`${at}.${name}: missing`);
		for (const [name, field] of Object.entries(value)) {
			const own = schema.properties?.[name];
			const other = schema.additionalProperties;
			if (own !== undefined) wrong.push(...deviations(field, own, `${at}.${name}`));
			else if (other === false) wrong.push(`${at}.${name}: not in the schema`);
			else if (typeof other === "object") wrong.push(...deviations(field, other, `${at}.${name}`));
		}
	}
	return wrong;
}

function isOfType(value: unknown, type: string): boolean {
	if (type === "null") return value === null;
	if (type === "array") return Array.isArray(value);
	if (type === "integer") return Number.isInteger(value);
	if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
	return typeof value === type;
}
