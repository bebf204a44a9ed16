// `bun run test [filter…] [--hard]`: everything the tests need, then the tests, then one line that counts them.
import { join } from "node:path";
import { canInstall, installTools, missingTools, packageNames } from "./debian-packages.ts";
import { installPackages } from "./install.ts";

const root = join(import.meta.dir, "..");
const given = process.argv.slice(2).filter((argument) => argument !== "--");
const isHard = given.includes("--hard");
const filters = given.filter((argument) => argument !== "--hard");

/** Checks that failed before (.ci/run), so that the closing line is true for the whole of it. */
const failedBefore = Number(process.env.FAILED_BEFORE ?? 0);

type Counts = { passed: number; failed: number; skipped: number };

prepareMachine();
close((await buildBinary()) ? await runTests() : { passed: 0, failed: 1, skipped: 0 });

function prepareMachine(): void {
	installPackages();
	const missing = missingTools();
	if (missing.length === 0) return;
	if (canInstall()) {
		const names = installTools(missing);
		if (names.length > 0) console.error(`Not to be had from this machine's package sources: ${names.join(" ")}`);
		return;
	}
	console.error(`The tests need: sudo apt-get install --no-install-recommends ${packageNames(missing).join(" ")}`);
	// Whoever names a test knows what it needs.
	if (filters.length === 0) process.exit(1);
}

async function buildBinary(): Promise<boolean> {
	const built = Bun.spawn([process.execPath, "scripts/build.ts"], {
		cwd: root,
		stdio: ["ignore", 2, "inherit"],
	});
	return (await built.exited) === 0;
}

async function runTests(): Promise<Counts> {
	const timeoutMs = isHard ? 3_600_000 : 60_000;
	const tests = Bun.spawn([process.execPath, "test", "--timeout", String(timeoutMs), ...filters], {
		cwd: root,
		env: {
			...process.env,
			...(isHard ? { HARD: "1" } : {}),
			...(process.stderr.isTTY ? { FORCE_COLOR: "1" } : {}),
		},
		stdin: "ignore",
		stdout: "inherit",
		stderr: "pipe",
	});
	let end = "";
	const decoder = new TextDecoder();
	for await (const chunk of tests.stderr) {
		process.stderr.write(chunk);
		end = (end + decoder.decode(chunk, { stream: true })).slice(-4096);
	}
	const exitCode = await tests.exited;
	const counts = parseSummary(end);
	// A crash leaves no summary, or one that was true only until then.
	return { ...counts, failed: exitCode === 0 ? counts.failed : Math.max(counts.failed, 1) };
}

/** Bun closes with lines like ` 12 pass`, ` 1 skip`, ` 0 fail`, ` 1 error`; a file that cannot be loaded is an error. */
function parseSummary(output: string): Counts {
	const plain = Bun.stripANSI(output);
	const summary = plain.slice(Math.max(0, plain.search(/^ *\d+ pass$(?![\s\S]*^ *\d+ pass$)/m)));
	const count = (word: string) => Number(summary.match(new RegExp(`^ *(\\d+) ${word}$`, "m"))?.[1] ?? 0);
	return { passed: count("pass"), failed: count("fail") + count("errors?"), skipped: count("skip") + count("todo") };
}

function close({ passed, failed, skipped }: Counts): never {
	const all = failed + failedBefore;
	console.log(`${passed} passed, ${all} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
	process.exit(all === 0 ? 0 : 1);
}
