// Who may report: the push token, tokens for one job, and the addresses a job can be pinged at.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, messageOf } from "../errors.ts";
import type { Job } from "../job.ts";
import { logGrouped } from "../log.ts";
import { registerSecret } from "../secrets.ts";
import { readIfThere, syncFile, syncFolder } from "../store/files.ts";
import { describe } from "../visible.ts";

export type TokenConfig = {
	dataDir: string;
	pushToken: string | null;
	pushTokenFile: string | null;
	pushTokensFile: string | null;
};

/** What a token opens: everything, some jobs (by slug or name, also a former one), or nothing. */
export type Grant = "everything" | { jobs: readonly string[] } | null;

/** `addresses`: the slugs and names of a job; only asked for where the token is for some jobs alone. */
export function opens(grant: Grant, addresses: () => readonly string[]): boolean {
	if (grant === null || grant === "everything") return grant !== null;
	const known = addresses();
	return grant.jobs.some((job) => known.includes(job));
}

export type Tokens = {
	/** PUSH_TOKEN=none: anybody may report. */
	isOpen: boolean;
	/** The token to show to those who may see it; null when reporting is open. */
	token: string | null;
	grant: (token: string | null) => Grant;
	/** The job's own ping address, and its Uptime Kuma token. */
	uuidOf: (job: Pick<Job, "name" | "host">) => string;
	kumaTokenOf: (job: Pick<Job, "name" | "host">) => string;
	/** What only somebody with the folder's key can make of a text. */
	sign: (purpose: string, text: string) => string;
	/** Why the folder does not keep what was made for it; null where it does. Then the next start has others. */
	trouble: string | null;
	/** Whether the token is the one that senders have: else none of theirs can be called wrong. */
	isTokenKnown: boolean;
	/** To be handed to the next `readTokens`. */
	made: Secrets;
};

/** Made for a folder that may not take them yet: they stay the same for as long as the server runs. */
export type Secrets = { token: string; key: string };

const tokenFile = "push-token";
const keyFile = "job-key";

/**
 * Reads the tokens, and writes what does not exist yet: what `made` holds, or something new. Throws `usage` for a token
 * that cannot be one, and for a file of tokens that cannot be read.
 */
export function readTokens(config: TokenConfig, made: Secrets = makeSecrets()): Tokens {
	const troubles: string[] = [];
	const kept = (name: string, value: string) => readOrKeep(join(config.dataDir, name), value, troubles);
	const own = ownToken(config, () => {
		const token = kept(tokenFile, made.token);
		if (isToken(token)) return checked(token, tokenFile);
		// Nobody's mistake in a variable, but a file that something has damaged: all else goes on.
		troubles.push(`${join(config.dataDir, tokenFile)} holds no token (remove it, and a new one is made)`);
		return made.token;
	});
	const isOwnKnown = troubles.length === 0;
	const isOpen = own === "none";
	const perJob = readPerJob(config.pushTokensFile);
	// Made with the first report: the hashes bring two megabytes of code along, which a server that is only read never needs.
	let digests: { job: string | null; digest: Buffer }[] | null = null;
	const digestsOf = () => {
		digests ??= [{ job: null, token: own }, ...perJob].map(({ job, token }) => ({ job, digest: digestOf(token) }));
		return digests;
	};
	const key = kept(keyFile, made.key);
	const derive = (purpose: string, { name, host }: Pick<Job, "name" | "host">) =>
		new Bun.CryptoHasher("sha256", key).update(`${purpose}\n${name}\n${host}`).digest();
	return {
		isOpen,
		token: isOpen ? null : own,
		grant: (token) => {
			if (isOpen) return "everything";
			// Every comparison is made, on digests of one length: the time says nothing about the token.
			const given = digestOf(token ?? "");
			const opened = digestsOf().filter(({ digest }) => isSame(given, digest));
			if (token === null || token === "" || opened.length === 0) return null;
			const jobs = opened.flatMap(({ job }) => (job === null ? [] : [job]));
			return jobs.length < opened.length ? "everything" : { jobs };
		},
		uuidOf: (job) => uuidFrom(derive("uuid", job)),
		kumaTokenOf: (job) => derive("kuma", job).toString("base64url").replace(/[-_]/g, "x").slice(0, 32),
		sign: signerOf(key),
		trouble: troubles[0] ?? null,
		isTokenKnown: isOwnKnown,
		made,
	};
}

/** Of the folder's key alone, which is all that a code for the setup page takes; null where no server has made it. */
export function readSigner({ dataDir }: Pick<TokenConfig, "dataDir">): Pick<Tokens, "sign"> | null {
	const key = readKept(join(dataDir, keyFile));
	return key === "" ? null : { sign: signerOf(key) };
}

function signerOf(key: string): Tokens["sign"] {
	return (purpose, text) =>
		new Bun.CryptoHasher("sha256", key).update(`${purpose}\n\n${text}`).digest("base64url").slice(0, 32);
}

/** Throws `usage` for what a server would not start with. Makes nothing. */
export function checkTokens(config: TokenConfig): void {
	toldToken(config);
	readPerJob(config.pushTokensFile);
}

