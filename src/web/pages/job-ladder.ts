// The proof ladder as four cards: what was proven, when and by which run, and what leads to the next rung.
import type { JobPage } from "../../job-page.ts";
import { type RungName, type RungState, rungNames } from "../../ladder.ts";
import { type Html, html } from "../html.ts";
import { type IconName, icon } from "../icons.ts";
import { ago, calendarTime } from "../time-element.ts";
import { actionForm, jobAction } from "./job-parts.ts";

const rungWords: Record<RungName, { title: string; question: string }> = {
	ran: { title: "Ran", question: "Did it run, on time and well?" },
	plausible: { title: "Plausible", question: "Does it look like its past?" },
	present: { title: "Present", question: "Is the copy in the remote?" },
	restorable: { title: "Restorable", question: "Was a restore tried?" },
};

const rungMarks: Record<RungState, { look: string; icon: IconName; word: string }> = {
	ok: { look: "ok", icon: "ok", word: "proven" },
	warning: { look: "warning", icon: "warning", word: "needs a look" },
	failed: { look: "failed", icon: "failed", word: "not so" },
	unknown: { look: "unknown", icon: "unknown", word: "not known yet" },
	not_set_up: { look: "none", icon: "hollow", word: "not set up" },
};

export function ladderCards(data: JobPage): Html {
	return html`<section aria-labelledby="ladder-title"><h2 class="sr" id="ladder-title">What is proven</h2><ol class="ladder">${rungNames.map((name) => rungCard(name, data))}</ol></section>`;
}

function rungCard(name: RungName, data: JobPage): Html {
	const { state, at, sentence } = data.ladder[name];
	const { title, question } = rungWords[name];
	const mark = rungMarks[state];
	// The head has said why it is in its state: here stands what that leaves proven.
	const isSaid = name === "ran" && at !== null && sentence === data.judgement.reason;
	const look = isSaid ? "words" : "proof";
	const proof =
		at === null ? null : html`<p class="${look}">${proofWords(name, state)} ${ago(at, data)}${by(name, data)}</p>`;
	return html`<li class="card rung" data-rung="${name}" data-state="${mark.look}"${state === "not_set_up" && html` data-hollow`}>
<h3><span class="state">${icon(mark.icon)}</span>${title}<span class="rung-word">${mark.word}</span></h3>
<p class="hint">${question}</p>
${!isSaid && html`<p class="words">${sentence}</p>`}
${proof}${nextStep(name, state, data)}</li>`;
}

function proofWords(name: RungName, state: RungState): string {
	if (name === "ran") return state === "ok" ? "Last good run" : "The last good run was";
	if (name === "plausible") return "Looked at";
	return name === "present" ? "Seen" : "Tried";
}

function by(name: RungName, { good, ...data }: JobPage): Html | null {
	if ((name !== "ran" && name !== "plausible") || good === null) return null;
	return html`, <a href="${`/runs/${good.id}`}">run of ${calendarTime(good.startedAt, data)}</a>`;
}

/** What to do to reach the next rung, or to stand on this one again. */
function nextStep(name: RungName, state: RungState, data: JobPage): Html | null {
	const setup = `/setup?${new URLSearchParams({ job: data.job.name })}`;
	if (state === "not_set_up") {
		const [word, about, page] =
			name === "present"
				? ["Let the remote be listed", "and its copies are counted here", "/inventory"]
				: ["Record a restore", "and its time is measured here", "/restore"];
		return html`<p class="step"><a href="${page}">${word}</a> <span class="muted">${about}.</span></p>`;
	}
	if (name === "ran" && state === "failed" && data.finished?.outcome === "failure") {
		return html`<p class="step"><a href="${`/runs/${data.finished.id}`}">See what went wrong</a></p>`;
	}
	if (name === "ran" && data.finished === null) {
		return html`<p class="step"><a href="${setup}">Lines that report this job</a></p>`;
	}
	if (name === "plausible" && (state === "failed" || state === "warning") && data.archivedAt === null) {
		const button = html`<button class="button small" type="submit" id="expected" title="Compare the next runs with this one, not with what was before">${icon("check")}<span>Mark as expected</span></button>`;
		return html`<div class="step">${actionForm(jobAction(data, "expected"), data, button)}</div>`;
	}
	return null;
}
