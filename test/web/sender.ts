// An application that takes reports, as its senders see it: what they send from an address, and what is stored then.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asksForLogin } from "../../src/access-config.ts";
import { readConfig } from "../../src/config.ts";
import type { Monitor } from "../../src/ingest/monitor.ts";
import { forgetSecrets } from "../../src/secrets.ts";
import { Access } from "../../src/web/access.ts";
import { createApp } from "../../src/web/app.ts";
import { Entry } from "../../src/web/entry.ts";
import { readTokens, type Tokens } from "../../src/web/tokens.ts";
import { wire } from "../../src/web/wiring.ts";
import { makeFolder } from "../binary.ts";

export type Sent = {
	method?: string;
	body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
	headers?: Record<string, string>;
	/** null sends none; undefined the server's own, as Bearer. */
	token?: string | null;
	address?: string;
};

/** A stored run in the words of the line format, as `/api/runs` shows it. */
// biome-ignore lint/suspicious/noExplicitAny: what is stored is what the tests are about
export type Shown = Record<string, any>;

export type Sender = {
	dataDir: string;
	monitor: Monitor;
	tokens: Tokens;
	token: string;
	/** Moves with `pass`; begins at a fixed time. */
	now: () => number;
	pass: (seconds: number) => void;
	send: (path: string, sent?: Sent) => Promise<Response>;
	/** As JSON to `/api/runs` with the server's token. */
	push: (value: unknown, path?: string) => Promise<Response>;
	/** All runs, the oldest first. */
	runs: (job?: string) => Promise<Shown[]>;
	journal: () => string[];
	stop: () => Promise<void>;
};

export async function openSender(env: Record<string, string> = {}, dataDir = makeFolder()): Promise<Sender> {
	let at = Date.UTC(2026, 10, 23, 2);
	const clock = () => at;
	const config = readConfig({ DATA_DIR: dataDir, TZ: "UTC", RETENTION_DAYS: "36500", ...env });
	const tokens = readTokens(config);
	forgetSecrets();
	const access = asksForLogin(config) ? new Access(config, tokens, clock) : null;
	const parts = wire(config, clock, new Entry(tokens, clock), access);
	const { monitor } = parts;
	monitor.start();
	await monitor.catchUp();
	const app = createApp(parts);
	const token = tokens.token ?? "";
	const send = async (path: string, { method = "POST", body, headers = {}, token: given, address }: Sent = {}) => {
		const auth = given === null ? null : (given ?? (path.startsWith("/ping/") ? null : token));
		const request = new Request(`http://localhost:5001${path}`, {
			method,
			...(method !== "GET" && method !== "HEAD" && body !== undefined && { body }),
			headers: { host: "localhost:5001", ...(auth !== null && { authorization: `Bearer ${auth}` }), ...headers },
		});
		return app.fetch(request, { requestIP: () => ({ address: address ?? "192.0.2.1" }) });
	};
	return {
		dataDir,
		monitor,
		tokens,
		token,
		now: clock,
		pass: (seconds) => {
			at += seconds * 1000;
		},
		send,
		push: (value, path = "/api/runs") =>
			send(path, { body: JSON.stringify(value), headers: { "content-type": "application/json" } }),
		runs: async (job) => {
			const search = job === undefined ? "" : `&job=${encodeURIComponent(job)}`;
			const page = await (await send(`/api/runs?limit=200${search}`, { method: "GET" })).json();
			const found: Shown[] = page.runs ?? [];
			const whole = found.map(async ({ id }) => (await send(`/api/runs/${id}`, { method: "GET" })).json());
			return (await Promise.all(whole)).reverse();
		},
		journal: () => {
			const path = join(dataDir, "received.jsonl");
			return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
		},
		stop: () => monitor.stop(),
	};
}