function ownToken(config: TokenConfig, kept: () => string): string {
	return toldToken(config) ?? kept();
}

function toldToken({ pushToken, pushTokenFile }: TokenConfig): string | null {
	if (pushToken !== null) return checked(pushToken, "PUSH_TOKEN");
	if (pushTokenFile === null) return null;
	return checked(readSecret(pushTokenFile, "PUSH_TOKEN_FILE").trim(), "PUSH_TOKEN_FILE");
}

function isToken(text: string): boolean {
	return text === "none" || /^[\x21-\x7e]{8,256}$/.test(text);
}

function checked(token: string, name: string): string {
	if (token === "none") return token;
	// A script with "set -x" prints the address that it pings, and its log is shown to whoever may read.
	registerSecret(token);
	if (isToken(token)) return token;
	throw new AppError("usage", `${name} must be 8 to 256 characters without blanks, or "none" to let anybody report.`);
}

/** Throws `usage` for a file that a variable names and that cannot be read. */
export function readSecret(path: string, name: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		throw new AppError("usage", `${name} names ${path}, which cannot be read: ${messageOf(error)}`);
	}
}

function makeSecrets(): Secrets {
	const random = (bytes: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
	return { token: random(24), key: random(32) };
}

/** A secret of the data folder: the one that lies there, else `made`, written readable by its owner alone. */
function readOrKeep(path: string, made: string, troubles: string[]): string {
	try {
		const kept = readKept(path);
		if (kept !== "") return kept;
		writeFileSync(path, `${made}\n`, { mode: 0o600 });
		chmodSync(path, 0o600);
		syncFile(path);
		syncFolder(dirname(path));
	} catch (error) {
		// A token that nobody knows: nobody reports, rather than everybody.
		troubles.push(`${path} cannot be read or made: ${messageOf(error)}`);
		logGrouped(`token ${path}`, `${path} cannot be read or made, so no report is taken over HTTP: ${messageOf(error)}`);
	}
	return made;
}

/** "" for a file that is not there, or that a power cut left without its bytes, or with zeros for them: nobody has it. */
function readKept(path: string): string {
	const text = readIfThere(path) ?? "";
	const kept = /[^\s\0]/.test(text) ? text.trim() : "";
	if (kept !== "none") registerSecret(kept);
	return kept;
}

/** Whether a server has made all of the folder's secrets already. Throws what reading them throws. */
export function hasTokens({ dataDir, pushToken, pushTokenFile }: TokenConfig): boolean {
	const names = pushToken === null && pushTokenFile === null ? [keyFile, tokenFile] : [keyFile];
	return names.every((name) => readKept(join(dataDir, name)) !== "");
}

/** Lines of `job token`; `#` begins a comment. */
function readPerJob(path: string | null): { job: string; token: string }[] {
	if (path === null) return [];
	return readSecret(path, "PUSH_TOKENS_FILE")
		.trim()
		.split("\n")
		.flatMap((line, index) => {
			const text = line.replace(/(?:^|\s)#.*/, "").trim();
			if (text === "") return [];
			const at = text.search(/\s\S+$/);
			if (at === -1)
				throw new AppError("usage", `PUSH_TOKENS_FILE line ${index + 1} is ${describe("…")}; expected: job token`);
			const token = checked(text.slice(at).trim(), `The token in line ${index + 1} of PUSH_TOKENS_FILE`);
			if (token === "none") {
				throw new AppError(
					"usage",
					`PUSH_TOKENS_FILE line ${index + 1} has the token "none"; a job cannot be opened to all.`,
				);
			}
			return [{ job: text.slice(0, at).trim(), token }];
		});
}

/** Compares two of our digests. Where they differ says nothing: nobody outside knows what either of them is. */
export function isSame(a: Buffer, b: Buffer): boolean {
	return a.equals(b);
}

const salt = crypto.getRandomValues(new Uint8Array(32));

/** Good for as long as the program runs: another one's are others. (node:crypto's comparison would cost 4 MB.) */
export function digestOf(token: string): Buffer {
	return new Bun.CryptoHasher("sha256", salt).update(token).digest();
}

function uuidFrom(bytes: Buffer): string {
	const b = Buffer.from(bytes.subarray(0, 16));
	b[6] = ((b[6] ?? 0) & 0x0f) | 0x40;
	b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
	const hex = b.toString("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The token of a request: Bearer, the password of Basic, or `?token=`. Paths that carry one give it themselves. */
export function tokenOf(request: Request, search: string): string | null {
	const header = request.headers.get("authorization");
	const bearer = header === null ? null : /^bearer\s+(\S+)\s*$/i.exec(header);
	if (bearer !== null) return bearer[1] ?? null;
	const basic = header === null ? null : /^basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(header);
	if (basic !== null) {
		const text = Buffer.from(basic[1] ?? "", "base64").toString("utf8");
		return text.slice(text.indexOf(":") + 1);
	}
	return new URLSearchParams(search).get("token");
}
