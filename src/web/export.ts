// Runs as files: CSV for spreadsheets, JSONL for programs. Written page by page while the client reads.

import type { Database } from "bun:sqlite";
import { phaseSeconds, type Run } from "../run.ts";
import type { RunFilter } from "../store/run-filter.ts";
import { type Cursor, searchRuns } from "../store/run-search.ts";
import { wholeRunObject } from "./answers.ts";
import type { Seat } from "./export-seats.ts";

export type ExportFormat = { type: string; file: string; head: string; row: (run: Run) => string };

/** A report a line: what `backup-monitor import` reads. */
export const jsonl: ExportFormat = {
	type: "application/x-ndjson; charset=utf-8",
	file: "runs.jsonl",
	head: "",
	row: (run) => `${JSON.stringify(wholeRunObject(run))}\n`,
};

type Cell = string | number | null;

const originalPhases = ["snapshot", "archive", "volumes", "upload"];

const columns: [name: string, cell: (run: Run) => Cell][] = [
	["id", (run) => run.id],
	["job", (run) => run.job],
	["slug", (run) => run.slug],
	["host", (run) => run.host],
	["kind", (run) => run.kind],
	["outcome", (run) => run.outcome],
	["backup_id", (run) => run.backupId],
	["timestamp", (run) => run.timestamp],
	["started_at", (run) => new Date(run.startedAt).toISOString()],
	["ended_at", (run) => (run.endedAt === null ? null : new Date(run.endedAt).toISOString())],
	["duration_total", (run) => run.duration],
	...originalPhases.map((phase): [string, (run: Run) => Cell] => [
		`duration_${phase}`,
		(run) => phaseSeconds(run, phase),
	]),
	["other_phases", otherPhases],
	["size_bytes", (run) => run.size],
	["volume_bytes", (run) => run.volumeBytes],
	["bytes_added", (run) => run.bytesAdded],
	["files_total", (run) => run.filesTotal],
	["files_new", (run) => run.filesNew],
	["files_changed", (run) => run.filesChanged],
	["snapshot_id", (run) => run.snapshotId],
	["repository", (run) => run.repository],
	["exit_code", (run) => run.exitCode],
	["warnings", (run) => run.warnings],
	["error_category", (run) => run.errorCategory],
	["error_message", (run) => run.errorMessage],
];

/** RFC 4180, lines ended by CR LF. */
export const csv: ExportFormat = {
	type: "text/csv; charset=utf-8; header=present",
	file: "runs.csv",
	head: `${columns.map(([name]) => name).join(",")}\r\n`,
	row: (run) => `${columns.map(([, cell]) => formatCell(cell(run))).join(",")}\r\n`,
};

function otherPhases(run: Run): string | null {
	const others = run.phases.filter(({ name }) => !originalPhases.includes(name));
	if (others.length === 0) return null;
	return JSON.stringify(Object.fromEntries(others.map(({ name, seconds }) => [name, seconds])));
}

/** A text that a spreadsheet would take for a formula gets an apostrophe before it: reports are anybody's. */
function formatCell(cell: Cell): string {
	if (cell === null) return "";
	if (typeof cell === "number") return String(cell);
	const text = /^[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : cell;
	return /[",\r\n\t;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Few at a time: a run may carry 100 kB of log.
const perPage = 64;

let turn: Promise<void> = Promise.resolve();

/** Others are answered between two pages of any export: sixty at once, of clients that read nothing, hold up nobody. */
function nextTurn(): Promise<void> {
	turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)));
	return turn;
}

/**
 * The runs a filter finds, newest first. `open` is asked for the database at each page: it may be opened anew meanwhile.
 * `seat`: kept until the client has all of it or has gone.
 */
export function exportRuns(
	open: () => Database | null,
	filter: RunFilter,
	{ head, row }: ExportFormat,
	seat: Seat | null = null,
): ReadableStream<Uint8Array> {
	const encoder = new TextEncoder();
	let cursor: Cursor | null = null;
	let isFirst = true;
	const nextChunk = (): { text: string; isLast: boolean } => {
		const db = open();
		if (db === null) throw new Error("The database was closed during an export");
		const { runs, next } = searchRuns(db, filter, perPage, cursor);
		cursor = next;
		const text = (isFirst ? head : "") + runs.map(row).join("");
		isFirst = false;
		return { text, isLast: next === null };
	};
	// The first page before the answer begins: what goes wrong there is still an error, not half a file.
	let ready: ReturnType<typeof nextChunk> | null = nextChunk();
	seat?.moved();
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				let isOver = true;
				try {
					let chunk = ready;
					ready = null;
					while (chunk === null || (chunk.text === "" && !chunk.isLast)) {
						await nextTurn();
						chunk = nextChunk();
					}
					if (chunk.text !== "") controller.enqueue(encoder.encode(chunk.text));
					if (chunk.isLast) controller.close();
					isOver = chunk.isLast;
				} finally {
					// Also where its client has gone during the wait.
					if (isOver) seat?.leave();
					else seat?.moved();
				}
			},
			cancel: () => seat?.leave(),
		},
		// Nothing is read ahead of the client.
		{ highWaterMark: 0 },
	);
}
