// /api/openapi.json, made from the parameters and schemas that the routes themselves use.
import {
	formerNameSchema,
	jobDetailSchema,
	jobSchema,
	jobsSchema,
	runSchema,
	runsSchema,
	storedSchema,
	wholeRunSchema,
} from "./answers.ts";
import type { Method } from "./guard.ts";
import { reportSchema } from "./report-schema.ts";
import { objectOf, type Parameters, type Schema, text } from "./schema.ts";
import { summarySchema } from "./summary.ts";

/** What a route takes and answers. `path` as the router has it: `/api/jobs/:job`. */
export type Operation = {
	method: Method;
	path: string;
	/** As it is written for people, where that differs. */
	shownPath?: string;
	summary: string;
	description?: string;
	parameters?: Parameters;
	body?: Answer;
	/** Reporting needs the push token. */
	needsToken?: boolean;
	answers: Record<number, Answer>;
};

export type Answer = { description: string; types: Record<string, Schema> };

export const schemas: Record<string, Schema> = {
	Summary: summarySchema,
	Job: jobSchema,
	FormerName: formerNameSchema,
	Jobs: jobsSchema,
	JobDetail: jobDetailSchema,
	Run: runSchema,
	WholeRun: wholeRunSchema,
	Runs: runsSchema,
	Report: reportSchema,
	Stored: storedSchema,
	Error: objectOf({ error: text("A sentence for people.") }),
};

const pathParameters: Record<string, string> = {
	job: "Slug of the job, else its name.",
	id: "Key of the run.",
	tool: "Name of an adapter, or auto.",
};

export function openApi(operations: Operation[], version: string) {
	const paths: Record<string, Record<string, unknown>> = {};
	for (const operation of operations) {
		const path = (operation.shownPath ?? operation.path).replace(/:(\w+)/g, "{$1}");
		paths[path] ??= {};
		const item = paths[path];
		item[operation.method.toLowerCase()] = describe(operation, path);
	}
	return {
		openapi: "3.1.0",
		info: {
			title: "Homelab Backup Monitor",
			version,
			description:
				"Every GET also answers HEAD. Data, files and pictures carry an ETag: sent back as If-None-Match it is answered 304 while nothing changed.",
		},
		paths,
		components: { schemas, securitySchemes: { pushToken, readToken } },
	};
}

function describe(operation: Operation, path: string) {
	const { method, summary, description, parameters = {}, body, needsToken = false, answers } = operation;
	const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
		name,
		in: "path",
		required: true,
		description: pathParameters[name] ?? name,
		schema: name === "id" ? { type: "integer" } : { type: "string" },
	}));
	const inQuery = Object.entries(parameters).map(([name, { description: what, ...schema }]) => ({
		name,
		in: "query",
		required: false,
		description: what,
		schema: schema.format === "instant" ? { type: "string" } : schema,
	}));
	return {
		operationId: `${method.toLowerCase()}${path.replace(/\{(\w+)\}/g, "By-$1").replace(/[^A-Za-z0-9]+(\w?)/g, upper)}`,
		summary,
		...(description === undefined ? {} : { description }),
		...(needsToken ? { security: [{ pushToken: [] }] } : {}),
		// Either is enough: none, where no login is asked for.
		...(method === "GET" && !needsToken && path !== "/health" ? { security: [{}, { readToken: [] }] } : {}),
		parameters: [...inPath, ...inQuery],
		...(body === undefined ? {} : { requestBody: { required: true, ...content(body) } }),
		responses: Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, content(answer)])),
	};
}

const pushToken = { type: "http", scheme: "bearer", description: "Reports runs, and nothing else." };
const readToken = {
	type: "http",
	scheme: "bearer",
	description: "Reads everything here where a login is asked for (READ_TOKEN); without one nobody asks for it.",
};

const upper = (_all: string, letter: string) => letter.toUpperCase();

function content({ description, types }: Answer) {
	const media = Object.entries(types).map(([type, schema]) => [type, { schema }]);
	return { description, ...(media.length === 0 ? {} : { content: Object.fromEntries(media) }) };
}

export const json = (description: string, schema: Schema): Answer => ({
	description,
	types: { "application/json": schema },
});
