// What is known to go wrong with a monitor, looked at from inside: as `doctor` does it from a shell.
import { dirname } from "node:path";
import { asksForLogin, loginWords } from "../access-config.ts";
import type { Config } from "../config.ts";
import { oldAfterMs } from "../ingest/nightly-copy.ts";
import { releasedAt } from "../retention.ts";
import type { Hint, ServiceHealth } from "../settings-page.ts";
import { remoteKind } from "../store/files.ts";
import { lastWritten } from "../store/own-copies.ts";
import { formatInstant } from "../time.ts";
import { formatAge, formatBytes, plural, type Units } from "../units.ts";
import type { AppOptions } from "./app.ts";

/** Below this many bytes new runs may not be stored. */
const roomNeeded = 16 * 1024 * 1024;

/** What has to be mended comes first, then what should be known. */
export function hintsOf(options: AppOptions, health: ServiceHealth, units: Units): Hint[] {
	const { config, entry, clock } = options;
	const hints = [
		channels(health),
		storage(health),
		room(health, units),
		ownCopy(health, clock()),
		time(clock(), config.zone),
		login(config),
		pushes(entry.tokens.isOpen),
		links(config.publicUrl),
		heartbeat(config.heartbeatUrl),
	];
	const order: Hint["state"][] = ["bad", "note", "good"];
	return hints.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}

const good = (text: string): Hint => ({ state: "good", text, fix: null });
const bad = (text: string, fix: string): Hint => ({ state: "bad", text, fix });
const note = (text: string, fix: string): Hint => ({ state: "note", text, fix });

function channels({ channels: { count, failing } }: ServiceHealth): Hint {
	if (count === 0)
		return bad("No channel is set up: nobody is told of a failure.", "Set NOTIFY_URLS, or channels in config.yaml.");
	if (failing > 0) {
		return bad(
			`${failing} of ${plural(count, "channel")} ${failing === 1 ? "does" : "do"} not take messages.`,
			"The page Alerts shows the last error.",
		);
	}
	return good(`${plural(count, "channel")} ${count === 1 ? "is" : "are"} set up.`);
}

function storage({ database: { path, state } }: ServiceHealth): Hint {
	if (state === "closed") return bad("The database is not open.", "backup-monitor doctor, in a shell, says why.");
	if (state === "read-only")
		return bad("The database cannot be written.", "backup-monitor doctor, in a shell, says why.");
	const remote = remoteKind(dirname(path));
	if (remote !== null) return bad(`The database lies on ${remote}.`, "Set DB_PATH to a local disk.");
	return good("The database lies on a local disk and can be written.");
}

function room({ free, dataDir }: ServiceHealth, units: Units): Hint {
	if (free === null) return note(`The system does not say how much is free in ${dataDir}.`, "");
	const text = `${formatBytes(free, units)} are free in ${dataDir}.`;
	return free < roomNeeded ? bad(text, "Below 16 MB new runs may not be stored: free some space.") : good(text);
}

function ownCopy({ ownCopy: newest, database }: ServiceHealth, now: number): Hint {
	if (newest === null)
		return note("There is no copy of the database yet.", "One is made each night in which something has changed.");
	const isBehind = (lastWritten(database.path) ?? 0) - newest.at > oldAfterMs;
	const text = `The newest copy of the database is ${formatAge((now - newest.at) / 1000)} old.`;
	return isBehind ? bad(text, "By hand: backup-monitor backup. The banner says why none was made.") : good(text);
}

function time(now: number, zone: string): Hint {
	if (now >= releasedAt) return good("The clock is not in the past.");
	return bad(`The clock says ${formatInstant(now, zone)}, which is in the past.`, "Set it: timedatectl set-ntp true");
}

function pushes(isOpen: boolean): Hint {
	if (!isOpen) return good("Reports over HTTP need a token.");
	return note(
		"Anybody who reaches this server may report, and so turn a failure into a success.",
		"Leave PUSH_TOKEN out: a token is made.",
	);
}

function login(config: Config): Hint {
	if (asksForLogin(config)) return good(`A login is asked for, ${loginWords(config)}.`);
	const fix = "backup-monitor hash-password makes what AUTH_PASSWORD_HASH takes.";
	if (config.readToken !== null || config.readTokenFile !== null) {
		return bad("READ_TOKEN keeps nobody out: without a login everything may be read.", fix);
	}
	return note("Whoever reaches this server may read everything, and press its buttons.", fix);
}

function links(publicUrl: string | null): Hint {
	if (publicUrl !== null) return good("Links in messages have an address of their own.");
	return note("Links in messages lead to the address that a browser last used.", "Set PUBLIC_URL to say which it is.");
}

function heartbeat(url: string | null): Hint {
	if (url !== null) return good("Another service is told every five minutes that this one runs.");
	return note(
		"Nobody hears of it when this monitor itself stops.",
		"Set HEARTBEAT_URL to an address that misses a call, such as a healthchecks check elsewhere.",
	);
}
