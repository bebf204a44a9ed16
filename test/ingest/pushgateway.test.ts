// A push's samples as a run: what is impossible in them is unknown, and never costs the run.
import { expect, test } from "bun:test";
import { readMetricsText, reportOfPush } from "../../src/ingest/pushgateway.ts";

const now = Date.UTC(2026, 5, 1);

test.each(["1e300", "-5", "2000000000"])("a duration of %s seconds is none", (seconds) => {
	const read = readMetricsText(`backup_success 0\nbackup_duration_seconds ${seconds}\n`);
	if (!read.ok) throw new Error(read.message);
	const report = reportOfPush(new Map([["job", "photos"]]), read.samples, now);
	expect(report).toMatchObject({ outcome: "failure", timestamp: "2026-06-01T00:00:00.000Z" });
	expect(report).not.toHaveProperty("duration_total");
});

const outcomeOf = (text: string) => {
	const read = readMetricsText(text);
	if (!read.ok) throw new Error(read.message);
	return reportOfPush(new Map([["job", "photos"]]), read.samples, now);
};

test("of several repositories in one push the worst is the outcome, and no size speaks for all", () => {
	const both = 'backup_success{repo="a"} 1\nbackup_success{repo="b"} 0\nbackup_size_bytes{repo="a"} 5\n';
	expect(outcomeOf(`${both}backup_size_bytes{repo="b"} 7\n`)).toMatchObject({ outcome: "failure", size_bytes: null });
	expect(outcomeOf('backup_exit_code{repo="a"} 0\nbackup_exit_code{repo="b"} 2\n')?.outcome).toBe("failure");
	expect(outcomeOf("backup_success NaN\n")).toBeNull();
	expect(outcomeOf("backup_success 1\nbackup_files_failed 3\n")?.outcome).toBe("warning");
	expect(outcomeOf('backup_success{repo="a"} 1\nbackup_success{repo="b"} 1\n')?.outcome).toBe("success");
});

test.each([
	["the same series twice", "backup_success 0\nbackup_success 1\n", /collected before/],
	["an unquoted label", "backup_success{a=1} 1\n", /parsing error in line 1/],
	["labels without a comma", 'backup_success{a="1" b="2"} 1\n', /parsing error/],
	["a carriage return", "backup_success 1\r\n", /parsing error/],
	["a word for a value", "backup_success yes\n", /parsing error/],
	["a time stamp", "backup_success 1 1700000000000\n", /must not have timestamps/],
])("%s is refused as the Pushgateway refuses it", (_name, text, message) => {
	const read = readMetricsText(text);
	expect(read.ok ? "taken" : read.message).toMatch(message);
});

test.each([
	"  backup_success\t1  \n",
	'backup_success{a="x\\"y\\\\z\\n",b="{}",} 1\n',
	'backup_success{a="1"}1\n',
	"\t# HELP x y\n\nbackup_success +1.0E+0\n",
])("%j is taken, as the Pushgateway takes it", (text) => {
	expect(outcomeOf(text)?.outcome).toBe("success");
});
