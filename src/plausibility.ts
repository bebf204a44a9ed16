// Whether a finished backup looks like the ones before it: bytes, durations, phases and files, in sentences with numbers.
import type { Sensitivity } from "./settings.ts";

/** A finished backup as far as plausibility looks at it. Seconds and bytes; null is unknown. */
export type Measured = {
	runId: number;
	startedAt: number;
	outcome: "success" | "warning" | "failure";
	/** Total source size. */
	size: number | null;
	bytesAdded: number | null;
	duration: number | null;
	filesTotal: number | null;
	phases: { name: string; seconds: number }[];
};

export type PlausibilityLimits = {
	minSize: number | null;
	maxSize: number | null;
	maxRuntime: number | null;
	sensitivity: Sensitivity;
	/** Only runs that began at or after this instant are the past ("mark as expected"); null: all. */
	baselineFrom: number | null;
	zone: string;
};
