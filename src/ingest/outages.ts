// When the monitor was off: exact after a clean stop, else from the last time it wrote anything.
import type { Database } from "bun:sqlite";
import type { Outage } from "../judge.ts";
import { deleteMeta, readMeta, writeMeta } from "../store/meta.ts";
import { readLastRead } from "../store/sources.ts";

/** The spans kept: what is judged looks back a few slots. */
const kept = 10;
/** A restart this short misses nothing: who could not report tries again. */
const shortestMs = 30_000;

/** What lies between the last sign of life and this start; null on a first one, or when the clock went back. */
export function offlineBefore(db: Database, now: number): Outage | null {
	const from = readMeta<number>(db, "stopped") ?? readLastRead(db);
	return from === null || now <= from ? null : { from, to: now };
}

export function noteStop(db: Database, now: number): void {
	writeMeta(db, "stopped", now);
}

/** Keeps a span; without another clean stop the next start counts from the last write again. */
export function noteStart(db: Database, outage: Outage | null): void {
	deleteMeta(db, "stopped");
	if (outage === null || outage.to - outage.from < shortestMs) return;
	writeMeta(db, "outages", [...readOutages(db), outage].slice(-kept));
}

export function readOutages(db: Database): Outage[] {
	return readMeta<Outage[]>(db, "outages") ?? [];
}
