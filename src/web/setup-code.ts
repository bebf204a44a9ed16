// The codes that show the token on the setup page: printed by a command on the monitor's machine, good once, for minutes.
//
// An address says nothing about who asks: a proxy or a tunnel on the same machine makes everybody come from there. Who
// can have a code printed can read the folder's key, and so the token.
import type { Tokens } from "./tokens.ts";

export const codeMinutes = 10;
const codeMs = codeMinutes * 60_000;

type Signer = Pick<Tokens, "sign">;

/** A code that nobody without the folder's key can make. The token cannot be learnt from it. */
export function makeSetupCode(tokens: Signer, now: number): string {
	const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url");
	return signed(tokens, "code", `${(now + codeMs).toString(36)}.${nonce}`);
}

/** Until when a code or pass is good, in Unix milliseconds; null for one that is not. */
function goodUntil(tokens: Signer, use: "code" | "pass", text: string, now: number): number | null {
	const [until = "", nonce = ""] = text.split(".");
	// Everything that is compared was made here, and differs from what is expected in all places or none.
	if (text.length > 200 || signed(tokens, use, `${until}.${nonce}`) !== text) return null;
	const at = Number.parseInt(until, 36);
	// A clock that was set back must not make it good for longer.
	return at > now && at <= now + codeMs ? at : null;
}

function signed({ sign }: Signer, use: "code" | "pass", text: string): string {
	return `${text}.${sign(`setup ${use}`, text)}`;
}

const cookieName = "setup";

/** Takes codes in, once each, for a cookie that shows the token until the code's time is over. */
export class SetupDoor {
	readonly #used = new Map<string, number>();

	/** The cookie for a code, or null where it is wrong, too old or used up. */
	enter(tokens: Signer, code: string, now: number): string | null {
		for (const [used, until] of this.#used) if (until <= now) this.#used.delete(used);
		const until = goodUntil(tokens, "code", code, now);
		if (until === null || this.#used.has(code)) return null;
		this.#used.set(code, until);
		const pass = signed(tokens, "pass", code.slice(0, code.lastIndexOf(".")));
		// Lax: the address may be opened by a click in a terminal that is itself a page.
		return `${cookieName}=${pass}; Path=/setup; Max-Age=${Math.ceil((until - now) / 1000)}; HttpOnly; SameSite=Lax`;
	}

	/** Until when whoever sent this request is shown the token; null where not. */
	shownUntil(tokens: Signer, request: Request, now: number): number | null {
		const cookies = request.headers.get("cookie") ?? "";
		const pass = new RegExp(`(?:^|;\\s*)${cookieName}=([^;\\s]+)`).exec(cookies)?.[1];
		return pass === undefined ? null : goodUntil(tokens, "pass", pass, now);
	}
}
