// When a job should run: the plan, what is known of it, and the slots it gives. Durations are seconds, instants Unix ms.

/**
 * `cron` gives slots by the wall clock of a zone, `every` one slot a period, `age` has no slots (only "no success for this
 * long"), `none` expects nothing.
 */
export type Schedule =
	| { type: "cron"; cron: string; zone: string }
	| { type: "every"; seconds: number }
	| { type: "age"; seconds: number }
	| { type: "none" };

/** Where a schedule comes from. `assumed`: too few runs to know a rhythm; only an age limit is kept then. */
export type ScheduleSource = "file" | "stored" | "learned" | "assumed";
