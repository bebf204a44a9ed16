// Whatever is cut off, glued, interleaved or made up: no adapter throws, invents a success or a number, or takes long.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { autorestic } from "../../src/tools/autorestic.ts";
import { backrest } from "../../src/tools/backrest.ts";
import { borg } from "../../src/tools/borg.ts";
import { borgmatic } from "../../src/tools/borgmatic.ts";
import { duplicacy } from "../../src/tools/duplicacy.ts";
import { duplicati } from "../../src/tools/duplicati.ts";
import { duplicity } from "../../src/tools/duplicity.ts";
import { generic } from "../../src/tools/generic.ts";
import { kopia } from "../../src/tools/kopia.ts";
import { pbs } from "../../src/tools/pbs.ts";
import { proxmox } from "../../src/tools/proxmox.ts";
import { rclone } from "../../src/tools/rclone.ts";
import { rdiffBackup } from "../../src/tools/rdiff-backup.ts";
import { restic } from "../../src/tools/restic.ts";
import { resticprofile } from "../../src/tools/resticprofile.ts";
import { rsnapshot } from "../../src/tools/rsnapshot.ts";
import { rsync } from "../../src/tools/rsync.ts";
import { tar } from "../../src/tools/tar.ts";
import type { Tool, ToolOutput, ToolRun } from "../../src/tools/tool.ts";
import { capturesOf } from "./captured.ts";

const tools: [Tool, string | null][] = [
	[rclone, "rclone"],
	[rsync, "rsync"],
	[rsnapshot, "rsnapshot"],
	[tar, "tar"],
	[duplicity, "duplicity"],
	[rdiffBackup, "rdiff-backup"],
	[kopia, "kopia"],
	[duplicati, "duplicati"],
	[proxmox, "proxmox"],
	[pbs, "proxmox"],
	[duplicacy, null],
	[generic, null],
	[restic, "restic"],
	[borg, "borg"],
	[borgmatic, "borgmatic"],
	[resticprofile, "resticprofile"],
	[autorestic, "autorestic"],
	[backrest, "backrest"],
];

const untold = { stderr: "", exit: null, signal: null, receivedAt: Date.UTC(2026, 10, 23, 3), zone: "Europe/Berlin" };
const body = (stdout: string, told: Partial<ToolOutput> = {}): ToolOutput => ({ ...untold, stdout, ...told });

const several = /forget|two-backups|script|of-three/;

/** Both streams, or the body of the first request, with its expectation. */
function texts(
	folder: string,
): { name: string; text: string; output: ToolOutput; isFailure: boolean; isFailedRun: boolean; isRun: boolean }[] {
	return capturesOf(folder).map(({ name, output, expected, requests }) => ({
		name,
		output: requests[0] === undefined ? output : { ...output, stdout: requests[0].body },
		text: requests[0]?.body ?? output.stdout + output.stderr,
		// Of several commands in one output, one may well have succeeded.
		isFailure: (expected?.status === "failed" || (output.exit ?? 0) !== 0) && !several.test(name),
		isFailedRun: expected?.status === "failed" && !several.test(name),
		isRun: expected?.kind === "run",
	}));
}

const measures = ["size", "bytesAdded", "filesTotal", "filesNew", "snapshotId", "duration"] as const;

