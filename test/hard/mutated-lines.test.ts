// Lines with bytes changed, cut, doubled or swapped, through the compiled importer: every one is a run or a rejected line.
import { afterAll, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, peakMemory, runCommand, until } from "../binary.ts";
import { aLine } from "../lines.ts";
import { isQuiet, machineLoad, rounded, tell } from "./tell.ts";

afterAll(cleanUp);

const count = isHard ? 1_000_000 : 20_000;
const seed = 20_261_128;

/** The same numbers each time. */
function numbers(start: number): (below: number) => number {
	let state = start;
	return (below) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 4_294_967_296) * below);
	};
}

/** One to four changes in a line that was good; never a line end, so that the lines can be counted. */
function mutated(line: Uint8Array, pick: (below: number) => number): Uint8Array {
	let bytes = line;
	for (let change = pick(4); change >= 0; change--) {
		const at = pick(bytes.length);
		const until = Math.min(bytes.length, at + 1 + pick(12));
		const kind = pick(5);
		if (kind === 0) bytes = bytes.with(at, pick(256));
		else if (kind === 1) bytes = bytes.with(at, (bytes[at] ?? 0) ^ (1 << pick(8)));
		else if (kind === 2) bytes = joined(bytes.subarray(0, at), bytes.subarray(until));
		else if (kind === 3) bytes = joined(bytes.subarray(0, until), bytes.subarray(at));
		else bytes = joined(bytes.subarray(until), bytes.subarray(0, until));
		if (bytes.length === 0) bytes = line;
	}
	return bytes.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte));
}

/** What a process has used so far. */
function processorSeconds(pid: number): number {
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
	return (Number(fields[11]) + Number(fields[12])) / 100;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
	const both = new Uint8Array(first.length + second.length);
	both.set(first);
	both.set(second, first.length);
	return both;
}

test(`${count} mutated lines: each is counted, none ends the import, memory and log stay small`, async () => {
	const file = join(makeFolder(), "mutated.jsonl");
	const pick = numbers(seed);
	const fd = openSync(file, "w");
	const encoder = new TextEncoder();
	for (let at = 0; at < count; ) {
		const portion: Uint8Array[] = [];
		for (let i = 0; i < 1000 && at < count; i++, at++) {
			const line = mutated(encoder.encode(aLine(at % 7000)), pick);
			// A line of blanks alone is none.
			portion.push(line.every((byte) => byte === 0x20 || byte === 0x09) ? encoder.encode("{}") : line);
			portion.push(Uint8Array.of(0x0a));
		}
		writeSync(fd, Buffer.concat(portion));
	}
	closeSync(fd);

	const dataDir = makeFolder();
	const begun = performance.now();
	let peak = 0;
	let processor = 0;
	let isOver = false;
	const ended = runCommand(["import", file, "--json"], {
		dataDir,
		env: { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0" },
		onStart: (pid) => {
			void until(() => {
				peak = peakMemory(pid) || peak;
				processor = processorSeconds(pid) || processor;
				return isOver;
			}, 3_600_000).catch(() => {});
		},
	});
	const { code, out, err } = await ended;
	isOver = true;
	const seconds = (performance.now() - begun) / 1000;
	const counts = JSON.parse(out);
	tell("mutated lines", count, counts.lines - counts.accepted - counts.rejected, {
		seconds: rounded(seconds),
		processor_seconds: rounded(processor),
		load: machineLoad(),
		accepted: counts.accepted,
		rejected: counts.rejected,
		peak_mb: rounded(peak / 1e6),
		log_bytes: err.length,
	});
	expect(code).toBe(0);
	expect(counts).toMatchObject({ lines: count, pending: 0 });
	expect(counts.accepted + counts.rejected).toBe(count);
	// A change may leave a line good, and most changes do not.
	expect(counts.rejected).toBeGreaterThan(count / 4);
	expect(counts.accepted).toBeGreaterThan(count / 100);
	expect(peak).toBeLessThan(100e6);
	if (isHard && isQuiet) expect(seconds).toBeLessThan(30);
	expect(err.length).toBeLessThan(65_536);
	const looked = await runCommand(["status"], { dataDir });
	expect([0, 1, 2]).toContain(looked.code);
}, 3_600_000);
