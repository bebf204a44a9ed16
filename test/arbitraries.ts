// Reports, stamps and lines as fast-check makes them, for properties.
import fc from "fast-check";

export const zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"];

/** An instant, and one way to write it. */
export const stampArb = fc
	.record({
		at: fc.integer({ min: 86_400, max: Date.UTC(2199, 0, 1) / 1000 }).map((seconds) => seconds * 1000),
		offset: fc.integer({ min: -14 * 60, max: 14 * 60 }),
	})
	.map(({ at, offset }) => ({ at, text: withOffset(at, offset) }));

/** An instant written as the wall clock of an offset in minutes. */
export function withOffset(at: number, offset: number): string {
	const local = new Date(at + offset * 60_000).toISOString().slice(0, 19);
	const hours = String(Math.trunc(Math.abs(offset) / 60)).padStart(2, "0");
	const minutes = String(Math.abs(offset) % 60).padStart(2, "0");
	return `${local}${offset < 0 ? "-" : "+"}${hours}:${minutes}`;
}

export const reportArb = fc.record(
	{
		timestamp: fc.oneof(
			stampArb.map(({ text }) => text),
			fc.integer({ min: 1_000_000_000, max: 4_000_000_000 }),
		),
		backup_id: fc.oneof(
			fc.integer({ min: 0, max: 30 }).map((n) => `run-${n}`),
			fc.integer({ min: 0, max: 5 }),
		),
		success: fc.oneof(fc.boolean(), fc.constantFrom("yes", "failed", "OK", 0, 1)),
		job: fc.constantFrom("default", "photos", "db", null),
		host: fc.constantFrom("", "pi4", null),
		duration_total: fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(null, "12", -1)),
		size_bytes: fc.oneof(fc.nat(), fc.constantFrom(null, "x", 1e300)),
		error_category: fc.constantFrom(null, "timeout", "disk_full"),
		note: fc.string(),
	},
	{ requiredKeys: ["timestamp", "backup_id", "success"] },
);

/** Mostly reports; now and then other JSON, or anything. */
export const lineArb = fc.oneof(
	{ weight: 6, arbitrary: reportArb.map((report) => JSON.stringify(report)) },
	{ weight: 1, arbitrary: fc.json() },
	{ weight: 1, arbitrary: fc.string({ unit: "binary" }) },
);
