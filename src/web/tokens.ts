// Who may report: the push token, tokens for one job, and the addresses a job can be pinged at.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, messageOf } from "../errors.ts";
import type { Job } from "../job.ts";
import { logGrouped } from "../log.ts";
import { describe } from "../report.ts";
import { syncFile, syncFolder } from "../store/files.ts";

export type TokenConfig = {
	dataDir: string;
	pushToken: string | null;
	pushTokenFile: string | null;
	pushTokensFile: string | null;
};

/** What a token opens: everything, one job (by slug or name), or nothing. */
export type Grant = "everything" | { job: string } | null;

export function opens(grant: Grant, { name, slug }: Pick<Job, "name" | "slug">): boolean {
	if (grant === null || grant === "everything") return grant !== null;
	return grant.job === name || grant.job === slug;
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
};

const tokenFile = "push-token";
const keyFile = "job-key";

/** Reads the tokens, making what does not exist yet. Throws `usage` for a token that cannot be one. */
export function readTokens(config: TokenConfig): Tokens {
	const own = ownToken(config);
	const isOpen = own === "none";
	const perJob = readPerJob(config.pushTokensFile);
	// Made with the first report: the hashes bring two megabytes of code along, which a server that is only read never needs.
	let digests: { job: string | null; digest: Buffer }[] | null = null;
	const digestsOf = () => {
		digests ??= [{ job: null, token: own }, ...perJob].map(({ job, token }) => ({ job, digest: digestOf(token) }));
		return digests;
	};
	const key = readOrMake(join(config.dataDir, keyFile), 32);
	const derive = (purpose: string, { name, host }: Pick<Job, "name" | "host">) =>
		new Bun.CryptoHasher("sha256", key).update(`${purpose}\n${name}\n${host}`).digest();
	return {
		isOpen,
		token: isOpen ? null : own,
		grant: (token) => {
			if (isOpen) return "everything";
			// Every comparison is made, on digests of one length: the time says nothing about the token.
			const given = digestOf(token ?? "");
			let grant: Grant = null;
			for (const { job, digest } of digestsOf()) {
				if (isSame(given, digest) && grant === null) grant = job === null ? "everything" : { job };
			}
			return token === null || token === "" ? null : grant;
		},
		uuidOf: (job) => uuidFrom(derive("uuid", job)),
		kumaTokenOf: (job) => derive("kuma", job).toString("base64url").replace(/[-_]/g, "x").slice(0, 32),
	};
}

function ownToken({ dataDir, pushToken, pushTokenFile }: TokenConfig): string {
	if (pushToken !== null) return checked(pushToken, "PUSH_TOKEN");
	if (pushTokenFile !== null) return checked(readSecret(pushTokenFile, "PUSH_TOKEN_FILE"), "PUSH_TOKEN_FILE");
	return checked(readOrMake(join(dataDir, tokenFile), 24), tokenFile);
}

function checked(token: string, name: string): string {
	if (token === "none" || /^[\x21-\x7e]{8,256}$/.test(token)) return token;
	throw new AppError("usage", `${name} must be 8 to 256 characters without blanks, or "none" to let anybody report.`);
}

function readSecret(path: string, name: string): string {
	try {
		return readFileSync(path, "utf8").trim();
	} catch (error) {
		throw new AppError("usage", `${name} names ${path}, which cannot be read: ${messageOf(error)}`);
	}
}

/** A secret of the data folder, made at the server's first start, readable by its owner alone. */
function readOrMake(path: string, bytes: number): string {
	const made = Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
	try {
		const kept = existsSync(path) ? readFileSync(path, "utf8") : "";
		// A power cut can leave a file without its bytes, or with zeros for them: only one that was never given to anybody.
		if (/[^\s\0]/.test(kept)) return kept.trim();
		writeFileSync(path, `${made}\n`, { mode: 0o600 });
		chmodSync(path, 0o600);
		syncFile(path);
		syncFolder(dirname(path));
	} catch (error) {
		// A token that nobody knows, for this start: nobody reports, rather than everybody.
		logGrouped(`token ${path}`, `${path} cannot be read or made, so no report is taken over HTTP: ${messageOf(error)}`);
	}
	return made;
}

/** Whether a server has made the folder's secrets already. */
export function hasTokens(dataDir: string): boolean {
	return existsSync(join(dataDir, keyFile));
}

/** Lines of `job token`; `#` begins a comment. */
function readPerJob(path: string | null): { job: string; token: string }[] {
	if (path === null) return [];
	return readSecret(path, "PUSH_TOKENS_FILE")
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

/** Compares two digests in a time that does not depend on where they differ. (node:crypto would cost 4 MB for this.) */
function isSame(a: Buffer, b: Buffer): boolean {
	let difference = a.length ^ b.length;
	for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
	return difference === 0;
}

function digestOf(token: string): Buffer {
	return new Bun.CryptoHasher("sha256").update(token).digest();
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
