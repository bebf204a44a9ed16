// Environments that a service manager or a NAS hands to a hook, sent as NAME=value lines.
import type { Outcome } from "../run.ts";
import { toolRun } from "./ending.ts";
import { readLines } from "./text.ts";
import type { ToolOutput, ToolRun } from "./tool.ts";

const assignment = /^(?:export )?([A-Z][A-Z0-9_]{2,60})=(.{0,4000})$/;

/** Only names that are looked for: an environment also holds passwords. */
export function readEnvironment(text: string): Map<string, string> {
	const found = new Map<string, string>();
	for (const line of readLines(text.slice(0, 100_000))) {
		const [, name = "", value = ""] = assignment.exec(line) ?? [];
		if (
			/^(?:MONITOR_)?(?:SERVICE_RESULT|EXIT_CODE|EXIT_STATUS|INVOCATION_ID|UNIT)$|^CLOUD_(?:SYNC|BACKUP)_(?:ID|DESCRIPTION|DIRECTION|TRANSFER_MODE|PATH)$/.test(
				name,
			)
		) {
			found.set(name.replace(/^MONITOR_/, ""), value.replace(/^(["'])(.*)\1$/, "$2"));
		}
	}
	return found;
}

/** systemd.exec(5): the result of a unit, as `ExecStopPost=` or an `OnFailure=` unit sees it. */
export function systemdRun(output: ToolOutput, environment: Map<string, string>): ToolRun | null {
	const result = environment.get("SERVICE_RESULT");
	if (result === undefined) return null;
	const status = environment.get("EXIT_STATUS") ?? "";
	// A unit that was stopped is a success to systemd, but its command was killed in the middle.
	const wasKilled = /^(?:killed|dumped)$/.test(environment.get("EXIT_CODE") ?? "");
	const exit = !wasKilled && /^\d{1,3}$/.test(status) ? Number(status) : null;
	const wasCut = wasKilled || /^(?:signal|oom-kill|timeout|watchdog|core-dump)$/.test(result);
	// SuccessExitStatus= lets other statuses pass: the unit calls it a success, the command did not.
	const isClean = exit === null || exit === 0;
	const words: Outcome = result !== "success" || wasCut ? "failure" : isClean ? "success" : "warning";
	const signal = wasKilled && status !== "" ? `SIG${status}` : null;
	const labels: Record<string, string> = {};
	const id = environment.get("INVOCATION_ID");
	const unit = environment.get("UNIT");
	if (id !== undefined) labels.invocation_id = id;
	if (unit !== undefined) labels.unit = unit;
	const detail = exit === null ? signal : `exit status ${exit}`;
	const sentence = `${unit ?? "the unit"} ended with ${result}${detail === null ? "" : ` (${detail})`}`;
	return toolRun(output, words, {
		exitCode: exit,
		errorCategory: wasCut ? "interrupted" : "unknown",
		errorMessage: sentence,
		warningMessages: [sentence],
		jobName: unit?.replace(/\.service$/, "") ?? null,
		labels,
	});
}

/** TrueNAS runs the post-script of a cloud task only when the task succeeded. */
export function cloudTaskRun(output: ToolOutput, environment: Map<string, string>): ToolRun | null {
	const job = environment.get("CLOUD_SYNC_DESCRIPTION") ?? environment.get("CLOUD_BACKUP_DESCRIPTION");
	if (job === undefined && !environment.has("CLOUD_SYNC_ID") && !environment.has("CLOUD_BACKUP_ID")) return null;
	const isFailed = output.signal !== null || (output.exit !== null && output.exit !== 0);
	const labels: Record<string, string> = {};
	const path = environment.get("CLOUD_SYNC_PATH") ?? environment.get("CLOUD_BACKUP_PATH");
	if (path !== undefined) labels.path = path;
	return toolRun(output, isFailed ? "failure" : "success", { jobName: job ?? null, labels });
}
