// Lines of a metrics file as scripts write them, for tests: only what a test is about needs to be said.

/** The instant of run number 0; each run is an hour after the one before. */
export const firstStart = Date.UTC(2026, 0, 1, 8);

type Fields = Record<string, unknown>;

/** One report: run number `n`, a success unless told otherwise. */
export function aLine(n: number, fields: Fields = {}): string {
	return JSON.stringify({
		timestamp: new Date(firstStart + n * 3_600_000).toISOString().replace(".000Z", "Z"),
		backup_id: `run-${n}`,
		// A report whose outcome is told needs no second word for it.
		...(fields.outcome === undefined && { success: true }),
		duration_total: 1200 + (n % 90),
		duration_archive: 300,
		size_bytes: 2_900_000_000 + n,
		...fields,
	});
}

/** Reports number `from` to `to`, the last excluded, each with its line end. */
export function someLines(from: number, to: number, fields: Fields = {}): string {
	let text = "";
	for (let n = from; n < to; n++) text += `${aLine(n, fields)}\n`;
	return text;
}
