// A thousand rows in the databases that the original's two versions made, taken over, also with a kill in between.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { chmodSync, copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, runCommand, startServer } from "../binary.ts";
import { tell } from "./tell.ts";

afterAll(cleanUp);

const contract = join(import.meta.dir, "../fixtures/contract");
const rows = 1000;
const kills = isHard ? 40 : 3;
const env = { RETENTION_DAYS: "36500" };

type Row = Record<string, string | number | null>;

/** What stood in `timestamp` when a script was wrong, or a hand: no instant, or one that some programs take for one. */
const odd = [
	"",
	" ",
	"yesterday",
	"now",
	"null",
	"None",
	"0",
	"-1",
	"1e9",
	"NaN",
	"07/01/2026",
	"01.02.2026 03:00",
	"2026-02-30T01:00:00Z",
	"2026-13-01T01:00:00Z",
	"2026-01-01T25:00:00Z",
	"2026-01-01T01:61:00Z",
	"2026-01-01T01:00:00+99:00",
	"2026-W05-6T02:00:00Z",
	"31 janvier 2026",
	"2026-01-31_020000",
	"Sat Jan 31 02:00:00 2026",
	"Sat, 31 Jan 2026 02:00:00 GMT",
	"$(date -Iseconds)",
	"%Y-%m-%dT%H:%M:%SZ",
	"0001-01-01T00:00:00Z",
	"9999-12-31T23:59:59Z",
	"٢٠٢٦-٠١-٣١T٠٢:٠٠:٠٠Z",
	"2026-01-31T02:00:00Z\u0000",
	"'); DROP TABLE backups; --",
	"x".repeat(5000),
];

function rowsOf(path: string): Row[] {
	const db = new Database(path, { readonly: true });
	const found = db.query<Row, []>("SELECT * FROM backups ORDER BY id").all();
	db.close();
	return found;
}

/** The original's own file, with as many more nights as make a thousand rows; `stampOf` may spoil one. */
function grown(name: string, stampOf: (n: number, stamp: string) => string): { dataDir: string; before: Row[] } {
	const dataDir = makeFolder();
	const path = join(dataDir, "backups.db");
	copyFileSync(join(contract, name), path);
	chmodSync(path, 0o644);
	const nights = rowsOf(path);
	const db = new Database(path);
	const columns = Object.keys(nights[0] ?? {}).filter((column) => column !== "id");
	const insert = db.query(
		`INSERT INTO backups (${columns.join(", ")}) VALUES (${columns.map((column) => `$${column}`).join(", ")})`,
	);
	db.transaction(() => {
		for (let n = nights.length; n < rows; n++) {
			const night = nights[n % nights.length] ?? {};
			const stamp = `${new Date(Date.UTC(2022, 0, 1, 10) + n * 86_400_000).toISOString().slice(0, 10)}T02:00:00-08:00`;
			const row: Row = { ...night, timestamp: stampOf(n, stamp), backup_id: `night-${n}` };
			insert.run(Object.fromEntries(columns.map((column) => [`$${column}`, row[column] ?? null])));
		}
	})();
	db.close();
	return { dataDir, before: rowsOf(path) };
}

const fair = (_: number, stamp: string) => stamp;
const databases = [
	{ what: "first version", name: "backups-first.db", stampOf: fair, asides: 0 },
	{ what: "newest version", name: "backups-head.db", stampOf: fair, asides: 0 },
	{
		what: "newest version, odd stamps",
		name: "backups-head.db",
		stampOf: (n: number, stamp: string) => (n % 20 === 0 ? (odd[(n / 20) % odd.length] ?? stamp) : stamp),
		asides: 47,
	},
];

for (const { what, name, stampOf, asides } of databases) {
	test(`${rows} rows of the original's ${what}: each is a run or listed, and a copy lies beside`, async () => {
		const { dataDir, before } = grown(name, stampOf);
		expect(before.length).toBe(rows);
		// Cut off as it comes: the next start begins again with the original, or has all of it.
		for (let kill = 0; kill < kills; kill++) {
			const onStart = (pid: number) => void setTimeout(() => process.kill(pid, "SIGKILL"), 15 + 3 * kill);
			await runCommand([], { dataDir, env, onStart });
		}
		const server = await startServer({ dataDir, env });
		expect(await server.json("/health")).toEqual({ status: "ok" });
		const exported = await (await server.get("/api/runs.jsonl")).text();
		const shown = exported
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		const { legacy } = await server.json("/api/rejected?limit=365");
		tell(`R23 ${what}`, rows, rows - shown.length - legacy.length, {
			runs: shown.length,
			listed: legacy.length,
			kills,
		});
		expect(legacy.length).toBe(asides);
		const listed = new Set(legacy.map(({ row }: { row: string }) => JSON.parse(row).backup_id));
		const wanted = before.filter(({ backup_id }) => !listed.has(backup_id));
		const valuesOf = (row: Row) => [row.backup_id, Number(row.success) !== 0, row.duration_total, row.size_bytes];
		const inOrder = (list: Row[]) => list.map(valuesOf).sort((a, b) => String(a[0]).localeCompare(String(b[0])));
		expect(inOrder(shown)).toEqual(inOrder(wanted));
		for (const { row, reason } of legacy) {
			const kept = JSON.parse(row);
			expect(before).toContainEqual(kept);
			expect(reason).toContain("timestamp");
		}
		if (asides > 0) expect(await (await server.get("/")).text()).toContain(`${asides} rows of the original`);
		await server.stop();
		const copies = readdirSync(dataDir).filter((file) => file.startsWith("backups.db.original-"));
		expect(copies.length).toBeGreaterThan(0);
		for (const copy of copies) expect(rowsOf(join(dataDir, copy))).toEqual(before);
	}, 600_000);
}
