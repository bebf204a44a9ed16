// The rows of the jobs, each drawn again only when something that it says has changed: with a new report that is one row.

import { isSame } from "../../kept.ts";
import { rungNames } from "../../ladder.ts";
import type { OverviewJob } from "../../overview.ts";
import { currentReader } from "../../reader.ts";
import { dayOf } from "../../time.ts";
import { ageStep, type Units } from "../../units.ts";
import { type Html, raw } from "../html.ts";
import { readerKey } from "../page-reader.ts";
import { type Clock, shownZone } from "../time-element.ts";
import { jobRow, type Listed } from "./overview-job-row.ts";

type Drawn = { inputs: readonly unknown[]; row: Html };

/** A row is 3 KB. Two readers of forty rows each. */
const mostKept = 120;
const drawn = new Map<string, Drawn>();

export function jobRows(rows: readonly Listed[], clock: Clock, units: Units, isLight: boolean): Html[] {
	// With more than can be kept, each would push the next one out.
	if (rows.length > mostKept) return rows.map((row) => jobRow(row, clock, units, isLight));
	const view = `${readerKey(currentReader())} ${clock.zone} ${units.iec} ${isLight}`;
	const days = [dayOf(clock.now, shownZone(clock.zone)), dayOf(clock.now, "UTC")];
	return rows.map((listed) => {
		const { job, trouble, called } = listed;
		const inputs = [job, trouble?.look ?? null, called, ...days, ...agesOf(job, clock.now)];
		const key = `${job.slug} ${view}`;
		const known = drawn.get(key);
		if (known !== undefined && isSame(known.inputs, inputs)) return known.row;
		const row = flat(jobRow(listed, clock, units, isLight));
		if (known === undefined && drawn.size >= mostKept) drawn.clear();
		drawn.set(key, { inputs, row });
		return row;
	});
}

/** Of every instant that a row tells the age of, or whether it is past: what it says of it now. */
function agesOf({ judgement, ladder, lastGoodAt, pausedUntil, running, restore }: OverviewJob, now: number): number[] {
	const { dueAt, deadlineAt, missed } = judgement;
	const instants = [lastGoodAt, dueAt, deadlineAt, missed?.firstAt, pausedUntil, running?.startedAt, restore?.testedAt];
	for (const name of rungNames) instants.push(ladder[name].at);
	return instants.map((at) => (at == null ? Number.NaN : ageStep(at, now)));
}

/** As one piece: what is put together from hundreds would be put together again with every page. */
function flat({ text }: Html): Html {
	text.charCodeAt(0);
	return raw(text);
}
