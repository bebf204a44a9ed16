// The restore points of the last weeks as a strip of days, with the gaps in words: the strip alone tells nobody enough.
import type { DayState, Timeline, TimelineDay } from "../../inventory-timeline.ts";
import { formatAge, plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { type Clock, calendarTime, formatDate, formatDateAt } from "../time-element.ts";

const words: Record<DayState, string> = {
	there: "",
	absent: "absent",
	unconfirmed: "not in the newest listing, not sure",
	unlisted: "reported, not looked for yet",
	none: "nothing",
};

export function timeline({ days, points, oldest, gaps }: Timeline, clock: Clock): Html {
	const cells = days.map((day) => html`<li data-state="${day.state}" title="${titleOf(day, clock)}"></li>`);
	const summary =
		oldest === null
			? html`There is no restore point.`
			: html`${plural(points, "restore point")}, the oldest of ${formatDateAt(oldest, clock)}.`;
	const missing = gaps.map(
		({ from, to }, i) =>
			html`${i > 0 && "; "}${formatAge((to - from) / 1000)} from ${calendarTime(from, clock)} to ${calendarTime(to, clock)}`,
	);
	return html`<h3>Restore points</h3><ol class="inventory-days" aria-hidden="true">${cells}</ol>
<p class="hint">${summary}${gaps.length > 0 && html` Longest gaps: ${missing}.`}</p>`;
}

function titleOf({ day, there, state }: TimelineDay, { now }: Clock): string {
	return `${formatDate(day * 86_400_000, { now, zone: "UTC" })}: ${state === "there" ? `${there} there` : words[state]}`;
}
