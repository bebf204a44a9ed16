// What the watch says of one run, for its page: whether it looks like the ones before it, and the alerts it caused.
import { judgeRun } from "../alerts/judgement.ts";
import type { Plausibility } from "../plausibility.ts";
import type { Run } from "../run.ts";
import type { JudgedAs, UsualRange } from "../run-page.ts";
import { settingsOf } from "../settings.ts";
import { readAlertsOfRun } from "../store/alerts.ts";
import { readDecision } from "../store/decisions.ts";
import { readJob } from "../store/jobs.ts";
import type { AppOptions } from "./app.ts";
import type { AboutRun } from "./run-pages-routes.ts";

export function runJudge({ alerting, config }: Pick<AppOptions, "alerting" | "config">): AboutRun {
	return (db, { run }) => {
		const alerts = readAlertsOfRun(db, run.id);
		const job = readJob(db, run.job, run.host);
		if (job === null) return { judgedAs: null, alerts };
		const settings = settingsOf(alerting.settings, job);
		const judged = judgeRun(db, job, run.id, readDecision(db, job.id), {
			settings,
			zone: config.zone,
			units: { iec: config.units === "iec" },
		});
		return { judgedAs: judged === null || run.outcome === "failure" ? null : judgedAs(run, judged), alerts };
	};
}

function judgedAs(run: Run, { findings, learning, variable, usual }: Plausibility): JudgedAs {
	const sentences = findings.map(({ sentence }) => sentence);
	const sentence =
		sentences.length > 0
			? "It does not look like the backups before it."
			: learning !== null
				? `Too few backups to compare with yet: ${learning.have} of ${learning.need}.`
				: (variable ?? "It looks like the backups before it.");
	return { sentence, findings: sentences, usual: usualRanges(run, usual) };
}

function usualRanges(run: Run, usual: Plausibility["usual"]): UsualRange[] {
	const ranges: UsualRange[] = [];
	const add = (name: string, unit: UsualRange["unit"], value: number | null, series: string) => {
		const band = usual[series];
		if (value !== null && band !== undefined)
			ranges.push({ name, unit, value, low: band.low, median: band.median, high: band.high });
	};
	add("Size", "bytes", run.size, "size");
	add("Added", "bytes", run.bytesAdded, "bytes_added");
	add("Files", "count", run.filesTotal, "files_total");
	add("Duration", "seconds", run.duration, "duration");
	for (const { name, seconds } of run.phases) add(name, "seconds", seconds, `phase:${name}`);
	return ranges;
}
