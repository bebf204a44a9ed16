// Passwords whose check takes 64 MiB, the most that is allowed, in a container of 128 MB: logins work, hundreds at once are
// bounded, and the server is not killed for them.
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, peakMemory, startServer, untilRead } from "../binary.ts";
import { tell } from "../hard/tell.ts";
import { someLines } from "../lines.ts";
import { makeMemoryGroup } from "../memory-group.ts";

afterAll(cleanUp);

/** null where this user may make no memory cgroup; CI may. */
const group = makeMemoryGroup(128 * 1024 * 1024);
const password = "correct horse battery";
const rounds = isHard ? 5 : 1;

test.skipIf(group === null)(
	"argon2 with 64 MiB inside 128 MB: logins one after the other and at once, right and wrong",
	async () => {
		if (group === null) return;
		const hash = await Bun.password.hash(password, { algorithm: "argon2id", memoryCost: 65_536, timeCost: 1 });
		expect(hash).toContain("m=65536");
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 5000));
		const read = "a-read-token-of-some-length";
		const server = await startServer({
			dataDir,
			prefix: group.prefix,
			env: {
				RETENTION_DAYS: "36500",
				BUN_JSC_useJIT: "0",
				AUTH_PASSWORD_HASH: hash,
				READ_TOKEN: read,
				// So that each of them may come from an address of its own.
				TRUSTED_PROXIES: "127.0.0.1",
			},
		});
		const asReader = { headers: { authorization: `Bearer ${read}` } };
		const isRead = async () => (await (await server.get("/api/health", asReader)).json()).source?.accepted === 5000;
		await untilRead({ ...server, json: async (path) => (await server.get(path, asReader)).json() }, 5000, 30_000);
		expect(await isRead()).toBe(true);

		const logIn = async (typed: string, address: string) => {
			const response = await server.get("/login", {
				method: "POST",
				body: new URLSearchParams({ password: typed, to: "/" }),
				headers: { origin: server.url, "sec-fetch-site": "same-origin", "x-forwarded-for": address },
				signal: AbortSignal.timeout(60_000),
			});
			await response.text();
			return response;
		};
		const first = await logIn(password, "192.0.2.1");
		expect(first.status).toBe(303);
		const cookie = (first.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
		const answers = new Map<number, number>();
		for (let round = 0; round < rounds; round++) {
			const waiting = Array.from({ length: 100 }, (_, n) =>
				// The right one every fourth time.
				logIn(n % 4 === 0 ? password : `wrong ${n}`, `198.51.100.${n + 1}`),
			);
			// Everybody else is answered meanwhile.
			for (let n = 0; n < 10; n++) {
				expect((await server.get("/health")).status).toBe(200);
				expect((await server.get("/", { headers: { cookie } })).status).toBe(200);
			}
			for (const { status } of await Promise.all(waiting)) answers.set(status, (answers.get(status) ?? 0) + 1);
		}
		const fromOne = await Promise.all(Array.from({ length: 20 }, (_, n) => logIn(`wrong ${n}`, "192.0.2.9")));
		// Ten are tried, the rest hear of it: a check is not to be had by the hundred.
		const limited = fromOne.filter(({ status }) => status === 429).length;
		const last = await logIn(password, "192.0.2.2");
		tell("argon2 at its most in 128 MB", rounds * 100, group.kills(), {
			answers: Object.fromEntries(answers),
			peak_rss_mb: Math.round(peakMemory(server.pid) / 1e6),
			group_peak_mb: Math.round(group.peak() / 1e6),
		});
		expect(limited).toBeGreaterThanOrEqual(10);
		expect(last.status).toBe(303);
		expect(group.kills()).toBe(0);
		// Of a hundred at once some two thirds are not even tried, and nobody hears anything else.
		expect([...answers.keys()].every((status) => [303, 401, 503].includes(status))).toBe(true);
		expect(answers.get(303) ?? 0).toBeGreaterThan(0);
		expect(answers.get(401) ?? 0).toBeGreaterThan(0);
		expect(answers.get(503) ?? 0).toBeGreaterThan(rounds * 50);
		expect(server.log()).not.toMatch(/internal error|uncaught|unhandled/);
		expect((await server.stop()).code).toBe(0);
		await group.remove();
	},
	isHard ? 1_800_000 : 120_000,
);
