// A big file is read in portions: as large as are stored soon, and never too small for a line.
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { FollowedFile } from "../../src/ingest/follow.ts";
import { Pace } from "../../src/ingest/pace.ts";
import { discard, makeStore } from "../kept-store.ts";
import { aLine, someLines } from "../lines.ts";

const store = makeStore();
afterAll(() => discard(store));

test("what takes long becomes less, what is soon done becomes more, both within bounds", () => {
	const pace = new Pace(320 * 1024);
	for (let n = 0; n < 10; n++) pace.took(1);
	expect(pace.length).toBe(320 * 1024);
	pace.took(100);
	expect(pace.length).toBe(160 * 1024);
	pace.took(15);
	expect(pace.length).toBe(160 * 1024);
	for (let n = 0; n < 10; n++) pace.took(100);
	expect(pace.length).toBe(32 * 1024);
});

test("lines longer than a portion are all taken, also the last ones of a file that was renamed", () => {
	const { db, path } = store;
	const long = (n: number) => `${aLine(n, { note: "x".repeat(200_000) })}\n`;
	const file = new FollowedFile(db, path, "UTC");
	const now = Date.UTC(2026, 5, 1);
	writeFileSync(path, someLines(0, 3000) + long(3000) + long(3001) + someLines(3002, 3010));
	let looks = 0;
	for (let more = true; more; looks++) more = file.look(now).more;
	expect(looks).toBeGreaterThan(4);
	appendFileSync(path, long(3010) + someLines(3011, 3020));
	renameSync(path, `${path}.1`);
	writeFileSync(path, someLines(3020, 3030));
	while (file.look(now).more);
	const ids = db.query<{ n: number }, []>("SELECT count(DISTINCT backup_id) AS n FROM run").get();
	expect(ids).toEqual({ n: 3030 });
});
