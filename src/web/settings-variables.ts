// The variables of the environment as the page Settings lists them: what is in force, who said so, and never a secret.
import type { Config } from "../config.ts";
import type { ShownVariable } from "../settings-page.ts";
import { plural } from "../units.ts";

type Environment = Record<string, string | undefined>;
type Source = ShownVariable["source"];

/** `isOpen`: anybody may report. */
export function variablesOf(config: Config, env: Environment, isOpen: boolean): ShownVariable[] {
	const isSet = (name: string) => (env[name] ?? "").trim() !== "";
	const said = (name: string, otherwise: Source): Source => (isSet(name) ? "variable" : otherwise);
	const place = (name: string): Source => said(name, isSet("DATA_DIR") ? "derived" : "default");
	/** A flag of the command stands over the variable of its name. */
	const orFlag = (name: string, value: string, otherwise: string): Source => {
		if (isSet(name) && env[name]?.trim() === value) return "variable";
		return value === otherwise && !isSet(name) ? "default" : "flag";
	};
	const folder = config.dataDir === "/data" ? "default" : "flag";
	const folderSource = said("DATA_DIR", isSet("DB_PATH") ? "derived" : folder);
	const secret = (...names: string[]) => names.map((name) => keptSecret(name, isSet(name)));
	return [
		row("DATA_DIR", config.dataDir, folderSource, "everything lies here"),
		row("DB_PATH", config.databasePath, place("DB_PATH"), "the database"),
		row("METRICS_FILE", config.metricsFile, place("METRICS_FILE"), "scripts append their runs to it"),
		row("HOST", config.host, orFlag("HOST", config.host, "0.0.0.0"), "the address that is listened on"),
		row("PORT", String(config.port), orFlag("PORT", String(config.port), "5001"), "and its port"),
		row("TZ", config.zone, zoneSource(config, isSet("TZ")), "days, schedules and times are in this zone"),
		row(
			"RETENTION_DAYS",
			plural(config.retentionDays, "day"),
			said("RETENTION_DAYS", "default"),
			"how long single runs are kept; daily sums stay for 10 years",
		),
		row(
			"UNITS",
			config.units === "iec" ? "iec: MiB, GiB" : "si: MB, GB",
			said("UNITS", "default"),
			"how sizes are written",
		),
		row("PUBLIC_URL", config.publicUrl ?? "not set", said("PUBLIC_URL", "default"), "links in messages lead there"),
		row(
			"ALLOWED_HOSTS",
			config.allowedHosts.join(" ") || "addresses and names of the home network",
			said("ALLOWED_HOSTS", "default"),
			"names besides these that this server answers to",
		),
		row("FRAME_ANCESTORS", config.frameAncestors, said("FRAME_ANCESTORS", "default"), "who may show this in a frame"),
		{ ...keptSecret("PUSH_TOKEN", isSet("PUSH_TOKEN")), ...(isOpen && { value: "none: anybody may report" }) },
		...secret("PUSH_TOKEN_FILE", "PUSH_TOKENS_FILE", "NOTIFY_URLS", "NOTIFY_URLS_FILE"),
		...secret("HEARTBEAT_URL", "HEARTBEAT_URL_FILE"),
		...secret("AUTH_PASSWORD_HASH", "AUTH_PASSWORD_HASH_FILE", "AUTH_PASSWORD_FILE"),
		row(
			"AUTH_HEADER",
			config.authHeader ?? "not set",
			said("AUTH_HEADER", "default"),
			"a proxy names who is logged in",
		),
		row(
			"TRUSTED_PROXIES",
			env.TRUSTED_PROXIES?.trim() || "none",
			said("TRUSTED_PROXIES", "default"),
			"whose word about clients is taken",
		),
		...secret("READ_TOKEN", "READ_TOKEN_FILE"),
	];
}

const secretMeanings: Record<string, string> = {
	PUSH_TOKEN: "who reports over HTTP shows it; without it, one is made",
	PUSH_TOKEN_FILE: "a file that holds it",
	PUSH_TOKENS_FILE: "a file of tokens for single jobs",
	NOTIFY_URLS: "channels",
	NOTIFY_URLS_FILE: "a file that holds them",
	HEARTBEAT_URL: "called every five minutes while all is well",
	HEARTBEAT_URL_FILE: "a file that holds it",
	AUTH_PASSWORD_HASH: "of the login; without it, or a file, there is none",
	AUTH_PASSWORD_HASH_FILE: "a file that holds it",
	AUTH_PASSWORD_FILE: "a file that holds the password itself",
	READ_TOKEN: "programs read metrics, data and pictures with it where there is a login",
	READ_TOKEN_FILE: "a file that holds it",
};

function keptSecret(name: string, isSet: boolean): ShownVariable {
	return row(name, isSet ? "set" : "not set", isSet ? "variable" : "default", secretMeanings[name] ?? "");
}

function zoneSource({ badZone }: Config, isSet: boolean): Source {
	if (badZone !== null) return "default";
	return isSet ? "variable" : "system";
}

function row(name: string, value: string, source: Source, meaning: string): ShownVariable {
	return { name, value, source, meaning };
}
