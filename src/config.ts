// The environment as the program understands it. A bad variable is said with its name, value and what is allowed.
import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type AccessConfig, accessConfigOf, refuseOpenDoor } from "./access-config.ts";
import { AppError, messageOf } from "./errors.ts";
import { isZone } from "./time.ts";
import { describe } from "./visible.ts";

export type Config = AccessConfig & {
	/** Everything of ours lies here, the database excepted where DB_PATH says so. */
	dataDir: string;
	databasePath: string;
	metricsFile: string;
	host: string;
	port: number;
	zone: string;
	/** The value of TZ when it names no zone that exists; UTC is used then. */
	badZone: string | null;
	retentionDays: number;
	units: "si" | "iec";
	/** Names besides the LAN's own that may stand in a Host header; "*" allows all. */
	allowedHosts: string[];
	frameAncestors: string;
	/** Where browsers reach this server, without a slash at the end; null: as they ask for it. */
	publicUrl: string | null;
	pushToken: string | null;
	pushTokenFile: string | null;
	pushTokensFile: string | null;
	/** Channels in Apprise's forms; holds secrets. */
	notifyUrls: string | null;
	notifyUrlsFile: string | null;
	/** Called every five minutes while all is well with the monitor itself. */
	heartbeatUrl: string | null;
};

type Environment = Record<string, string | undefined>;

export function readConfig(env: Environment): Config {
	const databaseDir = env.DB_PATH ? dirname(env.DB_PATH) : "/data";
	const dataDir = env.DATA_DIR || databaseDir;
	const base = env.DATA_DIR || "/data";
	const zone = zoneOf(env.TZ);
	const databasePath = env.DB_PATH || join(base, "backups.db");
	checkPlaces(env.DATA_DIR ? "DATA_DIR" : "The data folder", dataDir, databasePath);
	return {
		dataDir,
		databasePath,
		metricsFile: env.METRICS_FILE || join(base, "metrics.jsonl"),
		host: hostOf(env.HOST),
		port: whole(env, "PORT", 5001, 0, 65_535),
		zone: zone ?? "UTC",
		badZone: zone === null ? (env.TZ ?? null) : null,
		retentionDays: whole(env, "RETENTION_DAYS", 90, 1, 36_500),
		units: oneOf(env, "UNITS", ["si", "iec"]),
		allowedHosts: allowedHostsOf(env.ALLOWED_HOSTS),
		frameAncestors: frameAncestorsOf(env.FRAME_ANCESTORS),
		publicUrl: publicUrlOf(env.PUBLIC_URL),
		pushToken: env.PUSH_TOKEN || null,
		pushTokenFile: env.PUSH_TOKEN_FILE || null,
		pushTokensFile: env.PUSH_TOKENS_FILE || null,
		notifyUrls: env.NOTIFY_URLS?.trim() || null,
		notifyUrlsFile: env.NOTIFY_URLS_FILE || null,
		heartbeatUrl: heartbeatUrlOf(env),
		...accessConfigOf(env),
	};
}

/** What only a server minds. IMPORT_INTERVAL_HOURS is the original's, and checked so that a typing error is not hidden. */
export function checkServed(env: Environment): void {
	whole(env, "IMPORT_INTERVAL_HOURS", 12, 0, 8760);
	refuseOpenDoor(env);
}

/** The wall clock's zone; null when TZ names none that exists. A leading colon is POSIX and means nothing. */
function zoneOf(value: string | undefined): string | null {
	const name = (value ?? "").replace(/^:/, "");
	if (name === "") return systemZone();
	// Asked by name first: looking into the zone tables costs five megabytes that a server in UTC never needs.
	if (/^(?:Etc\/)?(?:UTC|GMT|Zulu)$/i.test(name)) return "UTC";
	return isZone(name) ? name : null;
}

/** The machine's own zone, as /etc/localtime points to it; UTC where it does not. */
function systemZone(): string {
	try {
		const name = /zoneinfo\/(?:posix\/)?(.+)$/.exec(readlinkSync("/etc/localtime"))?.[1] ?? "UTC";
		return zoneOf(name) ?? "UTC";
	} catch {
		return "UTC";
	}
}

/** No permission mends a file where a folder has to be, nor the other way round. */
function checkPlaces(name: string, dataDir: string, databasePath: string): void {
	if (kindAt(dataDir) === "file") {
		throw new AppError("usage", `${name} is ${dataDir}, which is a file; expected a folder. Set DATA_DIR to a folder.`);
	}
	if (kindAt(databasePath) === "folder") {
		const file = join(databasePath, "backups.db");
		throw new AppError("usage", `DB_PATH is ${databasePath}, which is a folder; expected a file such as ${file}.`);
	}
}

function kindAt(path: string): "file" | "folder" | null {
	try {
		const stat = statSync(path, { throwIfNoEntry: false });
		return stat === undefined ? null : stat.isDirectory() ? "folder" : "file";
	} catch {
		// What may not be looked at is said by whoever has to open it.
		return null;
	}
}

/** Names as they stand in a Host header, which has neither a scheme nor a path; the port there does not matter. */
function allowedHostsOf(value: string | undefined): string[] {
	return words(value).map((word) => {
		const name = word.replace(/\.$/, "");
		const isName = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/.test(name);
		if (isName || name === "*" || isIpv6(name.replace(/^\[(.+)\]$/, "$1"))) return name;
		const expected = "expected names such as backup.example.org, without scheme, port and path, or * for all";
		throw new AppError("usage", `ALLOWED_HOSTS has ${describe(word)}; ${expected}.`);
	});
}

