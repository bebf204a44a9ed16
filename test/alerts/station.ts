// A whole monitor with its alerting, a clock that is moved by hand, and a receiver that keeps every message.

import { asksForLogin } from "../../src/access-config.ts";
import type { Alert } from "../../src/alert.ts";
import type { Alerting } from "../../src/alerts/alerting.ts";
import { readConfig } from "../../src/config.ts";
import type { Monitor } from "../../src/ingest/monitor.ts";
import type { MessageData } from "../../src/message.ts";
import { forgetSecrets } from "../../src/secrets.ts";
import { readOpenAlerts, readResolvedAlerts } from "../../src/store/alerts.ts";
import { findJob } from "../../src/store/jobs.ts";
import { readWatchedJob } from "../../src/store/watched.ts";
import { Access } from "../../src/web/access.ts";
import { type App, type AppOptions, createApp } from "../../src/web/app.ts";
import { Entry } from "../../src/web/entry.ts";
import { readTokens } from "../../src/web/tokens.ts";
import { wire } from "../../src/web/wiring.ts";
import { makeFolder } from "../binary.ts";

export const hour = 3_600_000;
export const day = 24 * hour;
/** A Thursday: five days from here on are no working week. */
export const start = Date.UTC(2026, 10, 5, 12);

export type Receiver = {
	url: string;
	messages: MessageData[];
	/** What it answers from now on; null: it takes the message and never answers. */
	answer: (status: number | null) => void;
	stop: () => void;
};

/** A webhook's receiver; it keeps what it answered with a 2xx. */
export function openReceiver(): Receiver {
	const messages: MessageData[] = [];
	let status: number | null = 204;
	const server = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch: async (request) => {
			const body = (await request.json()) as MessageData;
			if (status === null) return new Promise<Response>(() => {});
			if (status < 300) messages.push(body);
			return new Response(null, { status });
		},
	});
	return {
		url: `json://127.0.0.1:${server.port}/hook`,
		messages,
		answer: (next) => {
			status = next;
		},
		stop: () => server.stop(true),
	};
}

export type Station = {
	dataDir: string;
	monitor: Monitor;
	alerting: Alerting;
	app: App;
	/** What the app was made of. */
	parts: AppOptions;
	now: () => number;
	/** Moves the clock, looking at everything on the way once an `every` (default: a minute). */
	pass: (ms: number, every?: number) => Promise<void>;
	/** Looks once, and waits until what is sent was sent. */
	look: () => Promise<void>;
	push: (report: Record<string, unknown>) => Promise<void>;
	/** A finished backup that begins now and takes a minute, of one GB where nothing else is said. */
	run: (job: string, more?: Record<string, unknown>) => Promise<void>;
	/** A form of a page. */
	post: (path: string, fields?: Record<string, string>) => Promise<Response>;
	get: (path: string) => Promise<Response>;
	open: () => Alert[];
	resolved: () => Alert[];
	state: (job: string) => string | undefined;
	stop: () => Promise<void>;
};

export async function openStation({
	dataDir = makeFolder(),
	env = {},
	at = start,
}: {
	dataDir?: string;
	env?: Record<string, string>;
	at?: number;
} = {}): Promise<Station> {
	let now = at;
	const clock = () => now;
	const config = readConfig({ DATA_DIR: dataDir, TZ: "UTC", RETENTION_DAYS: "3650", ...env });
	const tokens = readTokens(config);
	forgetSecrets();
	const access = asksForLogin(config) ? new Access(config, tokens, clock) : null;
	const parts = wire(config, clock, new Entry(tokens, clock), access);
	const { monitor, alerting } = parts;
	monitor.start();
	await monitor.catchUp();
	alerting.open();
	const app = createApp(parts);
	let count = 0;
	const look = async () => {
		await monitor.catchUp();
		for (let more = true; more; ) more = alerting.tick();
		await alerting.sent();
	};
	const db = () => {
		if (monitor.db === null) throw new Error("the database is not open");
		return monitor.db;
	};
	const request = (path: string, method: string, body?: string, headers: Record<string, string> = {}) =>
		app.fetch(
			new Request(`http://localhost:5001${path}`, {
				method,
				...(body !== undefined && { body }),
				headers: { host: "localhost:5001", ...headers },
			}),
			{ requestIP: () => ({ address: "192.0.2.1" }) },
		);
	const push: Station["push"] = async (report) => {
		const headers = { authorization: `Bearer ${tokens.token}`, "content-type": "application/json" };
		const response = await request("/api/runs", "POST", JSON.stringify(report), headers);
		if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
	};
	await look();
	return {
		dataDir,
		monitor,
		alerting,
		app,
		parts,
		now: clock,
		look,
		pass: async (ms, every = 60_000) => {
			const end = now + ms;
			while (now < end) {
				now = Math.min(end, now + every);
				await look();
			}
		},
		push,
		run: async (job, more = {}) => {
			count++;
			await push({
				job,
				backup_id: `${job}-${now}-${count}`,
				timestamp: new Date(now).toISOString(),
				success: true,
				duration_total: 60,
				size_bytes: 1_000_000_000,
				...more,
			});
			await look();
		},
		post: async (path, fields = {}) =>
			request(path, "POST", new URLSearchParams(fields).toString(), {
				"content-type": "application/x-www-form-urlencoded",
			}),
		get: async (path) => request(path, "GET"),
		open: () => readOpenAlerts(db()),
		resolved: () => readResolvedAlerts(db(), 100),
		state: (job) => readWatchedJob(db(), findJob(db(), job)?.id ?? -1)?.state,
		stop: async () => {
			await alerting.stop();
			await monitor.stop();
		},
	};
}

/** One backup each day at this hour, for so many days; the clock stands at the last one afterwards. */
export async function runDaily(
	station: Station,
	job: string,
	days: number,
	more?: Record<string, unknown>,
): Promise<void> {
	for (let i = 0; i < days; i++) {
		if (i > 0) await station.pass(day, day);
		await station.run(job, more);
	}
}
