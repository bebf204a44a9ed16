// Whatever happens to an output on its way, an adapter does not throw and no success comes of it that the tool did not tell.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { tools } from "../../src/tools/registry.ts";
import type { ToolOutput, ToolRun } from "../../src/tools/tool.ts";
import { capturesOf } from "./captured.ts";

const names = ["restic", "borg", "borgmatic", "resticprofile", "autorestic", "backrest"];
const adapters = tools.filter(({ name }) => names.includes(name));
const bodies = names.flatMap((name) =>
	capturesOf(name).flatMap(({ output, requests }) => [
		output.stdout + output.stderr,
		...requests.map(({ body }) => body ?? ""),
	]),
);
// Flood lines make no other case.
const samples = bodies
	.filter((body) => body !== "")
	.map((body) => (body.length < 20_000 ? body : body.slice(0, 8000) + body.slice(-8000)));

/** The words with which these tools say that a run ended well. */
const good =
	/"total_files_processed"|^processed \d+ files|"num_errors":0|no errors were found|"files_restored"|Summary: Restored|^done$|snapshots|No data removed|"remove":|"nfiles"|Archive fingerprint|no problems found|ompaction freed|Finished compaction|rc 0|Successfully ran|finish|AUTORESTIC_EXIT_CODE|Event: \w+ (?:success|skipped|start)|"success"|exitCode/m;

const place = fc.double({ min: 0, max: 1, noNaN: true });
const junk = fc.constantFrom(
	"",
	"\0",
	"\x1b[2K",
	"\r",
	"{",
	'{"a":',
	'"',
	"}{",
	"Fatal: x\n",
	"\n\n",
	"ü",
	"\ud800",
	"Killed\n",
);

const damaged = fc
	.record({
		one: fc.constantFrom(...samples),
		two: fc.constantFrom(...samples),
		from: place,
		to: place,
		at: place,
		middle: junk,
		joined: fc.boolean(),
	})
	.map(({ one, two, from, to, at, middle, joined }) => {
		const cut = one.slice(Math.floor(from * from * one.length), Math.ceil((1 - to * to) * one.length));
		const split = Math.floor(at * cut.length);
		return cut.slice(0, split) + middle + (joined ? two : "") + cut.slice(split);
	});

function outputOf(stdout: string, exit: number | null, signal: string | null): ToolOutput {
	return { stdout, stderr: "", exit, signal, receivedAt: 1_795_400_000_000, zone: "Europe/Berlin" };
}

// Of several repositories or commands one has failed; the others may tell that they did not.
const hasFailed = (runs: ToolRun[]) => runs.length === 0 || runs.some(({ outcome }) => outcome === "failure");

for (const tool of adapters) {
	describe(tool.name, () => {
		test("reads any cut, glued and interleaved output without an exception", () => {
			fc.assert(
				fc.property(damaged, fc.constantFrom(null, 0, 1, 2, 3, 100, 137), (text, exit) => {
					const likeness = tool.recognise(outputOf(text, exit, null));
					expect(likeness >= 0 && likeness <= 1).toBe(true);
					const { runs, ignored, understood } = tool.read(outputOf(text, exit, null));
					expect(runs.length + ignored.length > 0).toBe(true);
					for (const run of runs) {
						expect(run.warningMessages.length).toBeLessThanOrEqual(20);
						if (run.outcome === "failure") expect(run.errorCategory).not.toBeNull();
						for (const value of [run.size, run.bytesAdded, run.filesTotal, run.duration])
							expect(value === null || value >= 0).toBe(true);
						if (run.outcome === "success" && exit === null) expect(good.test(text)).toBe(true);
						if (run.outcome === "success" && !understood) expect(exit).toBe(0);
					}
				}),
				{ numRuns: 150 },
			);
		});

		test("never calls a killed or failed run a success", () => {
			fc.assert(
				fc.property(damaged, (text) => {
					const killed = tool.read(outputOf(text, null, "SIGKILL")).runs;
					expect(hasFailed(killed) || /"profiles"/.test(text)).toBe(true);
					const failed = tool.read(outputOf(text, 99, null)).runs;
					expect(hasFailed(failed) || /"profiles"/.test(text)).toBe(true);
				}),
				{ numRuns: 100 },
			);
		});

		test("does not take noise for words", () => {
			fc.assert(
				fc.property(fc.string({ maxLength: 300 }), (text) => {
					for (const run of tool.read(outputOf(text, null, null)).runs) expect(run.outcome).toBe("failure");
				}),
				{ numRuns: 100 },
			);
		});

		test("takes time in proportion to the length, and keeps no more of an error than a page", () => {
			const flood = (size: number) =>
				`{"message_type":"error","error":{"message":"${"x".repeat(5000)}"},"item":"/srv/1"}\nCommand 'Command 'borg x: [Errno 13] \n`.repeat(
					size / 5100,
				) + "Fatal: Repository: Archive name: a: a: a: ".repeat(size / 40);
			const output = outputOf(flood(1_000_000), 1, null);
			const start = performance.now();
			const { runs } = tool.read(output);
			expect(performance.now() - start).toBeLessThan(5000);
			for (const run of runs) expect((run.errorMessage ?? "").length).toBeLessThan(5000);
		});
	});
}

test("a hundred thousand of one character cost no tool more than a moment, also where nothing is compiled", async () => {
	const registry = JSON.stringify(join(import.meta.dir, "../../src/tools/registry.ts"));
	const script = `
		const { recogniseBody, tools } = await import(${registry});
		const readers = [["auto", recogniseBody], ...tools.map((tool) => [tool.name, (output) => { tool.recognise(output); tool.read(output); }])];
		const slow = [];
		for (const part of ["x", "X", "1", "a ", '"', "{", ":", "AbC9+/x1Zq"]) {
			const stdout = part.repeat(Math.ceil(100_000 / part.length));
			const output = { stdout, stderr: "", exit: null, signal: null, receivedAt: 1_795_400_000_000, zone: "UTC" };
			for (const [name, read] of readers) {
				const before = process.cpuUsage();
				read(output);
				const { user } = process.cpuUsage(before);
				if (user > 300_000) slow.push([name, part, user]);
			}
		}
		console.log(JSON.stringify(slow));
	`;
	const child = Bun.spawn([process.execPath, "-e", script], { env: { ...process.env, BUN_JSC_useJIT: "0" } });
	expect(await new Response(child.stdout).text()).toBe("[]\n");
}, 60_000);
