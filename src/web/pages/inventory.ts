// The page "/inventory": what was reported against what the remotes show, and how a remote is looked into.
import type { InventoryJob, InventoryPage } from "../../inventory-page.ts";
import { commandLines, curlLine, pulledLines } from "../../inventory-setup.ts";
import { formatAge, plural, type Units } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { banners, footer, page, type Theme } from "../layout.ts";
import { sized } from "../size-element.ts";
import { ago, calendarTime } from "../time-element.ts";
import { behind, meaningsCard } from "./inventory-meanings.ts";
import { timeline } from "./inventory-timeline.ts";
import { snippet } from "./snippet.ts";

export function inventoryPage(data: InventoryPage, theme: Theme, units: Units): Html {
	const live = inventoryMain(data, units);
	return page({
		title: windowTitle(data),
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: "/inventory",
		nav: "/inventory",
		live,
	});
}

export function inventoryLive(data: InventoryPage, units: Units): Html {
	return html`<title>${windowTitle(data)}</title>${inventoryMain(data, units)}`;
}

function windowTitle({ jobs }: InventoryPage): string {
	const missing = jobs.filter(({ rung }) => rung.state === "failed").length;
	return `${missing === 0 ? "Inventory" : `Snapshots missing in ${plural(missing, "job")}`} \u00b7 Backup Monitor`;
}

function inventoryMain(data: InventoryPage, units: Units): Html {
	return html`<div id="live" data-now="${data.now}" hx-get="/inventory" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">
<h1 class="page-title">Inventory</h1>
${data.lab === null ? html`<p class="inventory-lab">Nobody has looked into a remote yet: whether the reported backups are there is not known.</p>` : html`<p class="inventory-lab">${data.lab}</p>`}
${data.jobs.map((job) => jobCard(job, data, units))}
${data.jobs.length > 0 && meaningsCard()}
${setup(data)}
</main>
${footer(data)}
</div>`;
}

function jobCard(shown: InventoryJob, data: InventoryPage, units: Units): Html {
	const { job, title, rung, listing, latest } = shown;
	const state = rung.state === "not_set_up" ? "unknown" : rung.state;
	const word = { ok: "Well:", warning: "Warning:", failed: "Failed:", unknown: "Not known:" }[state];
	const kept =
		shown.target === null
			? html`No target is set (<code>rpo</code>).`
			: html`The target is ${formatAge(shown.target.seconds)}: ${shown.target.isKept ? "kept" : html`<strong>not kept</strong>`}.`;
	const details = html`<dl class="inventory-facts"><div><dt>Reported</dt><dd>${shown.reported}</dd></div><div><dt>In the remote</dt><dd>${shown.there}</dd></div>${shown.isMirror ? null : html`<div><dt>Found again</dt><dd>${shown.present}</dd></div>`}<div><dt>Let go by retention</dt><dd>${shown.forgotten}</dd></div>${shown.others > 0 && html`<div><dt>${shown.isMirror ? "Files of a mirror" : "Of other jobs"}</dt><dd>${shown.others}</dd></div>`}${shown.promise.map(({ period, wanted, has }) => html`<div><dt>Promised, ${period}</dt><dd${has < wanted && html` data-state="warning"`}>${has} of ${wanted}</dd></div>`)}</dl>
${!shown.isMirror && timeline(shown.timeline, data)}
${missing(shown)}
${unreported(shown, data, units)}`;
	return html`<section class="card inventory-job" id="inventory-${job.slug}" data-state="${state}" aria-labelledby="inventory-${job.slug}-title">
<header><span class="state" data-state="${state}">${icon(state, word)}</span><h2 id="inventory-${job.slug}-title"><a href="/jobs/${job.slug}"><bdi>${title ?? job.name}</bdi></a>${job.host !== "" && html` <span class="muted">on <bdi>${job.host}</bdi></span>`}</h2>
<p class="hint">${listing === null ? "never listed whole" : html`listed ${ago(listing.at, data)}`}${latest !== null && html` \u00b7 ${latest.format}, ${sourceWords[latest.source]}`}</p></header>
<div class="body">
<p class="wraps"><bdi>${rung.sentence}</bdi></p>
<p><strong>${shown.loss}</strong> ${kept}</p>
${shown.trouble !== null && shown.trouble !== rung.sentence && html`<p class="wraps inventory-trouble"><bdi>${shown.trouble}</bdi></p>`}
${behind(job.slug, state !== "ok", details)}
</div></section>`;
}

