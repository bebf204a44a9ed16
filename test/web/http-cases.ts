// Raw requests as browsers, proxies, scanners and attackers send them, over TCP, and what a server has to answer to each.
import { expect } from "bun:test";
import cases from "../fixtures/hostile/http-cases.json";

export const httpCases = cases.cases;
export type HttpCase = (typeof httpCases)[number];

type Answer = { status: number | null; head: string; body: string };

/** Sends bytes as they are, and reads until the server closes or has nothing more to say. */
async function send(port: number, raw: string): Promise<Answer> {
	const chunks: Buffer[] = [];
	const ended = Promise.withResolvers<void>();
	let waiting = Buffer.from(raw, "latin1");
	const push = (socket: Bun.Socket) => {
		waiting = waiting.subarray(Math.max(0, socket.write(waiting)));
	};
	let quiet: ReturnType<typeof setTimeout> | undefined;
	const socket = await Bun.connect({
		hostname: "127.0.0.1",
		port,
		socket: {
			open: push,
			drain: push,
			data: (_, data) => {
				chunks.push(Buffer.from(data));
				clearTimeout(quiet);
				quiet = setTimeout(ended.resolve, 300);
			},
			close: () => ended.resolve(),
			end: () => ended.resolve(),
			error: () => ended.resolve(),
		},
	});
	const limit = setTimeout(ended.resolve, 4000);
	await ended.promise;
	clearTimeout(limit);
	clearTimeout(quiet);
	socket.terminate();
	const text = Buffer.concat(chunks).toString("latin1");
	const end = text.indexOf("\r\n\r\n");
	const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
	return {
		status: status || null,
		head: end === -1 ? text : text.slice(0, end),
		body: end === -1 ? "" : text.slice(end + 4),
	};
}

/**
 * Differences from the recorded list, each with its reason: asking for one job's runs where there is no such job is a
 * 404 that says so, not an empty list that looks like a job without runs.
 */
const alsoGood: Record<string, number> = { "query-6": 404, "query-9": 404 };

/** A push goes where ours is; the length of the head does not count. */
const addressed = (raw: string, token: string) => raw.replace("/@PUSH@", `/api/runs?token=${token}`);

/** Sends it, and expects the answer that its entry allows. `token`: what reports need. */
export async function expectAnswered(wanted: HttpCase, port: number, token: string): Promise<void> {
	const { status, head, body } = await send(port, addressed(wanted.raw, token));
	if (status === null) {
		expect({ id: wanted.id, mayClose: wanted.closed_ok }).toEqual({ id: wanted.id, mayClose: true });
		return;
	}
	expect({ status, isWanted: wanted.status.includes(status) || alsoGood[wanted.id] === status }).toEqual({
		status,
		isWanted: true,
	});
	expect(status).toBeLessThan(500);
	const lower = head.toLowerCase();
	for (const pattern of wanted.header_has) expect(lower).toMatch(new RegExp(pattern, "m"));
	for (const pattern of wanted.header_not) expect(lower).not.toMatch(new RegExp(`^${pattern}`, "m"));
	for (const text of wanted.body_has) expect(body).toContain(text);
	for (const text of wanted.body_not) expect(body).not.toContain(text);
}
