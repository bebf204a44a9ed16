// The form above the runs, and what it asks for as words that can each be taken back.
import type { RunsAsked, RunsField, RunsPage } from "../../runs-page.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { filtersOf, runsPath } from "./runs-path.ts";

export const kindWords: Record<string, string> = {
	backup: "Backup",
	check: "Check",
	prune: "Prune",
	sync: "Sync",
	restore_test: "Restore test",
};

const outcomeWords: Record<string, string> = {
	"": "All",
	failure: "Failed",
	warning: "Warning",
	success: "OK",
	running: "Running",
};

/** Asks while one types or chooses; without script its button does. */
export function runsFilter(data: RunsPage): Html {
	const { asked } = data;
	return html`<form class="card runs-filter" id="filter" role="search" aria-label="Runs" method="get" action="/runs" autocomplete="off" hx-get="/runs" hx-trigger="submit, change, input changed delay:200ms target:.typed" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace">
<label class="field search">${icon("search", "Text in error, log, id, job, repository or snapshot")}<input class="typed" type="search" name="q" id="filter-q" value="${asked.q}" maxlength="256" placeholder="Error, log, id, snapshot\u2026" spellcheck="false" dir="auto"></label>
${outcomes(asked.outcome)}
${data.jobs.length > 1 && select("job", "Job", asked.job, jobOptions(data))}
<details class="runs-more" id="filter-more"${isMoreAsked(asked) && html` open`}><summary>${icon("chevron")}More filters</summary><div>
${select("kind", "Kind", asked.kind, [["", "Any"], ...Object.entries(kindWords)])}
${data.hosts.length > 1 && select("host", "Host", asked.host, [["", "Any"], ...data.hosts.map((host): Option => [host, host])])}
<label class="field"><span class="field-name">Label</span><input class="typed" type="text" name="label" id="filter-label" value="${asked.label}" maxlength="256" placeholder="place=attic" spellcheck="false" dir="auto"></label>
<label class="field"><span class="field-name">From</span><input type="date" name="from" id="filter-from" value="${asked.from}"></label>
<label class="field"><span class="field-name">To</span><input type="date" name="to" id="filter-to" value="${asked.to}"></label>
</div></details>
<button class="button scripting-none" type="submit">Show</button></form>`;
}

/** Folded away on a phone, but never while they hide something. */
function isMoreAsked({ kind, host, label, from, to }: RunsAsked): boolean {
	return [kind, host, label, from, to].some((value) => value !== "");
}

function outcomes(chosen: string): Html {
	const buttons = Object.entries(outcomeWords).map(
		([value, word]) =>
			html`<label><input type="radio" name="outcome" id="${`outcome-${value}`}" value="${value}"${value === chosen && html` checked`}><span>${word}</span></label>`,
	);
	return html`<fieldset class="choices"><legend class="sr">Outcome</legend>${buttons}</fieldset>`;
}

type Option = [value: string, word: string];

/** What is asked for stands in the list even where nothing is called so: else the form would ask for something else. */
function select(name: RunsField, label: string, chosen: string, options: Option[]): Html {
	const known = options.some(([value]) => value === chosen) ? options : [...options, [chosen, chosen] satisfies Option];
	const shown = known.map(
		([value, word]) => html`<option value="${value}"${value === chosen && html` selected`}>${word}</option>`,
	);
	return html`<label class="field"><span class="field-name">${label}</span><select name="${name}" id="${`filter-${name}`}">${shown}</select></label>`;
}

function jobOptions({ jobs }: RunsPage): Option[] {
	const shared = new Set(jobs.map((job) => job.name).filter((name, i, names) => names.indexOf(name) !== i));
	return [
		["", `All ${jobs.length}`],
		...jobs.map(({ slug, name, host }): Option => [slug, shared.has(name) && host !== "" ? `${name} (${host})` : name]),
	];
}

const fieldWords: Partial<Record<RunsField, string>> = {
	q: "text",
	job: "job",
	host: "host",
	kind: "kind",
	outcome: "outcome",
	label: "label",
	from: "from",
	to: "to",
};

/** Each filter with a way out of it. */
export function shownFilters({ asked, jobs }: RunsPage): Html | null {
	const fields = filtersOf(asked);
	if (fields.length === 0) return null;
	const chips = fields.map((field) => {
		const said = valueWords(field, asked[field], jobs);
		return html`<a class="chip" href="${runsPath(asked, { [field]: "" })}"><span>${fieldWords[field]} <b><bdi>${said}</bdi></b></span>${icon("remove", "Remove this filter")}</a>`;
	});
	return html`<div class="runs-chips"><span class="hint">Only</span>${chips}<a class="button ghost" href="/runs">Clear all</a></div>`;
}

function valueWords(field: RunsField, value: string, jobs: RunsPage["jobs"]): string {
	if (field === "outcome") return outcomeWords[value] ?? value;
	if (field === "kind") return kindWords[value] ?? value;
	if (field === "job") return jobs.find((job) => job.slug === value)?.name ?? value;
	return value;
}
