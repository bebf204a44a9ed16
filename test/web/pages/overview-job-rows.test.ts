// A kept row says what a row that is drawn anew would say: at any moment, to any reader, whatever is wrong with the job.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { troubleOf } from "../../../src/needs.ts";
import { writtenFor } from "../../../src/reader.ts";
import { verdictJobs } from "../../../src/verdict.ts";
import { jobRow, type Listed } from "../../../src/web/pages/overview-job-row.ts";
import { jobRows } from "../../../src/web/pages/overview-job-rows.ts";
import { sampleOverview } from "./sample-overview.ts";

const hour = 3_600_000;

test("a row is kept only as long as it would be drawn the same", () => {
	const data = sampleOverview();
	const told = verdictJobs(data.judged);
	const rows = data.judged.map((job, i): Listed => {
		const verdict = told[i];
		if (verdict === undefined) throw new Error("a job is missing");
		return { job, trouble: troubleOf(verdict), called: verdict.name };
	});
	expect(rows.length).toBeGreaterThan(1);
	const someTime = fc.oneof(
		fc.integer({ min: -2000, max: 2000 }),
		fc.integer({ min: -26 * hour, max: 26 * hour }),
		fc.integer({ min: 0, max: 400 * 24 * hour }),
	);
	// Midnight of the data, of the reader, and of the year.
	const someMoment = fc.oneof(
		fc.constant(data.now),
		...[0, 15, 16, 23].map((hours) => fc.constant(Date.UTC(2026, 10, 24, hours))),
		fc.constant(Date.UTC(2027, 0, 1)),
	);
	const someReader = fc.record({
		locale: fc.constantFrom(null, "de-DE", "ar-EG"),
		zone: fc.constantFrom(null, "Asia/Tokyo"),
	});
	const someLook = fc.record({
		iec: fc.boolean(),
		isLight: fc.boolean(),
		trouble: fc.constantFrom<Listed["trouble"][]>(null, {
			look: "failed",
			rank: 1,
			one: "is lost",
			many: "are lost",
			count: "lost",
		}),
		isTroubled: fc.boolean(),
	});
	let moments = 0;
	fc.assert(
		fc.property(someMoment, someTime, someReader, someLook, (moment, later, reader, look) => {
			const clock = { now: moment + later, zone: "Europe/Berlin" };
			const listed = rows.map((row) => (look.isTroubled ? { ...row, trouble: look.trouble } : row));
			const kept = writtenFor<string[]>(reader, () => jobRows(listed, clock, look, look.isLight).map(String));
			const fresh = writtenFor<string[]>(reader, () =>
				listed.map((row) => String(jobRow(row, clock, look, look.isLight))),
			);
			expect(kept).toEqual(fresh);
			moments++;
		}),
		{ numRuns: 600 },
	);
	expect(moments).toBeGreaterThan(500);
});
