// The monitor's own state: version, memory, database, the file it follows, its clock, and when it was off.
import type { ServiceHealth, SettingsPage } from "../../settings-page.ts";
import { formatBytes, formatDuration, plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { ago, calendarTime, formatExact, formatZone } from "../time-element.ts";

const shownOutages = 5;

export function serviceHealth(data: SettingsPage): Html {
	const { health, now, zone, units } = data;
	const rows: [name: string, value: Html | string, hint: Html | string | null][] = [
		["Version", health.version, `commit ${health.commit}`],
		["Running since", calendarTime(health.startedAt, data), ago(health.startedAt, data)],
		["Memory", formatBytes(health.memory, units), "resident"],
		["Database", databaseText(health, data), html`<bdi class="wraps">${health.database.path}</bdi>`],
		["Own copy", copyText(health, data), copyHint(health)],
		["Metrics file", sourceText(health, data), html`<bdi class="wraps">${health.source.path}</bdi>`],
		["Last import", health.source.readAt === null ? "nothing yet" : ago(health.source.readAt, data), null],
		["Clock", formatExact(now, zone), formatZone(now, zone)],
		["Off between", outageList(data), null],
	];
	const items = rows.map(
		([name, value, hint]) =>
			html`<div><dt>${name}</dt><dd>${value}${hint !== null && html`<span class="hint">${hint}</span>`}</dd></div>`,
	);
	return html`<section class="card" id="service" aria-labelledby="service-title"><header>${overall(data)}<h2 id="service-title">This monitor</h2><p class="hint">as JSON: <a href="/api/health">/api/health</a></p></header><div class="body"><dl class="rows told">${items}</dl></div></section>`;
}

function overall({ problems }: SettingsPage): Html {
	const isCritical = problems.some(({ severity }) => severity === "critical");
	const [state, word] = isCritical
		? (["failed", "Critical:"] as const)
		: problems.length > 0
			? (["warning", "Warning:"] as const)
			: (["ok", "Well:"] as const);
	return html`<span class="state" data-state="${state}">${icon(state, word)}</span>`;
}

function databaseText({ database: { size, state } }: ServiceHealth, { units }: SettingsPage): string {
	if (state === "closed") return "not open";
	const bytes = formatBytes(size, units);
	return state === "writable" ? bytes : `${bytes}, cannot be written`;
}

function copyText({ ownCopy }: ServiceHealth, data: SettingsPage): Html | string {
	if (ownCopy === null) return "none yet; one is made each night in which something has changed";
	return html`${ago(ownCopy.at, data)}, ${formatBytes(ownCopy.size, data.units)}, checked`;
}

function copyHint({ ownCopy }: ServiceHealth): Html | null {
	return ownCopy === null ? null : html`<bdi class="wraps">${ownCopy.path}</bdi>`;
}

function sourceText({ source }: ServiceHealth, data: SettingsPage): Html | string {
	if (source.state === "missing") return "not there yet; it is read once it is";
	if (source.state === "unreadable") return `cannot be read: ${source.reason ?? "no reason given"}`;
	const rejected = source.rejected === 0 ? null : html`, <a href="#rejected">${source.rejected} rejected</a>`;
	const looked = source.checkedAt === null ? null : html`, looked at ${ago(source.checkedAt, data)}`;
	return html`${plural(source.lines, "line")}${rejected}${looked}`;
}

function outageList(data: SettingsPage): Html | string {
	const { outages } = data.health;
	if (outages.length === 0) return "never, as far as is known";
	const items = outages
		.slice(0, shownOutages)
		.map(
			({ from, to }) =>
				html`<li>${calendarTime(from, data)} and ${calendarTime(to, data)} <span class="hint">${formatDuration((to - from) / 1000)}</span></li>`,
		);
	const more = outages.length - shownOutages;
	return html`<ul>${items}${more > 0 && html`<li class="hint">and ${more} before</li>`}</ul>`;
}
