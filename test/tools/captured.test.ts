// Every captured output of restic, borg and what wraps them yields what its expected.json says.
import { describe, expect, test } from "bun:test";
import { readPingBody } from "../../src/tools/ping-body.ts";
import { recogniseTool, toolNamed } from "../../src/tools/registry.ts";
import type { Tool, ToolOutput } from "../../src/tools/tool.ts";
import { type Capture, capturesOf, differences, expectedRuns, glued, withoutNewlines } from "./captured.ts";

// Where an expectation is judged wrong: what holds instead, and why.
const corrections: Record<string, Record<string, unknown>> = {
	// "Is there a repository at the following location?" is the sign of repo_missing, as 0.18's exit 10 for the same case.
	"0.14.0-backup-no-repo": { error_category: "repo_missing" },
	// restic prints the overflow of its clock where no snapshot was written: no duration is known, least of all -292 years.
	"0.18.0-backup-skip-unchanged": { duration_total: undefined },
};

function toolOf(name: string): Tool {
	const tool = toolNamed(name);
	if (tool === null) throw new Error(`no tool is named ${name}`);
	return tool;
}

/** Expected of what the tool sent, rather than of what it printed. */
const isPing = ({ requests, expected, output }: Capture) =>
	requests.length > 0 && expected !== null && ("pings" in expected || output.stdout === "");

for (const name of ["restic", "borg", "borgmatic", "resticprofile", "autorestic"]) {
	describe(name, () => {
		const tool = toolOf(name);
		for (const capture of capturesOf(name).filter((one) => one.expected !== null && !isPing(one))) {
			const { expected, output } = capture;
			if (expected === null) continue;
			const ways: [string, ToolOutput][] = [
				["", output],
				[", both streams glued", glued(capture)],
				[", glued without newlines", withoutNewlines(capture)],
			];
			for (const [way, given] of ways) {
				test(`${capture.name}${way}`, () => {
					const reading = tool.read(given);
					if (expected.kind === "inventory" || expected.kind === "not_a_backup") {
						expect(reading.runs).toEqual([]);
						expect(reading.ignored.length).toBeGreaterThan(0);
						return;
					}
					const corrected = { ...expected, ...corrections[capture.name] };
					if (corrected.duration_total === undefined) delete corrected.duration_total;
					const runs = reading.runs.filter(({ kind }) => kind === "backup");
					const wanted = expectedRuns(corrected);
					expect(runs).toHaveLength(wanted.length);
					expect(wanted.flatMap((one, index) => differences(runs[index], one, output.zone))).toEqual([]);
				});
			}
		}
	});
}

describe("recognition", () => {
	// A key list has no word of restic in it, and what `borgmatic init` and verbosity 2 of 1.7 print is borg's alone.
	const undecidable: Record<string, RegExp> = {
		restic: /key-list$/,
		borgmatic: /^[\d.]+-init$|^1.7.7-hooks-verbose2$/,
	};
	for (const name of ["restic", "borg", "borgmatic", "resticprofile", "autorestic"]) {
		test(`every output of ${name} is known as its own`, () => {
			const others = capturesOf(name)
				.filter(({ output }) => output.stdout + output.stderr !== "")
				.filter((one) => !undecidable[name]?.test(one.name))
				.filter(({ output }) => recogniseTool(output).name !== name);
			expect(others.map((one) => one.name)).toEqual([]);
		});
	}
});

describe("pings", () => {
	for (const name of ["borgmatic", "backrest", "resticprofile"]) {
		for (const { name: title, requests, expected, output } of capturesOf(name).filter(isPing)) {
			const last = requests.findLast(({ target }) => /^\/(?:ping|api\/ingest)\//.test(target));
			// Without a finish there is nothing to read: the job's deadline closes such a run.
			if (expected === null || last === undefined || /\/(?:start|log)(?:\?|$)/.test(last.target)) continue;
			test(`${name} ${title}`, () => {
				if (last.target.startsWith("/api/ingest/")) {
					const reading = toolOf(name).read({ ...output, stdout: last.body, stderr: "" });
					expect(differences(reading.runs[0], expected, output.zone)).toEqual([]);
					return;
				}
				const failed = /\/fail(?:\?|$)/.test(last.target);
				const read = readPingBody(last.body, { failed, exit: null }, output);
				if (expected.kind !== "run" && expected.kind !== "runs") {
					expect(read?.run.size ?? null).toBeNull();
					return;
				}
				const [wanted] = expectedRuns(expected);
				if (wanted === undefined) return;
				// An empty or unknown body leaves the ping's own word.
				if (read === null) expect(wanted.status).toBe(failed ? "failed" : "success");
				else expect(differences(read.run, wanted, output.zone)).toEqual([]);
			});
		}
	}
});
