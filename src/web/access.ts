// The login: who a visitor is, by his session, by a trusted proxy's word, or by the token for what programs read.
import { type AccessConfig, hasPassword } from "../access-config.ts";
import { AppError } from "../errors.ts";
import { registerSecret } from "../secrets.ts";
import { Buckets } from "./buckets.ts";
import type { Client } from "./client.ts";
import { cookieOf } from "./forms.ts";
import { readPassword } from "./password.ts";
import { PasswordDoor, type Tried } from "./password-door.ts";
import { Sessions, sessionDays } from "./sessions.ts";
import { digestOf, isSame, readSecret, type Tokens } from "./tokens.ts";

export type Visitor = { by: "session"; id: string } | { by: "proxy"; name: string };

export class Access {
	readonly hasPassword: boolean;
	readonly #header: string | null;
	readonly #sessions: Sessions;
	readonly #door: PasswordDoor | null;
	readonly #readToken: Buffer | null;
	readonly #wrongTokens = new Buckets(10, 0.2);
	readonly #cookie: string;
	readonly #clock: () => number;
	readonly #tokens: Pick<Tokens, "sign">;
	readonly #listeners: (() => void)[] = [];

	/** Throws `usage` for a password or a token that cannot be one. */
	constructor(config: AccessConfig & { dataDir: string }, tokens: Tokens, clock: () => number) {
		const password = readPassword(config);
		const readToken = readReadToken(config);
		if (readToken !== null && tokens.grant(readToken) !== null) {
			throw new AppError("usage", "READ_TOKEN is a push token too, so whoever reads could report; choose another.");
		}
		this.hasPassword = hasPassword(config);
		this.#header = config.authHeader;
		this.#sessions = new Sessions(config.dataDir, `${password?.text ?? "none"}\n${config.authHeader ?? ""}`);
		this.#door = password === null ? null : new PasswordDoor(password);
		this.#readToken = readToken === null ? null : digestOf(readToken);
		// Browsers tell cookies apart by host, not by port: two monitors on one machine must not take each other's away.
		this.#cookie = `backup-monitor-${tokens.sign("cookie", "session").slice(0, 6)}`;
		this.#tokens = tokens;
		this.#clock = clock;
	}

	visitorOf(request: Request, client: Client): Visitor | null {
		const name = this.#header !== null && client.isProxied ? request.headers.get(this.#header)?.trim() : "";
		if (name) return { by: "proxy", name: name.slice(0, 200) };
		if (this.#door === null) return null;
		const id = cookieOf(request, this.#cookieName(client));
		return id !== null && this.#sessions.isOpen(id, this.#clock()) ? { by: "session", id } : null;
	}

	/** Whether somebody who came in is still in: he may have logged out meanwhile, or his session is over. */
	isStillIn(visitor: Visitor | null): boolean {
		return visitor?.by !== "session" || this.#sessions.holds(visitor.id, this.#clock());
	}

	/** null where none was given; a number: the seconds until another may be tried. */
	judgeToken(token: string | null, { address }: Client): "good" | "wrong" | number | null {
		if (token === null || token === "") return null;
		if (this.#readToken !== null && isSame(this.#readToken, digestOf(token))) return "good";
		return this.#wrongTokens.take(address, performance.now()) || "wrong";
	}

	/**
	 * The cookies of a new session, where the password is right. A browser that has logged in before has tries of its own:
	 * where a proxy makes everybody come from one address, somebody who guesses there cannot use up the owner's.
	 */
	async logIn(typed: string, request: Request, client: Client): Promise<Tried & { cookies?: string[] }> {
		if (this.#door === null) return { ok: false, status: 401, retryAfter: null };
		const device = this.#deviceOf(request);
		const who = device === null ? client.address : `device ${device}`;
		const tried = await this.#door.attempt(typed, who, performance.now());
		if (!tried.ok) return tried;
		const session = this.#cookieOf(this.#sessions.open(this.#clock()), client);
		return { ...tried, cookies: [session, this.#deviceCookie(device ?? randomId(), client)] };
	}

	/** null where none is known, or where it was made up. */
	#deviceOf(request: Request): string | null {
		const [id = "", signature = ""] = (cookieOf(request, `${this.#cookie}-device`) ?? "").split(".");
		return id !== "" && isSame(digestOf(signature), digestOf(this.#sign(id))) ? id : null;
	}

	#deviceCookie(id: string, { isHttps }: Client): string {
		const rest = `Path=/login; Max-Age=31536000; HttpOnly; SameSite=Strict${isHttps ? "; Secure" : ""}`;
		return `${this.#cookie}-device=${id}.${this.#sign(id)}; ${rest}`;
	}

	#sign(device: string): string {
		return this.#tokens.sign("device", device);
	}

	/** Calls when a session has ended, so that what was opened under it ends too. */
	onLogOut(listener: () => void): void {
		this.#listeners.push(listener);
	}

	/** Ends a session, or all there are; the cookie that takes it out of the browser. */
	logOut(visitor: Visitor | null, client: Client, { all = false } = {}): string {
		if (all) this.#sessions.closeAll();
		else if (visitor?.by === "session") this.#sessions.close(visitor.id);
		if (all || visitor?.by === "session") for (const listener of this.#listeners) listener();
		return this.#cookieOf("", client);
	}

	#cookieName({ isHttps }: Client): string {
		return isHttps ? `__Host-${this.#cookie}` : this.#cookie;
	}

	#cookieOf(id: string, client: Client): string {
		const age = id === "" ? 0 : sessionDays * 86_400;
		const secure = client.isHttps ? "; Secure" : "";
		return `${this.#cookieName(client)}=${id}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure}`;
	}
}

/** Throws `usage` for a password, a hash or a token that a server would not start with. */
export function checkAccess(config: AccessConfig): void {
	readPassword(config);
	readReadToken(config);
}

function randomId(): string {
	return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
}

function readReadToken({ readToken, readTokenFile }: AccessConfig): string | null {
	const name = readToken === null ? "READ_TOKEN_FILE" : "READ_TOKEN";
	const token = readToken ?? (readTokenFile === null ? null : readSecret(readTokenFile, name).trim());
	if (token === null) return null;
	registerSecret(token);
	if (/^[\x21-\x7e]{8,256}$/.test(token)) return token;
	throw new AppError("usage", `${name} must be 8 to 256 characters without blanks.`);
}
