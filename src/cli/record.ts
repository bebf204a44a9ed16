// `record`: a run that is over (or begins), told by flags, or by the output of the tool that made it.
import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import { readConfig } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";
import { answerOf, fitReport, type ReportObject, reportsOf } from "../ingest/tool-report.ts";
import { StreamKeeper } from "../ingest/tool-text.ts";
import { parseReport } from "../report.ts";
import type { RunReport } from "../run.ts";
import { recogniseTool } from "../tools/registry.ts";
import type { ToolOutput, ToolReading } from "../tools/tool.ts";
import { formatBytes, formatDuration } from "../units.ts";
import { openOutlet } from "./deliver.ts";
import { readSome } from "./read-some.ts";
import { fieldsOf, type RecordArgs, readRecordArgs } from "./record-args.ts";

export async function recordCommand(words: string[]): Promise<number> {
	const args = readRecordArgs(words);
	const { zone } = readConfig(process.env);
	const now = Date.now();
	const { objects, ignored } = args.hasFrom
		? await readTool(args, zone, now)
		: { objects: [fieldsOf(args, {}, now)], ignored: [] };
	// Refused here, with the field and the reason, rather than by whoever reads it later.
	const runs = objects.map((object) => checked(object, zone));
	const outlet = openOutlet(args, process.env);
	outlet.take(objects.map(fitReport));
	const isSafe = await outlet.finish(new Promise(() => {}));
	if (!isSafe) return 1;
	if (args.isJson) process.stdout.write(`${JSON.stringify({ runs: runs.map(answerOf), ignored })}\n`);
	else process.stdout.write([...runs.map(lineOf), ...ignored.map(({ reason }) => `ignored: ${reason}\n`)].join(""));
	return 0;
}

function checked(object: ReportObject, zone: string): RunReport {
	const parsed = parseReport(object, zone);
	if (parsed.ok) return parsed.report;
	throw new AppError("usage", `${parsed.field} ${parsed.reason}.`.trim());
}

async function readTool(
	args: RecordArgs,
	zone: string,
	now: number,
): Promise<{ objects: ReportObject[]; ignored: ToolReading["ignored"] }> {
	const isPiped = args.stdout === null && args.stderr === null;
	if (isPiped && isatty(0))
		throw new AppError("usage", "record --from reads a tool's output: pipe it in, or --stdout FILE.");
	const output: ToolOutput = {
		stdout: isPiped ? await readText("-") : args.stdout === null ? "" : await readText(args.stdout),
		stderr: args.stderr === null ? "" : await readText(args.stderr),
		exit: args.exit,
		signal: args.signal,
		receivedAt: now,
		zone,
	};
	const reading = (args.tool ?? recogniseTool(output)).read(output);
	const objects = reportsOf(reading, {
		job: args.job,
		host: args.host,
		now,
		zone,
		exit: args.exit,
		signal: args.signal,
		text: args.keepsLog ? [output.stdout, output.stderr].filter((text) => text !== "").join("\n") : "",
		backupId: args.backupId ?? undefined,
		// Who gives an id has it from the run's beginning, or means to give it again.
		isOpen: args.backupId !== null,
	});
	return { objects: objects.map((object) => fieldsOf(args, object, now)), ignored: reading.ignored };
}

/** A file or `-`, in bounded memory. */
async function readText(file: string): Promise<string> {
	const kept = new StreamKeeper();
	const buffer = Buffer.allocUnsafe(256 * 1024);
	const cannotRead = (error: unknown) => new AppError("missing", `${file} cannot be read: ${messageOf(error)}`, error);
	let fd = 0;
	try {
		if (file !== "-") fd = openSync(file, "r");
		for (;;) {
			const got = await readSome(fd, buffer);
			if (got === 0) break;
			kept.push(buffer.subarray(0, got));
		}
	} catch (error) {
		throw cannotRead(error);
	} finally {
		if (fd > 0) closeSync(fd);
	}
	kept.end();
	return kept.text();
}

function lineOf(run: RunReport): string {
	const facts = [
		run.size === null ? null : formatBytes(run.size),
		run.filesTotal === null ? null : `${run.filesTotal} files`,
		run.duration === null ? null : formatDuration(run.duration),
		run.errorMessage,
	].filter((fact) => fact !== null);
	return `${run.job}: ${run.kind} ${run.outcome}${facts.length === 0 ? "" : `, ${facts.join(", ")}`}\n`;
}
