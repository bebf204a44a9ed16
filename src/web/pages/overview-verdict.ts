// The first card: one sentence, a ring with a piece per job, three facts, and a row per alert.

import { troubleOf } from "../../needs.ts";
import type { Overview, OverviewJob } from "../../overview.ts";
import { estimated } from "../../restore-words.ts";
import { formatAge, formatDuration, plural, type Units } from "../../units.ts";
import type { Verdict, VerdictJob, VerdictPart } from "../../verdict.ts";
import { type Html, html } from "../html.ts";
import { ago, calendarTime } from "../time-element.ts";
import { attention } from "./overview-alerts.ts";
import { jobHref } from "./overview-parts.ts";

export function verdictCard(data: Overview, said: Verdict, jobs: VerdictJob[], units: Units): Html {
	return html`<section class="card verdict" data-state="${said.state === "idle" ? "none" : said.state}" aria-labelledby="verdict">
<div class="verdict-top">${ring(jobs, said)}
<div><h1 id="verdict" aria-live="polite">${sentence(said.sentence)}</h1><p class="lead">${sentence(said.lead)}</p></div></div>
${facts(data)}
${attention(data, jobs, units)}
</section>`;
}

function sentence(parts: VerdictPart[]): Html[] {
	return parts.map((part) =>
		typeof part === "string" ? html`${part}` : html`<a href="${jobHref(part.slug)}"><bdi>${part.name}</bdi></a>`,
	);
}

const looks = ["failed", "late", "warning", "running", "new", "ok"] as const;
type Look = (typeof looks)[number];

function lookOf(job: VerdictJob): Look {
	const trouble = troubleOf(job);
	if (trouble !== null) return job.state === "late" && trouble.look === "warning" ? "late" : trouble.look;
	if (job.lastGoodAt === null) return "new";
	return job.state === "running" ? "running" : "ok";
}

/** Above two dozen jobs, one piece per state: slivers say nothing. Paused and archived jobs are no part of it. */
function ring(all: VerdictJob[], said: Verdict): Html {
	const jobs = all.filter(({ state }) => state !== "paused" && state !== "archived").map(lookOf);
	const groups = looks.map((look) => ({ look, weight: jobs.filter((job) => job === look).length }));
	const pieces =
		jobs.length > 24 ? groups.filter((group) => group.weight > 0) : jobs.map((look) => ({ look, weight: 1 }));
	const isUnknown = said.state === "unknown";
	const good = jobs.filter((look) => look === "ok" || look === "running").length;
	let from = 0;
	const arcs = pieces.map(({ look, weight }) => {
		const to = from + weight / jobs.length;
		const path = arc(from, to, pieces.length > 1 ? 0.02 : 0);
		from = to;
		return html`<path data-state="${isUnknown ? "unknown" : ringStates[look]}" d="${path}"/>`;
	});
	const whole = pieces.length === 0 && html`<path data-state="none" d="${arc(0, 1, 0)}"/>`;
	return html`<svg class="ring"${jobs.length > 99 && html` data-many`} viewBox="0 0 72 72" aria-hidden="true">${whole}${arcs}
<text x="36" y="41" text-anchor="middle">${isUnknown ? "?" : html`${good}<tspan class="ring-of">/${jobs.length}</tspan>`}</text></svg>`;
}

const ringStates: Record<Look, string> = {
	failed: "failed",
	late: "old",
	warning: "warning",
	running: "running",
	new: "none",
	ok: "ok",
};

function arc(from: number, to: number, gap: number): string {
	const point = (turn: number) => {
		const angle = (turn - 0.25) * 2 * Math.PI;
		return `${(36 + 29 * Math.cos(angle)).toFixed(2)} ${(36 + 29 * Math.sin(angle)).toFixed(2)}`;
	};
	// A whole turn would begin where it ends, and nothing would be drawn.
	const end = Math.max(from + 0.004, Math.min(to - gap / 2, from + 0.9999));
	return `M${point(from + gap / 2)}A29 29 0 ${end - from > 0.5 ? 1 : 0} 1 ${point(end)}`;
}

function facts(data: Overview): Html | null {
	const jobs = data.judged.filter(({ judgement: { state } }) => state !== "paused" && state !== "archived");
	if (jobs.length === 0) return null;
	return html`<dl class="facts">${recovery(data, jobs)}${restore(data)}${running(data, jobs) ?? next(data, jobs)}</dl>`;
}

function fact(label: string, value: Html | string, note: Html | string | null, state: string | null = null): Html {
	const mark = state !== null && html` class="state" data-state="${state}"`;
	return html`<div><dt>${label}</dt><dd${mark}>${value}</dd><dd>${note}</dd></div>`;
}

