// The flags that `run` and `record` share: whose run it is, how it is read, and where the report goes.
import { AppError } from "../errors.ts";
import { limits } from "../report-fields.ts";
import { type Kind, kinds } from "../run.ts";
import { toolNamed, tools } from "../tools/registry.ts";
import type { Tool } from "../tools/tool.ts";
import { describe } from "../visible.ts";
import { unknownFlag } from "./flags.ts";

export const commonOptions = {
	job: { type: "string" },
	host: { type: "string" },
	kind: { type: "string" },
	label: { type: "string", multiple: true },
	from: { type: "string" },
	to: { type: "string" },
	"token-file": { type: "string" },
} as const;

export type CommonFlags = {
	job: string;
	host: string;
	kind: Kind | null;
	labels: Record<string, string>;
	/** The tool whose output it is; null for "auto" and where nothing was said. */
	tool: Tool | null;
	hasFrom: boolean;
	/** The monitor's address; null for the data folder of this machine. */
	to: URL | null;
	tokenFile: string | null;
};

type CommonValues = { [K in keyof typeof commonOptions]?: K extends "label" ? string[] : string };

export function readCommon(values: CommonValues, command: string): CommonFlags {
	const job = values.job?.trim() ?? "";
	if (job.length < 1 || job.length > limits.name) {
		const wanted = `a name of 1 to ${limits.name} characters`;
		throw new AppError(
			"usage",
			`${values.job === undefined ? "--job is missing" : "--job is too long or empty"}; expected ${wanted}. See: backup-monitor ${command} --help`,
		);
	}
	const host = values.host?.trim() ?? "";
	if (host.length > limits.host) throw new AppError("usage", `--host is longer than ${limits.host} characters.`);
	return {
		job,
		host,
		kind: kindOf(values.kind),
		labels: pairsOf(values.label, "--label"),
		tool: toolOf(values.from),
		hasFrom: values.from !== undefined,
		to: addressOf(values.to),
		tokenFile: values["token-file"] ?? null,
	};
}

function kindOf(value: string | undefined): Kind | null {
	if (value === undefined) return null;
	const known = kinds.find((kind) => kind === value.trim().toLowerCase());
	if (known === undefined) throw new AppError("usage", `--kind is ${describe(value)}; expected ${kinds.join(", ")}.`);
	return known;
}

function toolOf(value: string | undefined): Tool | null {
	if (value === undefined || value.toLowerCase() === "auto") return null;
	const tool = toolNamed(value);
	if (tool !== null) return tool;
	const names = tools.map(({ name }) => name).join(", ");
	throw new AppError("usage", `--from is ${describe(value)}; expected auto or one of ${names}.`);
}

function addressOf(value: string | undefined): URL | null {
	if (value === undefined) return null;
	const url = URL.canParse(value) ? new URL(value) : null;
	if (url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "") return url;
	throw new AppError("usage", `--to is ${describe(value)}; expected an address such as http://monitor.lan:5001.`);
}

/** `name=value` as often as it was given. */
export function pairsOf(values: string[] | undefined, flag: string): Record<string, string> {
	const pairs: Record<string, string> = Object.create(null);
	for (const value of values ?? []) {
		const at = value.indexOf("=");
		if (at < 1) throw new AppError("usage", `${flag} is ${describe(value)}; expected name=value.`);
		pairs[value.slice(0, at).trim()] = value.slice(at + 1);
	}
	return pairs;
}

/** What `parseArgs` threw, as one sentence that says where help is. */
export function usageError(error: unknown, command: string, options: object): AppError {
	return new AppError("usage", `${unknownFlag(error, Object.keys(options))} See: backup-monitor ${command} --help`);
}
