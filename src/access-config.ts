// The variables that say who may come in: a password, a reverse proxy's word, a token for what programs read.
import { join } from "node:path";
import { AppError } from "./errors.ts";
import { type Network, parseNetwork } from "./networks.ts";
import { describe } from "./visible.ts";

export type AccessConfig = {
	passwordHash: string | null;
	passwordHashFile: string | null;
	passwordFile: string | null;
	/** The header in which a trusted proxy names who has logged in there; in lower case. */
	authHeader: string | null;
	/** Whose word about clients (who, from where, by https) is taken. */
	trustedProxies: Network[];
	readToken: string | null;
	readTokenFile: string | null;
};

type Environment = Record<string, string | undefined>;

export function accessConfigOf(env: Environment): AccessConfig {
	const trustedProxies = networksOf(env.TRUSTED_PROXIES);
	return {
		passwordHash: env.AUTH_PASSWORD_HASH?.trim() || null,
		passwordHashFile: env.AUTH_PASSWORD_HASH_FILE || null,
		passwordFile: env.AUTH_PASSWORD_FILE || null,
		authHeader: authHeaderOf(env.AUTH_HEADER, trustedProxies),
		trustedProxies,
		readToken: env.READ_TOKEN || null,
		readTokenFile: env.READ_TOKEN_FILE || null,
	};
}

/** Whether anybody has to say who he is. */
export function asksForLogin(config: AccessConfig): boolean {
	return hasPassword(config) || config.authHeader !== null;
}

export function hasPassword({ passwordHash, passwordHashFile, passwordFile }: AccessConfig): boolean {
	return (passwordHash ?? passwordHashFile ?? passwordFile) !== null;
}

/** As the log and the page say it. */
export function loginWords(config: AccessConfig): string {
	const ways = [
		...(hasPassword(config) ? ["by password"] : []),
		...(config.authHeader === null ? [] : [`by the header ${config.authHeader} of a trusted proxy`]),
	];
	return ways.join(", or ") || "not set";
}

/** Where the sessions are kept. */
export function sessionsFile(dataDir: string): string {
	return join(dataDir, "sessions.json");
}

/** Somebody who meant to set a password must not be left without one: nobody would see that. Throws `usage`. */
export function refuseOpenDoor(env: Environment): void {
	for (const name of ["AUTH_PASSWORD_HASH", "AUTH_PASSWORD_HASH_FILE", "AUTH_PASSWORD_FILE", "AUTH_HEADER"]) {
		if (env[name]?.trim() === "")
			throw new AppError("usage", `${name} is empty: there would be no login. Set it, or leave it out.`);
	}
	for (const name of ["AUTH_PASSWORD"]) {
		if (env[name] === undefined) continue;
		const fix = "Set AUTH_PASSWORD_HASH to what backup-monitor hash-password prints, or AUTH_PASSWORD_FILE";
		throw new AppError("usage", `${name} is not read, so there would be no login. ${fix}.`);
	}
}

function networksOf(value: string | undefined): Network[] {
	const words = (value ?? "").split(/[\s,]+/).filter(Boolean);
	return words.map((word) => {
		const network = parseNetwork(word);
		if (network !== null) return network;
		const expected = "expected addresses and networks such as 127.0.0.1, 172.18.0.0/16 or fd00::/8";
		throw new AppError("usage", `TRUSTED_PROXIES has ${describe(word)}; ${expected}.`);
	});
}

function authHeaderOf(value: string | undefined, proxies: Network[]): string | null {
	if (!value) return null;
	const name = value.trim().toLowerCase();
	if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name)) {
		throw new AppError(
			"usage",
			`AUTH_HEADER is ${describe(value)}; expected the name of a header such as Remote-User.`,
		);
	}
	// Browsers and every client send these by themselves: whoever comes would be somebody.
	if (
		/^(?:authorization|host|user-agent|accept.*|cookie|origin|referer|connection|content-.*|sec-.*|x-forwarded-.*|x-real-ip)$/.test(
			name,
		)
	) {
		throw new AppError(
			"usage",
			`AUTH_HEADER is ${value.trim()}, which is sent without a login; expected one such as Remote-User.`,
		);
	}
	if (proxies.length === 0) {
		throw new AppError(
			"usage",
			"AUTH_HEADER needs TRUSTED_PROXIES: without the proxy's address anybody could send that header. Set TRUSTED_PROXIES, for example to 172.18.0.0/16.",
		);
	}
	// 96: all of IPv4.
	if (proxies.some(({ bits }) => bits === 0 || bits === 96)) {
		throw new AppError(
			"usage",
			"TRUSTED_PROXIES names every address there is, so anybody could send the header of AUTH_HEADER; expected the proxy's own.",
		);
	}
	return name;
}