const sourceWords: Record<NonNullable<InventoryJob["latest"]>["source"], string> = {
	push: "pushed",
	file: "dropped as a file",
	shell: "handed over",
	command: "by command",
	folder: "from a folder",
	s3: "from a bucket",
};

function missing({ missing: list, moreMissing }: InventoryJob): Html | null {
	if (list.length === 0) return null;
	const items = list.map(
		({ sentence, isSure, runId }) =>
			html`<li><span class="state" data-state="${isSure ? "failed" : "warning"}">${icon(isSure ? "failed" : "warning", isSure ? "Absent:" : "Not sure:")}</span><span class="wraps"><bdi>${sentence}</bdi> <a href="/runs/${runId}">the run</a></span></li>`,
	);
	return html`<h3>Missing</h3><ul class="inventory-list">${items}</ul>${moreMissing > 0 && html`<p class="hint">and ${plural(moreMissing, "more run")}</p>`}`;
}

function unreported(
	{ unreported: list, moreUnreported }: InventoryJob,
	data: InventoryPage,
	units: Units,
): Html | null {
	if (list.length === 0) return null;
	const rows = list.map(
		({ name, at, size, about }) =>
			html`<tr><th scope="row"><bdi>${name}</bdi></th><td>${at === null ? "\u2013" : calendarTime(at, data)}</td><td>${sized(size, units)}</td><td class="wraps"><bdi>${about}</bdi></td></tr>`,
	);
	return html`<h3>In the remote, never reported</h3>
<div class="table-frame" tabindex="0"><table class="plain"><thead><tr><th scope="col">Snapshot</th><th scope="col">Made</th><th scope="col">Size</th><th scope="col">What</th></tr></thead><tbody>${rows}</tbody></table></div>${moreUnreported > 0 && html`<p class="hint">and ${plural(moreUnreported, "more")}</p>`}`;
}

/** Open where nothing was listed yet: a hollow rung says what would fill it. */
function setup(data: InventoryPage): Html {
	const { unlisted, address, jobs } = data;
	const [first] = unlisted.length > 0 ? unlisted : jobs.map(({ job }) => job);
	const name = first?.name ?? "nas";
	const lines = commandLines(name, null).map(
		({ name: tool, line }) => html`<div><dt>${tool}</dt><dd>${snippet(line, `Line for ${tool}`)}</dd></div>`,
	);
	const pulled = pulledLines(name).map(
		({ name: what, text }) => html`<div><dt>${what}</dt><dd>${snippet(text, `${what}, in config.yaml`)}</dd></div>`,
	);
	const left = unlisted.map(
		({ slug, name: job }, i) => html`${i > 0 && ", "}<a href="/jobs/${slug}"><bdi>${job}</bdi></a>`,
	);
	return html`<section class="card" id="inventory-setup" aria-labelledby="inventory-setup-title"><header><span class="state" data-state="unknown">${icon("hollow")}</span><h2 id="inventory-setup-title">${unlisted.length === 0 ? "How a remote is looked into" : plural(unlisted.length, "job was", "jobs were")}${unlisted.length > 0 && " never looked for in a remote"}</h2></header>
<div class="body">${unlisted.length > 0 && html`<p class="wraps">${left}</p>`}
<p>Let the tool list its own remote after each backup, or once a day. Two listings in agreement, ten minutes apart, are needed before anything is called absent.</p>
<details class="opens" id="inventory-lines"${jobs.length === 0 && html` open`}><summary>${icon("chevron")}By a line in your script</summary><dl class="inventory-lines">${lines}</dl>
<p class="hint">On another machine, add <code>--to ${address}</code> and its token. Without our program:</p>
${snippet(curlLine(first?.slug ?? "nas", address), "With curl")}
<p class="hint">Or put the listing into the data folder as <code>inventory/${first?.slug ?? "nas"}.restic</code>.</p></details>
<details class="opens" id="inventory-pulled"><summary>${icon("chevron")}By the monitor itself, in config.yaml</summary><dl class="inventory-lines">${pulled}</dl>
<p class="hint">A bucket's keys come from S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY (or their _FILE). A command runs as the monitor's user, on a bare-metal install.</p></details></div></section>`;
}
