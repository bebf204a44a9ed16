// A push that is acknowledged durably: one at a time beside one flush of this disk, and from eight clients at once.
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Client, connect } from "./client.ts";
import { compile, median, modes, monitorBinary, percentile, report, scratch, start } from "./machine.ts";

const pushes = 500;
const warmUp = 50;
const seconds = 5;

export async function push(): Promise<void> {
	const folder = scratch();
	const flushing = compile("bare-flush", folder.path);
	for (const { name, env } of modes) {
		const data = scratch();
		const ours = await start([monitorBinary], "/health", { DATA_DIR: data.path, RETENTION_DAYS: "36500", ...env });
		const bare = await start([flushing], "/", { FILE: join(folder.path, "lines"), ...env });
		await Bun.sleep(1000);
		const token = readFileSync(join(data.path, "push-token"), "utf8").trim();
		const send = async (client: Client, id: string) => {
			const body = `{"job":"photos","backup_id":"${id}","timestamp":"2026-11-23T01:00:00Z","success":true,"size_bytes":5}`;
			const status = await client.ask("POST", "/api/runs", { authorization: `Bearer ${token}` }, body);
			if (status !== 200) throw new Error(`a push was answered with ${status}`);
		};
		await oneAtATime(name, await connect(ours.port), await connect(bare.port), send);
		await fromEight(name, await Promise.all(Array.from({ length: 8 }, () => connect(ours.port))), send);
		await ours.stop();
		await bare.stop();
		data.remove();
	}
	folder.remove();
}

async function oneAtATime(
	name: string,
	ours: Client,
	bare: Client,
	send: (client: Client, id: string) => Promise<void>,
): Promise<void> {
	const file = scratch();
	const fd = openSync(join(file.path, "probe"), "a");
	const times = { flush: [] as number[], bare: [] as number[], ours: [] as number[] };
	const line = `${"x".repeat(200)}\n`;
	const flush = () => {
		writeSync(fd, line);
		fdatasyncSync(fd);
	};
	for (let n = 0; n < pushes + warmUp; n++) {
		// In turn, so that all three see the same disk; what is done after an answer has its time until the next.
		for (const [what, work] of [
			["flush", flush],
			["bare", () => bare.ask("POST", "/", {}, line)],
			["ours", () => send(ours, `one-${n}`)],
		] as const) {
			const begun = performance.now();
			await work();
			if (n >= warmUp) times[what].push(performance.now() - begun);
			await Bun.sleep(1);
		}
	}
	closeSync(fd);
	file.remove();
	ours.close();
	bare.close();
	const one = median(times.flush);
	const p50 = median(times.ours);
	report({
		what: `durable push, one at a time, ${name}`,
		ours: `p50 ${p50.toFixed(2)} ms, p99 ${percentile(times.ours, 0.99).toFixed(1)} ms`,
		reference: `one fdatasync ${one.toFixed(2)} ms; bare server with one flush ${median(times.bare).toFixed(2)} ms (${(median(times.bare) / one).toFixed(2)} ×)`,
		ratio: (p50 / one).toFixed(2),
		target: "p50 ≤ 2 × fdatasync",
		reached: p50 <= 2 * one,
	});
}

async function fromEight(
	name: string,
	clients: Client[],
	send: (client: Client, id: string) => Promise<void>,
): Promise<void> {
	const times: number[] = [];
	const until = performance.now() + seconds * 1000;
	await Promise.all(
		clients.map(async (client, number) => {
			for (let n = 0; performance.now() < until; n++) {
				const begun = performance.now();
				await send(client, `eight-${number}-${n}`);
				times.push(performance.now() - begun);
			}
			client.close();
		}),
	);
	const perSecond = times.length / seconds;
	const p99 = percentile(times, 0.99);
	report({
		what: `durable pushes from 8 clients, ${name}`,
		ours: `${Math.round(perSecond)}/s, p50 ${median(times).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
		reference: "Uptime Kuma 454/s, healthchecks 144/s",
		ratio: `${(perSecond / 454).toFixed(1)} × Uptime Kuma`,
		target: "≥ 1,000/s, p99 < 50 ms",
		reached: perSecond >= 1000 && p99 < 50,
	});
}