function titled(job: OverviewJob): Html {
	return html`<a href="${jobHref(job.slug)}"><bdi>${job.title ?? job.name}</bdi></a>`;
}

/** How much would be lost: of each job the age of its newest copy, seen in the remote where somebody looks there. */
function recoveryAt({ ladder: { present }, lastGoodAt }: OverviewJob): number | null {
	return present.state === "not_set_up" ? lastGoodAt : present.at;
}

function recovery(data: Overview, jobs: OverviewJob[]): Html {
	const label = "Oldest recovery point";
	const without = jobs.filter((job) => recoveryAt(job) === null);
	const [none] = without;
	if (none !== undefined) {
		const who = without.length === 1 ? titled(none) : html`${without.length}\u00a0jobs`;
		const isFailing = without.some(({ judgement: { state } }) => state !== "running" && state !== "new");
		return fact(
			label,
			"none yet",
			html`${who} ${without.length === 1 ? "has" : "have"} no good backup on record`,
			isFailing ? "failed" : null,
		);
	}
	const byAge = jobs.toSorted((a, b) => (recoveryAt(a) ?? 0) - (recoveryAt(b) ?? 0));
	const [oldest, second] = byAge;
	if (oldest === undefined) return fact(label, "none yet", null);
	const at = recoveryAt(oldest) ?? 0;
	const over = byAge.find((job) => job.rpo !== null && data.now - (recoveryAt(job) ?? 0) > job.rpo * 1000);
	const isWaited = ["missed", "stale", "late", "failed", "stuck"].includes(oldest.judgement.state);
	const rest =
		second === undefined
			? null
			: html`. The ${jobs.length === 2 ? "other" : "others"}: ${formatAge((data.now - (recoveryAt(second) ?? 0)) / 1000)} or newer`;
	const note =
		over === undefined
			? html`${titled(oldest)}${rest}`
			: html`${titled(over)} may lose at most ${formatDuration(over.rpo)}${over !== oldest && html`, and is ${formatAge((data.now - (recoveryAt(over) ?? 0)) / 1000)} old`}`;
	return fact(label, ago(at, data), note, over !== undefined ? "failed" : isWaited ? "warning" : null);
}

function restore({ restore: time, judged, now }: Overview): Html {
	const label = "Time to restore everything";
	if (time === null) {
		return html`<div><dt>${label}</dt><dd class="hollow">never tested</dd><dd>not set up: <a href="/restore">record a restore</a></dd></div>`;
	}
	const counted = judged.filter((job) => job.restore !== null);
	const proven = counted.filter((job) => job.restore?.testedAt != null).length;
	// One that was never tried leaves the whole without a test, but not the others.
	const partly = proven === 0 ? "never tested" : `${proven} of ${plural(counted.length, "job")} tested`;
	const tested = time.testedAt === null ? partly : `last tested ${formatAge((now - time.testedAt) / 1000)} ago`;
	return fact(label, estimated(time.seconds), tested, time.testedAt === null ? "warning" : null);
}

function running(data: Overview, jobs: OverviewJob[]): Html | null {
	const going = jobs.filter((job) => job.running !== null);
	const [first] = going;
	if (first?.running == null) return null;
	const usual = first.usualDuration === null ? null : html` of \u2248\u00a0${formatAge(first.usualDuration)}`;
	const elapsed = formatAge((data.now - first.running.startedAt) / 1000);
	const more = going.length > 1 ? html`and ${going.length - 1} more; ` : null;
	const soon = soonest(data, jobs);
	const then =
		soon === null
			? "nothing else is due"
			: html`then ${titled(soon)}, ${calendarTime(soon.judgement.dueAt ?? 0, data)}`;
	const isStuck = first.judgement.state === "stuck";
	return fact(
		"Running now",
		html`${titled(first)}, ${elapsed}${usual}`,
		html`${more}${then}`,
		isStuck ? "failed" : "running",
	);
}

function soonest({ now }: Overview, jobs: OverviewJob[]): OverviewJob | null {
	const due = jobs.filter(({ judgement: { dueAt } }) => dueAt !== null && dueAt > now);
	return due.toSorted((a, b) => (a.judgement.dueAt ?? 0) - (b.judgement.dueAt ?? 0))[0] ?? null;
}

function next(data: Overview, jobs: OverviewJob[]): Html {
	const job = soonest(data, jobs);
	if (job === null) {
		return html`<div><dt>Next run</dt><dd class="hollow">not known yet</dd><dd>a rhythm is learned from three regular runs</dd></div>`;
	}
	const at = job.judgement.dueAt ?? 0;
	return fact("Next run", ago(at, data), html`${titled(job)}, ${calendarTime(at, data)}`);
}
