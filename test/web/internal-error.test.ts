// What nobody thought of: the sender gets a number and no details, the log the details once, however often it happens.
import { afterAll, expect, spyOn, test } from "bun:test";
import { cleanUp, makeFolder } from "../binary.ts";
import { openApp } from "./app.ts";

afterAll(cleanUp);

test("the same internal error is one line of the log, and its number leads there", async () => {
	const lab = await openApp(makeFolder(), () => Date.UTC(2026, 10, 23));
	const { db } = lab.monitor;
	const written = spyOn(console, "error").mockImplementation(() => {});
	try {
		// No other test throws this: the log holds back what it wrote a moment ago.
		const broken = () => {
			throw new Error("nobody thought of this");
		};
		Object.defineProperty(lab.monitor, "db", { get: broken, configurable: true });
		const answers = await Promise.all(Array.from({ length: 20 }, () => lab.get("/api/jobs")));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([500]));
		const texts = new Set(await Promise.all(answers.map((answer) => answer.text())));
		expect(texts.size).toBe(1);
		const id = /Internal error ([0-9a-f]{8}); the log has the details/.exec([...texts][0] ?? "")?.[1];
		const lines = written.mock.calls.flat().filter((line) => String(line).includes("internal error"));
		expect(lines).toHaveLength(1);
		expect(lines[0]).toContain(`internal error ${id}: `);
	} finally {
		written.mockRestore();
		Object.defineProperty(lab.monitor, "db", { value: db, writable: true, configurable: true });
		await lab.monitor.stop().catch(() => {});
	}
});
