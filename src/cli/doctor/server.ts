// The running server, asked by its own address: whether it is ours, of this folder, and what it says is wrong.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Config, reachedAt } from "../../config.ts";
import { codeOf } from "../../errors.ts";
import { takeLock } from "../../store/lock.ts";
import { bad, type Finding, good, note } from "./finding.ts";
import { waitingSpool } from "./folder.ts";

const waitMs = 3000;

type Told = { title: string; detail: string };
type Health = { version: string; database: { path: string }; problems: Told[]; channels: { failing: number } };
type Answer =
	| { who: "ours"; health: Health }
	/** It tells its state only to who is logged in. `text`: what it tells everybody. */
	| { who: "closed"; text: string }
	| { who: "other"; text: string }
	| { who: "none" };

export async function lookAtServer(config: Config, now: number): Promise<Finding[]> {
	const { host, port, dataDir } = config;
	const answer = await ask(`http://${reachedAt(host)}:${port}`);
	switch (answer.who) {
		case "ours":
			return [...ofThisFolder(config, answer.health), ...waitingSpool(dataDir, now)];
		case "closed":
			return [
				answer.text === '{"status":"ok"}'
					? good(`a server answers on port ${port}`)
					: bad(`the server on port ${port} says ${answer.text}`, `open http://localhost:${port}/`),
				...waitingSpool(dataDir, now),
			];
		case "other":
			return [
				bad(
					`port ${port} is taken by another program, which answers ${answer.text}`,
					"choose another: PORT=N, or --port N",
				),
			];
		case "none":
			return [notAnswering(config)];
	}
}

function ofThisFolder({ port, databasePath }: Config, health: Health): Finding[] {
	if (resolve(health.database.path) !== resolve(databasePath)) {
		const fix = `set DATA_DIR (or DB_PATH) as the server has it, or PORT to where the one of ${databasePath} answers`;
		return [bad(`the server on port ${port} is another one: it serves ${health.database.path}`, fix)];
	}
	const failing = health.channels.failing;
	return [
		good(`a server answers on port ${port}, version ${health.version}`),
		...health.problems.map(({ title, detail }) => bad(`the server says: ${title}`, detail)),
		...(failing === 0
			? []
			: [bad(`${failing} of its channels take no messages`, "the page Alerts shows the last error")]),
	];
}

function notAnswering({ dataDir, host, port }: Config): Finding {
	if (isServed(dataDir)) {
		const fix = `set PORT and HOST as the server has them; if they are, it hangs: restart it (systemctl restart backup-monitor)`;
		return bad(`a server uses ${dataDir}, and nothing answers on port ${port}`, fix);
	}
	if (isTaken(host, port))
		return bad(`port ${port} is taken by another program, which speaks no HTTP`, "choose another: PORT=N, or --port N");
	return note(`no server runs on port ${port}`, "start it: systemctl start backup-monitor, or docker compose up -d");
}

async function ask(address: string): Promise<Answer> {
	const read = async (path: string) => {
		const response = await fetch(address + path, { signal: AbortSignal.timeout(waitMs), redirect: "manual" });
		return { status: response.status, text: (await response.text()).slice(0, 100_000).trim() };
	};
	try {
		const open = await read("/health");
		const isOurs = /^\{"status":"(?:ok|degraded)"/.test(open.text);
		if (!isOurs)
			return { who: "other", text: `"${open.text.slice(0, 60).replace(/\s+/g, " ")}" (status ${open.status})` };
		const closed = await read("/api/health");
		if (closed.status !== 200) return { who: "closed", text: open.text };
		return { who: "ours", health: JSON.parse(closed.text) as Health };
	} catch {
		return { who: "none" };
	}
}

/** Whether a server holds the folder's lock. The lock file is not made for the question. */
function isServed(dataDir: string): boolean {
	if (!existsSync(join(dataDir, "serve.lock"))) return false;
	try {
		const lock = takeLock(dataDir);
		lock?.release();
		return lock === null;
	} catch {
		return false;
	}
}

function isTaken(hostname: string, port: number): boolean {
	if (port === 0) return false;
	try {
		Bun.listen({ hostname, port, socket: { data: () => {} } }).stop(true);
		return false;
	} catch (error) {
		return codeOf(error) === "EADDRINUSE";
	}
}