for (const [tool, folder] of tools) {
	const captures = folder === null ? [] : texts(folder);

	test(`${tool.name}: garbage neither throws nor succeeds`, () => {
		const garbage = fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), fc.string({ maxLength: 400 }), fc.json());
		fc.assert(
			fc.property(garbage, garbage, (stdout, stderr) => {
				const reading = tool.read(body(stdout, { stderr }));
				expect(reading.runs.filter((run) => run.outcome === "success")).toEqual([]);
				const failed = tool.read(body(stdout, { stderr, exit: 77 }));
				expect(failed.runs.filter((run) => run.outcome !== "failure")).toEqual([]);
				expect(tool.recognise(body(stdout, { stderr }))).toBeLessThanOrEqual(1);
			}),
			{ numRuns: 200 },
		);
	});

	test(`${tool.name}: an unknown exit status and any signal are failures, whatever is printed`, () => {
		for (const { text, name } of captures) {
			for (const told of [
				{ exit: 77 },
				{ exit: 0, signal: "SIGKILL" },
				{ exit: null, signal: "SIGTERM" },
				{ exit: 137 },
			]) {
				const { runs } = tool.read(body(text, told));
				// A log of many runs tells the end of the earlier ones itself.
				expect([name, runs.at(-1)?.outcome ?? "failure"]).toEqual([name, "failure"]);
				if (told.exit !== 77 && runs.length > 0) expect(runs.at(-1)?.errorCategory).toBe("interrupted");
			}
		}
	});

	if (captures.length === 0) continue;

	test(`${tool.name}: a failure that is cut and comes without its status is never a success`, () => {
		// restic and borg report an archive in the same words with and without warnings: those stand on the other stream.
		const isTold = tool !== restic && tool !== borg && tool !== borgmatic;
		const failures = captures.filter(({ isFailure, isFailedRun }) => (isTold ? isFailure : isFailedRun));
		if (failures.length === 0) return;
		const place = fc.double({ min: 0, max: 1, noNaN: true });
		fc.assert(
			fc.property(fc.constantFrom(...failures), place, place, ({ text }, from, to) => {
				const cut = text.slice(
					Math.floor(text.length * Math.min(from, to)),
					Math.ceil(text.length * Math.max(from, to)),
				);
				expect(tool.read(body(cut)).runs.filter(({ outcome }) => outcome === "success")).toEqual([]);
				const glued = cut.replace(/[\r\n]/g, "");
				expect(tool.read(body(glued)).runs.filter(({ outcome }) => outcome === "success")).toEqual([]);
			}),
			{ numRuns: 300 },
		);
	});

	test(`${tool.name}: a failure that lacks any one line or any one field is never a success`, () => {
		for (const { text, name, isFailedRun } of captures) {
			if (!isFailedRun || text.length > 60_000) continue;
			let count = 0;
			for (const less of lessened(text)) {
				// A flood of progress has thousands of fields that are all alike.
				if (++count > 1500) break;
				const good = tool.read(body(less)).runs.filter(({ outcome }) => outcome === "success");
				expect([name, good.length, good.length > 0 ? less.slice(0, 600) : ""]).toEqual([name, 0, ""]);
			}
		}
	});

	test(`${tool.name}: interleaved streams keep the outcome that the status tells`, () => {
		fc.assert(
			fc.property(fc.constantFrom(...captures), fc.array(fc.nat(), { maxLength: 6 }), ({ output, isFailure }, cuts) => {
				const mixed = interleave(output.stdout, output.stderr, cuts);
				const { runs } = tool.read({ ...output, stdout: mixed, stderr: "" });
				if (isFailure)
					expect(runs.filter(({ outcome, exitCode }) => outcome === "success" && exitCode !== 9)).toEqual([]);
			}),
			{ numRuns: 200 },
		);
	});

	test(`${tool.name}: a cut output has the numbers of the whole one or none, with its line ends or without`, () => {
		// --jsonstat prints the same figures twice, once rounded: a cut one has the other.
		for (const { text, output, name } of captures.filter(
			(capture) => capture.isRun && !capture.name.endsWith("jsonstat"),
		)) {
			const [full, ...others] = tool.read({ ...output, stdout: text, stderr: "" }).runs;
			if (others.length > 0 || several.test(name)) continue;
			const glued = text.replace(/[\r\n]/g, "");
			const step = Math.max(1, Math.floor(text.length / 150));
			for (let at = 0; at <= text.length; at += step) {
				for (const cut of [text.slice(0, at), text.slice(at), glued.slice(0, at), glued.slice(at)]) {
					for (const run of tool.read({ ...output, stdout: cut, stderr: "" }).runs) {
						if (tool === rclone) expectEarlier(run, full);
						else
							for (const field of measures)
								if (run[field] !== null) expect(wrong(name, at, field, run, full)).toBeNull();
					}
				}
			}
		}
	});
}

/** Where a cut run has another number than the whole one, which and where. */
function wrong(
	name: string,
	at: number,
	field: (typeof measures)[number],
	run: ToolRun,
	full: ToolRun | undefined,
): string | null {
	return run[field] === full?.[field]
		? null
		: `${name} cut at ${at}: ${field} ${run[field]} instead of ${full?.[field]}`;
}

/** rclone prints its figures again and again: a cut one has an earlier state of them. */
function expectEarlier(run: ToolRun, full: ToolRun | undefined) {
	expect(run.size).toBeNull();
	// What is left of a record may hold only its words for people, which are rounded.
	expect(run.bytesAdded ?? 0).toBeLessThanOrEqual((full?.bytesAdded ?? 0) * 1.001);
	expect(run.duration ?? 0).toBeLessThanOrEqual(full?.duration ?? 0);
}

