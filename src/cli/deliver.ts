// The way of a report out of `run` and `record`: into the data folder of this machine, or to a monitor elsewhere.
import { existsSync, readFileSync } from "node:fs";
import { nearbyFolder, readConfig } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";
import { enqueue, openQueue, queueLimits, queueRoots } from "../ingest/outgoing.ts";
import { type Delivery, deliver, post } from "../ingest/outgoing-send.ts";
import { SpoolWriter } from "../ingest/spool.ts";
import type { ReportObject } from "../ingest/tool-report.ts";
import { log } from "../log.ts";
import { plural } from "../units.ts";
import { isRefusal, refusedBy } from "./places.ts";
import type { CommonFlags } from "./report-flags.ts";

type Environment = Record<string, string | undefined>;

/** Takes reports at once and never throws; `finish` waits for what the network takes. */
export type Outlet = {
	/** The zone of stamps without offset. */
	zone: string;
	take: (reports: ReportObject[]) => void;
	/** Whether the reports are safe (stored or waiting); false when they are lost. Bounded in time. */
	finish: (until: Promise<void>) => Promise<boolean>;
};

/** Longest that a monitor may hold us up after the command has ended. */
export const patienceMs = 10_000;

export function openOutlet(flags: Pick<CommonFlags, "to" | "tokenFile">, env: Environment): Outlet {
	return flags.to === null ? localOutlet(env) : remoteOutlet(flags.to, flags.tokenFile, env);
}

/** One line, said once: what follows of it is the same trouble. */
function sayOnce(): (message: string) => void {
	let isSaid = false;
	return (message) => {
		if (!isSaid) log(`backup-monitor: ${message}`);
		isSaid = true;
	};
}

function localOutlet(env: Environment): Outlet {
	const say = sayOnce();
	let isSafe = true;
	let zone = "UTC";
	let dataDir: string | null = null;
	let lastAt = 0;
	try {
		({ zone, dataDir } = readConfig(env));
	} catch (error) {
		say(`the run is not recorded: ${messageOf(error)}`);
	}
	return {
		zone,
		take: (reports) => {
			if (reports.length === 0) return;
			try {
				if (dataDir === null) throw new Error("the configuration cannot be read");
				// The start comes before the end also when the clock is set back in between.
				lastAt = Math.max(Date.now(), lastAt + 1);
				spool(dataDir, reports, env, lastAt);
			} catch (error) {
				isSafe = false;
				const why = dataDir !== null && isRefusal(error) ? refusedBy({ dataDir }, error) : error;
				say(`the run is not recorded: ${messageOf(why)}`);
			}
		},
		finish: async () => isSafe,
	};
}

function spool(dataDir: string, reports: ReportObject[], env: Environment, now: number): void {
	// Nobody looks into a folder that was made by mistake.
	if (!existsSync(dataDir) && !env.DATA_DIR) {
		const where = "DATA_DIR=… names the monitor's data folder, --to URL a monitor elsewhere";
		throw new AppError("missing", `${dataDir} does not exist; ${where}.${nearbyFolder(env, dataDir)}`);
	}
	const writer = new SpoolWriter(dataDir, "report", now);
	try {
		for (const report of reports) writer.write(`${JSON.stringify(report)}\n`);
	} catch (error) {
		writer.discard();
		throw error;
	}
	writer.finish();
}

function remoteOutlet(address: URL, tokenFile: string | null, env: Environment): Outlet {
	const say = sayOnce();
	const destination = { address, token: tokenOf(tokenFile, env, say) };
	const shown = `${address.protocol}//${address.host}${address.pathname.replace(/\/+$/, "")}`;
	let zone = "UTC";
	try {
		({ zone } = readConfig(env));
	} catch {
		// Only the zone is needed here, and what is sent has its offsets.
	}
	let folder: string | null = null;
	// Without a folder to wait in, a report has the one chance of being sent from memory.
	let unkept = "";
	try {
		folder = openQueue(queueRoots(env), shown);
	} catch (error) {
		say(`${messageOf(error)}; what cannot be sent now is lost`);
	}
	// Where earlier reports wait, also after a new one found no place there any more.
	const queued = folder;
	const giveUp = new AbortController();
	let sending: Promise<Delivery | null> = Promise.resolve(null);
	return {
		zone,
		take: (reports) => {
			if (reports.length === 0) return;
			const lines = reports.map((report) => `${JSON.stringify(report)}\n`).join("");
			try {
				if (folder === null) throw new Error();
				const dropped = enqueue(folder, lines, Date.now());
				if (dropped > 0) {
					say(`${plural(dropped, "old report")} dropped: more than ${queueLimits.files} wait for ${shown}`);
				}
			} catch {
				// What cannot be kept is sent at once, or said to be lost.
				folder = null;
				unkept += lines;
				return;
			}
			// In the background: the command does not wait for the network.
			const queue = folder;
			sending = sending.then(() => deliver(queue, destination, { signal: giveUp.signal, clock: Date.now }));
		},
		finish: async (until) => {
			const timer = setTimeout(() => giveUp.abort(), patienceMs);
			until.then(() => giveUp.abort());
			const delivery = await sending;
			const isSent = unkept === "" || (await sendUnkept(unkept));
			clearTimeout(timer);
			if (delivery !== null) tell(delivery);
			return isSent && (delivery === null || delivery.refused.length === 0);
		},
	};

	async function sendUnkept(lines: string): Promise<boolean> {
		const answer = await post(lines, destination, giveUp.signal);
		if (typeof answer !== "string" && answer.status < 300) return true;
		const why = typeof answer === "string" ? answer : `answered ${answer.status}`;
		say(`the run is not recorded: ${shown} ${why}`);
		return false;
	}

	function tell({ refused, trouble, waiting }: Delivery): void {
		const [first] = refused;
		if (first !== undefined) say(`${shown} ${first.reason}. The report is kept aside in ${queued}/refused`);
		else if (trouble !== null) {
			say(
				`${shown} ${trouble}; ${waiting === 1 ? "1 report waits" : `${waiting} reports wait`} in ${queued} and will be sent next time`,
			);
		}
	}
}

function tokenOf(tokenFile: string | null, env: Environment, say: (message: string) => void): string | null {
	const path = tokenFile ?? (env.PUSH_TOKEN ? null : env.PUSH_TOKEN_FILE || null);
	let token = env.PUSH_TOKEN ?? "";
	try {
		if (path !== null) token = readFileSync(path, "utf8");
	} catch (error) {
		say(`the token cannot be read: ${messageOf(error)}`);
	}
	token = token.trim();
	return token === "" || token === "none" ? null : token;
}
