// The budgets that are proofs: their tests are run, and what they tell is put into the table. The long ones only with HARD=1.
import { join } from "node:path";
import { isHard, report, root } from "./machine.ts";

type Told = { test: string; n: number; failures: number; figures?: Record<string, unknown> };

const hard: { what: string; file: string; target: string }[] = [
	{ what: "kill -9 under reports", file: "test/hard/push-kill.test.ts", target: "0 lost in 500" },
	{ what: "power cuts", file: "test/hard/power-cut.test.ts", target: "0 lost in 3,000" },
	{ what: "power cuts in other work", file: "test/hard/power-cut-work.test.ts", target: "0 lost" },
	{ what: "input and output errors", file: "test/hard/io-errors.test.ts", target: "0 in 720" },
	{ what: "soak", file: "test/hard/soak.test.ts", target: "< 1 KB per 1,000 requests, open files constant" },
];

export function proofs(): void {
	exposure();
	falseAlarms();
	if (!isHard) return;
	for (const { what, file, target } of hard) {
		const { told, passed } = runTest(file);
		for (const { test, n, failures, figures } of told) {
			report({
				what: `${what}: ${test}`,
				ours: `${failures} failures of ${n}; ${JSON.stringify(figures ?? {})}`.replaceAll("|", "/"),
				reference: "",
				ratio: "",
				target,
				reached: passed && failures === 0,
			});
		}
	}
}

function exposure(): void {
	const unit = join(root, "deploy", "backup-monitor.service");
	const { stdout } = Bun.spawnSync(["systemd-analyze", "security", "--offline=yes", "--no-pager", unit]);
	const level = Number(/Overall exposure level[^:]*: ([\d.]+)/.exec(stdout.toString())?.[1]);
	report({
		what: "systemd-analyze security",
		ours: `${level}`,
		reference: "peers 8.1 to 9.6",
		ratio: "",
		target: "≤ 1.5",
		reached: level <= 1.5,
	});
}

function falseAlarms(): void {
	const { output } = runTest("test/simulation-plausibility.test.ts");
	const rate = Number(/^all: ([\d.]+)/m.exec(output)?.[1]);
	report({
		what: "false alarms of plausibility, 12 jobs, a month",
		ours: `${rate}`,
		reference: "the peers' rules 36 to 80",
		ratio: "",
		target: "≤ 1.3",
		reached: rate <= 1.3,
	});
}

function runTest(file: string): { output: string; told: Told[]; passed: boolean } {
	const { stdout, success } = Bun.spawnSync([process.execPath, "test", "--timeout", "3600000", file], {
		cwd: root,
		stderr: "inherit",
	});
	const output = stdout.toString();
	const lines = output.split("\n").filter((text) => text.startsWith('{"test":'));
	return { output, told: lines.map((text) => JSON.parse(text) as Told), passed: success };
}
