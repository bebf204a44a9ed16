// Who has logged in: by what a browser keeps in its cookie, of which the data folder holds only digests.
import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { sessionsFile } from "../access-config.ts";
import { messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import { syncFile } from "../store/files.ts";

const day = 86_400_000;
export const sessionDays = 30;
const idleMs = 7 * day;
/** A clock that was set back by more than this makes nobody's login last longer. */
const tolerance = day;
/** Of one household; the one not used for longest goes first. */
const most = 100;

type Session = { digest: string; createdAt: number; usedAt: number };
type Kept = { key: string; mark: string; sessions: Session[] };

export class Sessions {
	readonly #path: string;
	/** What the sessions were granted under: with another password none of them is found. */
	readonly #under: string;
	readonly #key: string;
	readonly #byDigest = new Map<string, Session & { writtenAt: number }>();

	constructor(dataDir: string, under: string) {
		this.#path = sessionsFile(dataDir);
		this.#under = under;
		const kept = readKept(this.#path);
		this.#key = kept?.key ?? Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
		if (kept === null) return;
		if (kept.mark === this.#mark()) {
			for (const session of kept.sessions)
				this.#byDigest.set(session.digest, { ...session, writtenAt: session.usedAt });
		} else this.#write();
	}

	/** A new one; what the browser is to keep. */
	open(now: number): string {
		const id = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
		for (const [digest, session] of this.#byDigest) if (isOver(session, now)) this.#byDigest.delete(digest);
		const oldest = [...this.#byDigest.values()].sort((a, b) => a.usedAt - b.usedAt)[0];
		if (oldest !== undefined && this.#byDigest.size >= most) this.#byDigest.delete(oldest.digest);
		const digest = this.#digestOf(id);
		this.#byDigest.set(digest, { digest, createdAt: now, usedAt: now, writtenAt: now });
		this.#write();
		return id;
	}

	/** Whether somebody is logged in with it; being asked is being used. */
	isOpen(id: string, now: number): boolean {
		const session = this.#find(id, now);
		if (session === null) return false;
		session.usedAt = now;
		// Once a day is enough to know who has been away for seven, and an SD card is not for more.
		if (Math.abs(now - session.writtenAt) > day) this.#write();
		return true;
	}

	/** The same without being used: an open page that nobody looks at keeps nobody logged in. */
	holds(id: string, now: number): boolean {
		return this.#find(id, now) !== null;
	}

	#find(id: string, now: number): (Session & { writtenAt: number }) | null {
		if (!/^[\w-]{43}$/.test(id)) return null;
		// Looked up by a digest under a key: the time that takes says nothing about the id.
		const session = this.#byDigest.get(this.#digestOf(id));
		return session === undefined || isOver(session, now) || session.createdAt - now > tolerance ? null : session;
	}

	close(id: string): void {
		if (this.#byDigest.delete(this.#digestOf(id))) this.#write();
	}

	closeAll(): void {
		this.#byDigest.clear();
		this.#write();
	}

	#digestOf(id: string): string {
		return this.#hmac(`session\n${this.#under}\n${id}`).toString("base64url");
	}

	/** Two bytes: enough to notice another password, too few to guess the password with. */
	#mark(): string {
		return this.#hmac(`mark\n${this.#under}`).toString("hex").slice(0, 4);
	}

	#hmac(text: string): Buffer {
		return new Bun.CryptoHasher("sha256", this.#key).update(text).digest();
	}

	#write(): void {
		const sessions = [...this.#byDigest.values()].map(({ digest, createdAt, usedAt }) => ({
			digest,
			createdAt,
			usedAt,
		}));
		const kept: Kept = { key: this.#key, mark: this.#mark(), sessions };
		try {
			const next = `${this.#path}.new`;
			writeFileSync(next, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
			chmodSync(next, 0o600);
			syncFile(next);
			renameSync(next, this.#path);
		} catch (error) {
			logGrouped("sessions", `${this.#path} cannot be written, so logins end with this start: ${messageOf(error)}`);
		}
		for (const session of this.#byDigest.values()) session.writtenAt = session.usedAt;
	}
}

function isOver({ createdAt, usedAt }: Session, now: number): boolean {
	return now - createdAt >= sessionDays * day || now - usedAt >= idleMs;
}

/** null for a file that is not there or is not ours: then nobody is logged in. */
function readKept(path: string): Kept | null {
	try {
		const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Kept>;
		const { key, mark, sessions } = value;
		if (typeof key !== "string" || !/^[0-9a-f]{64}$/.test(key) || typeof mark !== "string") return null;
		if (!Array.isArray(sessions) || !sessions.every(isSession)) return null;
		return { key, mark, sessions: sessions.slice(0, most) };
	} catch {
		// Torn by a power cut, or edited: everybody logs in again.
		return null;
	}
}

function isSession(value: Partial<Session> | null): boolean {
	return (
		typeof value?.digest === "string" && Number.isSafeInteger(value.createdAt) && Number.isSafeInteger(value.usedAt)
	);
}
