// Bytes that are hardly requests any more, from many connections at once: no answer is the server's own error, it lives,
// and what it acknowledged of them is stored.
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, peakMemory, startServer, until } from "../binary.ts";
import cases from "../fixtures/hostile/http-cases.json";
import { aLine } from "../lines.ts";
import { chance } from "./power-cut.ts";
import { inParallel, tell } from "./tell.ts";

afterAll(cleanUp);

const count = isHard ? 100_000 : 1500;
const seed = Number(process.env.SEED ?? Date.now() % 1e9);

function requests(token: string): string[] {
	const body = aLine(1, { job: "fuzzed", log: "x".repeat(200) });
	const push = (path: string, more = "") =>
		`POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
	const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
	const chunked = `POST /api/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
	return [
		...cases.cases.map(({ raw }) => raw).filter((raw) => raw.length < 4000),
		push("/api/runs"),
		push("/api/jobs/fuzzed/runs", "Content-Type: application/json\r\n"),
		push("/ingest/restic?job=fuzzed"),
		push(`/ping/${token}/fuzzed/fail?rid=0bfda624-fc6a-4f58-a522-000000000001`),
		push("/metrics/job/fuzzed/instance/pi"),
		push("/jobs/fuzzed/pause", "Origin: http://localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"),
		chunked,
		get("/"),
		get("/api/runs?limit=5&cursor=abc&job=fuzzed&from=2026-01-01", "Accept: text/csv\r\n"),
		get("/api/metrics?since=2026-01-01T00:00:00Z&limit=9", 'If-None-Match: "x"\r\nAccept-Encoding: gzip, br, zstd\r\n'),
		get("/runs?outcome=failure&page=2&range=90"),
		get("/jobs/fuzzed?range=365", "HX-Request: true\r\nCookie: session=a; theme=dark\r\n"),
		get("/badge/fuzzed.svg"),
		get("/api/jobs/fuzzed"),
		get("/alerts?state=open"),
		get("/live", "Accept: text/event-stream\r\n"),
	];
}

const pieces = [
	"\r\n",
	"\0",
	"%",
	"%2e%2e/",
	"é",
	"\u00ff\u00fe",
	"0x",
	"-1",
	"99999999999999999999",
	"{",
	"}",
	'"',
	"\\",
	"'",
	"<",
	"&",
	"?",
	"#",
	":",
	";",
	",",
	" ",
	"\t",
	"HTTP/1.1",
	"Host: evil",
	"Content-Length: 5\r\n",
	"Transfer-Encoding: chunked\r\n",
	"Expect: 100-continue\r\n",
	"null",
	"[]",
	"NaN",
	"1e999",
	"__proto__",
	"constructor",
];

function mutated(request: string, random: () => number): Buffer {
	let text = request;
	const at = () => Math.floor(random() * (text.length + 1));
	for (let changes = Math.floor(random() * 6); changes > 0; changes--) {
		const place = at();
		const piece = pieces[Math.floor(random() * pieces.length)] ?? "";
		const kind = Math.floor(random() * 6);
		if (kind === 0) text = text.slice(0, place) + piece + text.slice(place);
		else if (kind === 1)
			text = text.slice(0, place) + text.slice(Math.min(text.length, place + 1 + Math.floor(random() * 20)));
		else if (kind === 2)
			text = text.slice(0, place) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(place + 1);
		else if (kind === 3) text = text.slice(0, place) + text.slice(at(), at()) + text.slice(place);
		else if (kind === 4) text = text.slice(0, place) + piece.repeat(1 + Math.floor(random() * 50)) + text.slice(place);
		else text = text.slice(0, place);
	}
	if (random() < 0.02)
		return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 500) }, () => Math.floor(random() * 256)));
	return Buffer.from(text, "latin1");
}

/** Sends bytes, and gives the statuses of what comes back until it is quiet. */
async function send(port: number, bytes: Buffer): Promise<number[]> {
	const ended = Promise.withResolvers<void>();
	let text = "";
	let rest = bytes;
	const write = (socket: Bun.Socket) => {
		rest = rest.subarray(Math.max(0, socket.write(rest)));
	};
	const socket = await Bun.connect({
		hostname: "127.0.0.1",
		port,
		socket: {
			open: write,
			drain: write,
			data: (_, data) => {
				if (text.length < 100_000) text += data.toString("latin1");
				// Whatever else comes on this connection is not waited for.
				if (text.includes("\r\n\r\n")) setTimeout(ended.resolve, 2);
			},
			close: () => ended.resolve(),
			error: () => ended.resolve(),
		},
	});
	const limit = setTimeout(ended.resolve, 120);
	await ended.promise;
	clearTimeout(limit);
	socket.terminate();
	return [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status));
}

test(`${count} mutated requests: no answer is a fault of the server, which lives`, async () => {
	const server = await startServer({ env: { BUN_JSC_useJIT: "0", RETENTION_DAYS: "36500" } });
	const token = readFileSync(join(server.dataDir, "push-token"), "utf8").trim();
	const originals = requests(token).map((raw) => raw.replace("/@PUSH@", `/api/runs?token=${token}`));
	const random = chance(seed);
	const statuses = new Map<number, number>();
	const bad: string[] = [];
	await inParallel(Array.from({ length: count }), 24, async () => {
		const bytes = mutated(originals[Math.floor(random() * originals.length)] ?? "", random);
		for (const status of await send(server.port, bytes)) {
			statuses.set(status, (statuses.get(status) ?? 0) + 1);
			// 505 is Bun's own answer to a first line that names no version of HTTP it speaks: true, and no fault of ours.
			if (status >= 500 && status !== 505 && bad.length < 20)
				bad.push(`${status}: ${JSON.stringify(bytes.toString("latin1")).slice(0, 1500)}`);
		}
	});
	const peak = peakMemory(server.pid) / 1e6;
	const well = (await server.get("/health")).status;
	const log = server.log();
	const errors = log.split("\n").filter((line) => /internal error|uncaught|unhandled/.test(line));
	tell("R15 HTTP fuzz", count, bad.length + errors.length, {
		statuses: Object.fromEntries([...statuses].sort(([a], [b]) => a - b)),
		peak_rss_mb: Math.round(peak),
		log_bytes: log.length,
		seed,
	});
	expect(bad).toEqual([]);
	expect(errors).toEqual([]);
	expect(well).toBe(200);
	expect(peak).toBeLessThan(100);
	expect(log.length).toBeLessThan(64 * 1024);
	expect((await server.stop()).code).toBe(0);
}, 3_600_000);

test("a client that hangs up in the middle of a body is no error of the server's", async () => {
	const server = await startServer();
	const token = readFileSync(join(server.dataDir, "push-token"), "utf8").trim();
	const head = `POST /api/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Length: 5000\r\n\r\n`;
	for (let n = 0; n < 20; n++) await send(server.port, Buffer.from(`${head}{"job":`));
	await until(async () => (await server.get("/health")).status === 200);
	expect(server.log()).not.toContain("internal error");
	await server.stop();
});
