// The rows of the jobs, each drawn again only when something that it says has changed: with a new report that is one row.

import { KeptBy } from "../../kept.ts";
import { rungNames } from "../../ladder.ts";
import type { OverviewJob } from "../../overview.ts";
import { currentReader } from "../../reader.ts";
import { dayOf } from "../../time.ts";
import { ageStep, type Units } from "../../units.ts";
import { flat, type Html } from "../html.ts";
import { readerKey } from "../page-reader.ts";
import { type Clock, shownZone } from "../time-element.ts";
import { jobRow, type Listed } from "./overview-job-row.ts";

/** A row is 3 KB. Two readers of forty rows each. */
const mostKept = 120;
const drawn = new KeptBy<Html>(mostKept);

export function jobRows(rows: readonly Listed[], clock: Clock, units: Units, isLight: boolean): Html[] {
	// With more than can be kept, each would push the next one out.
	if (rows.length > mostKept) return rows.map((row) => jobRow(row, clock, units, isLight));
	const view = `${readerKey(currentReader())} ${clock.zone} ${units.iec} ${isLight}`;
	const days = [dayOf(clock.now, shownZone(clock.zone)), dayOf(clock.now, "UTC")];
	return rows.map((listed) => {
		const { job, trouble, called } = listed;
		const inputs = [job, trouble?.look ?? null, called, ...days, ...agesOf(job, clock.now)];
		return drawn.of(`${job.slug} ${view}`, inputs, () => flat(jobRow(listed, clock, units, isLight)));
	});
}

/** Of every instant that a row tells the age of, or whether it is past: what it says of it now. */
function agesOf({ judgement, ladder, lastGoodAt, pausedUntil, running, restore }: OverviewJob, now: number): number[] {
	const { dueAt, deadlineAt, missed } = judgement;
	const instants = [lastGoodAt, dueAt, deadlineAt, missed?.firstAt, pausedUntil, running?.startedAt, restore?.testedAt];
	for (const name of rungNames) instants.push(ladder[name].at);
	return instants.map((at) => (at == null ? Number.NaN : ageStep(at, now)));
}
