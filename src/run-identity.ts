// What makes two reports one run, where two jobs became one: the same id in both is mostly not the same run.
import type { RunReport } from "./run.ts";

type Measures = Pick<RunReport, "startedAt" | "endedAt" | "outcome" | "duration" | "size" | "kind">;

/** One run that was told twice, by both. */
export function isSameRun(a: Measures, b: Measures): boolean {
	return (
		a.startedAt === b.startedAt &&
		a.endedAt === b.endedAt &&
		a.kind === b.kind &&
		a.outcome === b.outcome &&
		a.duration === b.duration &&
		a.size === b.size
	);
}

/** What the runs of a job that was merged into another are told apart by. */
export function strandOf({ name, host }: { name: string; host: string }): string {
	return host === "" ? name : `${name} on ${host}`;
}

/** The id that a run of a strand gets where the job has another run of its id; "" is the job's own strand. */
export function idInStrand(backupId: string, strand: string): string {
	return strand === "" ? backupId : `${backupId} (${strand})`;
}
