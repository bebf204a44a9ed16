// The size of what a command wrote past us, into files that its shell opened: `pg_dump nas > /backup/nas.sql`.
import { statSync } from "node:fs";
import type { ToolRun } from "../tools/tool.ts";

export type Written = { bytes: number | null; problem: string | null };

/** Clocks of file systems are coarse, and some keep whole or even seconds only. */
const slack = 2000;

/** All files together; null where one is not there or was not written since `startedAt`. */
export function writtenSince(files: readonly string[], startedAt: number): Written {
	let bytes = 0;
	for (const file of files) {
		const found = statSync(file, { throwIfNoEntry: false });
		if (found === undefined) return { bytes: null, problem: `${file} is not there after the run` };
		if (!found.isFile()) return { bytes: null, problem: `${file} is no file` };
		if (found.mtimeMs < startedAt - slack) return { bytes: null, problem: `${file} was not written by this run` };
		bytes += found.size;
	}
	return { bytes, problem: null };
}

/** The tool's own word for its size is kept. What should have been written and was not is no success. */
export function applyWritten(run: ToolRun, { bytes, problem }: Written): void {
	run.size ??= bytes;
	if (run.outcome === "failure") return;
	if (problem !== null) {
		run.outcome = "warning";
		run.errorCategory ??= "unknown";
		run.errorMessage ??= problem;
		run.warningMessages = [...run.warningMessages, problem];
		run.warnings = (run.warnings ?? 0) + 1;
	} else if (bytes === 0) {
		run.outcome = "failure";
		run.errorCategory = "source_missing";
		run.errorMessage = "What it wrote is empty.";
	}
}