/** An IPv6 address without brackets; a link's own may name its interface ("fe80::1%eth0"). */
function isIpv6(text: string): boolean {
	return text.includes(":") && URL.canParse(`http://[${text.replace(/%[\w.-]+$/, "")}]/`);
}

/** Where a server that listens on `host` is reached from the same machine, as it stands in an address. */
export function reachedAt(host: string): string {
	if (host === "0.0.0.0") return "127.0.0.1";
	if (host === "::") return "[::1]";
	return host.includes(":") ? `[${host}]` : host;
}

/** What a server says of where it is found: somebody at another device is not to look for 127.0.0.1 there. */
export function servedAt(host: string, port: number): string {
	const others = host === "0.0.0.0" || host === "::" ? " (and at every other address of this machine)" : "";
	return `http://${reachedAt(host)}:${port}${others}`;
}

/** A word about the data folder that was probably meant: `bun start` in a clone makes `./data`. "" where there is none. */
export function nearbyFolder(env: Environment, dataDir: string): string {
	const here = existsSync(dataDir) ? null : folderHere(env);
	return here === null ? "" : ` There is one in ${here}: set DATA_DIR=${here}`;
}

/** A data folder of ours in `./data` that nobody pointed to and that is not where a command looks; null: none. */
export function folderHere(env: Environment): string | null {
	if (env.DATA_DIR || env.DB_PATH) return null;
	const here = resolve("data");
	const isOurs = ["backups.db", "push-token", "received.jsonl"].some((name) => existsSync(join(here, name)));
	return isOurs && here !== "/data" ? here : null;
}

/** Stands in a header as it is: nothing in it may end the directive or the line. */
function frameAncestorsOf(value: string | undefined): string {
	if (!value?.trim()) return "'self'";
	if (/^[\x21-\x2b\x2d-\x3a\x3c-\x7e ]{1,500}$/.test(value)) return value.trim();
	throw new AppError(
		"usage",
		`FRAME_ANCESTORS is ${describe(value)}; expected sources such as 'self' https://home.example`,
	);
}

/** An address to listen on; IPv6 with or without brackets. */
function hostOf(value: string | undefined): string {
	if (!value?.trim()) return "0.0.0.0";
	const host = value.trim().replace(/^\[(.+)\]$/, "$1");
	const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host)?.slice(1);
	const isAddress = octets?.every((octet) => Number(octet) <= 255) ?? isIpv6(host);
	if (isAddress || host === "localhost") return host;
	throw new AppError(
		"usage",
		`HOST is ${describe(value)}; expected an address of this machine such as 0.0.0.0, 127.0.0.1 or ::`,
	);
}

function publicUrlOf(value: string | undefined): string | null {
	if (!value) return null;
	if (value.includes("@")) {
		// Not repeated: it would stand in the log, and in every message besides.
		throw new AppError(
			"usage",
			"PUBLIC_URL holds a user or a password, which would stand in every message; leave them out.",
		);
	}
	const url = URL.parse(value);
	if (url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "") {
		return value.replace(/\/+$/, "");
	}
	throw new AppError(
		"usage",
		`PUBLIC_URL is ${describe(value)}; expected an address such as https://backup.example.org`,
	);
}

/** The address itself, or the first line of the file that holds it. Often a secret: never repeated in a message. */
function heartbeatUrlOf(env: Environment): string | null {
	const name = env.HEARTBEAT_URL ? "HEARTBEAT_URL" : "HEARTBEAT_URL_FILE";
	let value = env.HEARTBEAT_URL?.trim() ?? "";
	if (value === "" && env.HEARTBEAT_URL_FILE) {
		try {
			value = readFileSync(env.HEARTBEAT_URL_FILE, "utf8").trim();
		} catch (error) {
			throw new AppError("usage", `HEARTBEAT_URL_FILE cannot be read: ${messageOf(error)}`);
		}
	}
	if (value === "") return null;
	const url = URL.parse(value);
	if (url !== null && /^https?:$/.test(url.protocol)) return value;
	throw new AppError("usage", `${name} is no address that begins with http:// or https://.`);
}

function whole(env: Environment, name: string, otherwise: number, least: number, most: number): number {
	const value = env[name];
	if (value === undefined || value.trim() === "") return otherwise;
	const number = /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : Number.NaN;
	if (number >= least && number <= most) return number;
	throw new AppError("usage", `${name} is ${describe(value)}; expected a whole number from ${least} to ${most}.`);
}

function oneOf<T extends string>(env: Environment, name: string, allowed: readonly [T, ...T[]]): T {
	const value = env[name]?.trim().toLowerCase();
	if (!value) return allowed[0];
	const known = allowed.find((word) => word === value);
	if (known === undefined)
		throw new AppError("usage", `${name} is ${describe(value)}; expected ${allowed.join(" or ")}.`);
	return known;
}

function words(value: string | undefined): string[] {
	return (value ?? "")
		.toLowerCase()
		.split(/[\s,]+/)
		.filter(Boolean);
}

/** Names under which this machine is known to itself. */
export function ownNames(): string[] {
	try {
		return [readFileSync("/proc/sys/kernel/hostname", "utf8").trim().toLowerCase()];
	} catch {
		return [];
	}
}
