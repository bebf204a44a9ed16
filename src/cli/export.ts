// `export`: the runs of the database as CSV or JSON lines, by the filters of the page Runs, written as they are read.
import { existsSync } from "node:fs";
import { readConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { csv, exportRuns, jsonl } from "../web/export.ts";
import { filterParameters, readRunQuery } from "../web/run-query.ts";
import { readFlags } from "./flags.ts";
import { writeOut } from "./output.ts";
import { missingFolder } from "./places.ts";
import { readOnlyStore } from "./store.ts";

const formats = { csv, jsonl };
/** Flags that are called otherwise than the parameters of the address. */
const parameters: Record<string, string> = { text: "q" };

export async function exportCommand(args: string[]): Promise<number> {
	const text = { type: "string" } as const;
	const { flags } = await readFlags(args, "export", {
		format: text,
		job: text,
		host: text,
		kind: text,
		outcome: text,
		label: text,
		since: text,
		until: text,
		text,
	});
	const { format = "jsonl", ...filters } = flags;
	if (format !== "csv" && format !== "jsonl")
		throw new AppError("usage", `--format is "${format}"; expected csv or jsonl.`);
	const config = readConfig(process.env);
	if (!existsSync(config.databasePath)) {
		throw new AppError(
			"missing",
			missingFolder(config) ?? `${config.databasePath} does not exist: there are no runs yet.`,
		);
	}
	const db = readOnlyStore(config);
	try {
		const search = new URLSearchParams(
			Object.entries(filters).map(([name, value]): [string, string] => [parameters[name] ?? name, value ?? ""]),
		);
		const read = readRunQuery(db, filterParameters, search, config.zone);
		if (!read.ok) throw new AppError(read.status === 404 ? "missing" : "usage", read.message);
		for await (const chunk of exportRuns(() => db, read.query.filter, formats[format])) {
			if (!(await writeOut(chunk))) break;
		}
		return 0;
	} finally {
		db.close();
	}
}
