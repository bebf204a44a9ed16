// Disks of one megabyte and more, and limits on the size of a file: full before the start, while it works, across restarts.
// It answers all the time, says what is wrong, and what it acknowledged is there once there is room again.
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, type Started, startServer, until } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { makeSmallDisk } from "../small-disk.ts";
import { inParallel, tell } from "./tell.ts";

afterAll(cleanUp);

// A token of one's own: where there is no room for the generated one, nobody can know it.
const token = "a-token-for-a-small-disk";
const env = { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0", PUSH_TOKEN: token };
const MiB = 1024 * 1024;
const lines = 30;
const patience = isHard ? 60_000 : 20_000;

/** `limit`: blocks of 1 KiB that a file may have (`ulimit -f`) instead of a small disk. */
type Case = { disk: number; fullAt: "the start" | "reports" | "reading" } | { limit: number };

const all: Case[] = [
	...[1, 2, 4, 20, 40].flatMap((disk): Case[] => [
		{ disk, fullAt: "the start" },
		{ disk, fullAt: "reports" },
		{ disk, fullAt: "reading" },
	]),
	...[0, 16, 128, 512, 2048].map((limit): Case => ({ limit })),
];
const chosen = isHard ? all : all.filter((_, at) => at % 5 === 1);

/** What a case needs of the machine: how a server is started there, and how the room ends and comes back. */
type Place = {
	dataDir: string;
	inside: string;
	prefix: string[];
	/** A restart is needed for the room to end or come back. */
	isByStart: boolean;
	fill: () => void;
	free: () => void;
	remove: () => Promise<void>;
	/** Below 16 MiB free no report is taken, full or not. */
	takesReports: boolean;
};

async function placeOf(one: Case): Promise<Place> {
	if ("disk" in one) {
		const disk = await makeSmallDisk(one.disk * MiB);
		return { ...disk, isByStart: false, takesReports: one.disk > 16 };
	}
	const dataDir = makeFolder();
	const limited = ["sh", "-c", `ulimit -f ${one.limit * 2} && exec "$@"`, "sh"];
	const place = {
		dataDir,
		inside: dataDir,
		prefix: [] as string[],
		isByStart: true,
		fill: () => {
			place.prefix = limited;
		},
		free: () => {
			place.prefix = [];
		},
		remove: async () => {},
		takesReports: true,
	};
	return place;
}

async function live(one: Case): Promise<{ failures: string[]; acknowledged: number; refused: number }> {
	const failures: string[] = [];
	const acknowledged = new Set<string>();
	let refused = 0;
	let next = 0;
	const place = await placeOf(one);
	const metrics = join(place.inside, "metrics.jsonl");
	const start = () => startServer({ dataDir: place.dataDir, env, prefix: place.prefix });
	const push = async (server: Started): Promise<boolean> => {
		const id = `p${next++}`;
		const body = aLine(1000 + next, { backup_id: id, job: "pushed", log: "x".repeat(20_000) });
		const headers = { authorization: `Bearer ${token}` };
		const response = await server.get("/api/runs", { method: "POST", body, headers });
		const [status, text] = [response.status, await response.text()];
		if (status === 200 || status === 202) acknowledged.add(id);
		else if (status === 503 || status === 507) refused++;
		else failures.push(`a report was answered ${status}: ${text}`);
		return status === 200 || status === 202;
	};
	const pushAll = async (server: Started, count: number) => {
		for (let n = 0; n < count; n++) await push(server);
	};
	const looks = async (server: Started, when: string) => {
		for (const path of ["/health", "/", "/api/metrics", "/api/health", "/alerts", "/settings"]) {
			const { status } = await server.get(path);
			if (status >= 500 && !(status === 503 && path !== "/health" && path !== "/"))
				failures.push(`${when}: ${path} answered ${status}`);
		}
	};
	const isTold = async (server: Started) => (await server.json("/health")).status === "degraded";
	let server: Started | null = null;
	try {
		if ("disk" in one) writeFileSync(metrics, someLines(0, 10));
		if ("limit" in one || one.fullAt === "the start") place.fill();
		server = await start();
		await looks(server, "first start");
		await pushAll(server, 20);
		if ("disk" in one) {
			if (one.fullAt === "reading") {
				process.kill(server.pid, "SIGSTOP");
				appendFileSync(metrics, someLines(10, lines));
				place.fill();
				process.kill(server.pid, "SIGCONT");
			} else place.fill();
		} else writeFileSync(metrics, someLines(0, lines));
		await pushAll(server, 10);
		const { pid } = server;
		await looks(server, `full (${pid})`);
		// Whoever reports or looks is told, for as long as reports are refused.
		if (!(await push(server)))
			await until(() => isTold(server as Started), patience, "reports are refused, and it is said");
		await server.kill();
		server = await start();
		await looks(server, "started full");
		await pushAll(server, 5);
		const ended = await server.stop();
		if (ended.code !== 0) failures.push(`stopped while full: ${ended.code}`);
		server = await start();
		place.free();
		if (place.isByStart) {
			await server.kill();
			server = await start();
		}
		if ("disk" in one && one.fullAt !== "reading") appendFileSync(metrics, someLines(10, lines));
		const again = server;
		const isTaken = async () => {
			// As a sender does: not ten times in a tenth of a second.
			await Bun.sleep(500);
			return push(again);
		};
		if (place.takesReports) await until(isTaken, patience, "a report is taken again");
		await until(async () => (await again.json("/api/health")).source.accepted >= lines, patience, "lines are read");
		if (/internal error|uncaught|unhandled/.test(server.log())) failures.push(server.log().slice(-400));
		await server.kill();
		server = await start();
		const last = server;
		const ids = async () => {
			const text = await (await last.get("/api/runs.jsonl")).text();
			return new Set(
				text
					.split("\n")
					.filter(Boolean)
					.map((line) => String(JSON.parse(line).backup_id)),
			);
		};
		const wanted = [...acknowledged, ...Array.from({ length: lines }, (_, n) => `run-${n}`)];
		await until(async () => {
			const found = await ids();
			return wanted.every((id) => found.has(id));
		}, patience).catch(async () => {
			const found = await ids();
			failures.push(`lost: ${wanted.filter((id) => !found.has(id)).join(" ")}`);
		});
		await server.stop();
	} catch (error) {
		failures.push(`${error instanceof Error ? error.message : error}; ${server?.log().slice(-500)}`);
		await server?.kill();
	}
	await place.remove();
	return { failures, acknowledged: acknowledged.size, refused };
}

test(`${chosen.length} small disks: it answers, says so, and keeps what it acknowledged`, async () => {
	const outcomes = await inParallel(chosen, 3, live);
	const failed = outcomes.flatMap(({ failures }, at) => (failures.length > 0 ? [{ ...chosen[at], failures }] : []));
	tell("R10 small disks", chosen.length, failed.length, {
		acknowledged: outcomes.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
		refused: outcomes.reduce((sum, { refused }) => sum + refused, 0),
	});
	expect(failed).toEqual([]);
}, 3_600_000);