/** The text without each of its lines, and with each field of each object gone, null, empty, or of another type. */
function* lessened(text: string): Generator<string> {
	const lines = text.split("\n");
	for (let at = 0; at < lines.length; at++) yield lines.toSpliced(at, 1).join("\n");
	for (const [at, line] of lines.entries()) {
		if (!isObject(line.trim())) continue;
		for (const changed of changedFields(JSON.parse(line.trim())))
			yield lines.with(at, JSON.stringify(changed)).join("\n");
	}
	if (text.trim().startsWith("{") && lines.length > 1 && text.trim().endsWith("}")) {
		try {
			for (const changed of changedFields(JSON.parse(text))) yield JSON.stringify(changed);
		} catch {
			// Several objects: their lines were taken above.
		}
	}
}

function* changedFields(value: unknown): Generator<unknown> {
	if (typeof value !== "object" || value === null) return;
	if (Array.isArray(value)) {
		for (let at = 0; at < value.length; at++) {
			yield value.toSpliced(at, 1);
			for (const inner of changedFields(value[at])) yield value.with(at, inner);
		}
		return;
	}
	const fields = value as Record<string, unknown>;
	for (const [key, one] of Object.entries(fields)) {
		yield Object.fromEntries(Object.entries(fields).filter(([other]) => other !== key));
		for (const other of [null, "", 0, [], {}, String(one)]) yield { ...fields, [key]: other };
		for (const inner of changedFields(one)) yield { ...fields, [key]: inner };
	}
}

function interleave(one: string, other: string, cuts: number[]): string {
	let mixed = one;
	const size = Math.ceil(other.length / Math.max(1, cuts.length));
	for (const [at, cut] of cuts.entries()) {
		const place = cut % (mixed.length + 1);
		mixed = mixed.slice(0, place) + other.slice(at * size, (at + 1) * size) + mixed.slice(place);
	}
	return cuts.length === 0 ? one + other : mixed;
}

const megabyte = 1024 * 1024;
const hostile: [string, string][] = [
	["nothing but braces", "{".repeat(megabyte)],
	["nothing but arrays in objects", '{"a":['.repeat(megabyte / 6)],
	["one long line", "a".repeat(megabyte)],
	["blanks", " ".repeat(megabyte)],
	["line ends", "\n".repeat(megabyte)],
	["carriage returns", "1,160 0%\r".repeat(megabyte / 9)],
	["quotes", '"'.repeat(megabyte)],
	["escapes", "\x1b[2K".repeat(megabyte / 4)],
	["glued headings", "Number of files: 1 (reg: 1)Total transferred file size: 1 bytes".repeat(megabyte / 64)],
	["headings of rclone", "Transferred: 1 / 1,\n".repeat(megabyte / 20)],
	["complaints", "rsync: [sender] opendir x failed: Permission denied (13)\n".repeat(megabyte / 57)],
	["rows", "100 nextcloud ok 41s 2.150 GiB vm/100\n".repeat(megabyte / 38)],
	["cells", "<td>".repeat(megabyte / 4)],
	["paragraphs", "\nPath: /srv\nStatus: success\n".repeat(megabyte / 28)],
	["statistics", "SourceFileSize 5349306StartTime 1 (x)".repeat(megabyte / 37)],
	["assignments", "SERVICE_RESULT=success\n".repeat(megabyte / 23)],
	["form fields", `message=${"%41&message=".repeat(megabyte / 12)}`],
	["errors of rsnapshot", "[2026-11-23T02:59:20] /usr/bin/rsnapshot -c x daily: started\n".repeat(megabyte / 61)],
];

for (const [name, text] of hostile) {
	test(`a megabyte of ${name} is read in linear time by every adapter`, () => {
		for (const [tool] of tools) {
			const start = performance.now();
			tool.read(body(text, { exit: 1 }));
			tool.recognise(body(text));
			const took = performance.now() - start;
			expect([tool.name, took < 1500 ? "fast" : took]).toEqual([tool.name, "fast"]);
		}
	});
}

function isObject(text: string): boolean {
	try {
		return text.startsWith("{") && JSON.parse(text) !== null;
	} catch {
		return false;
	}
}
