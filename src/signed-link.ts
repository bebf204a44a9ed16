// Links in messages that may do one thing to one alert for a week, without a login: signed, so that nobody makes his own.

export type LinkAction = "acknowledge" | "snooze";
export type Link = { alertId: number; action: LinkAction; expiresAt: number };

/** How long the link of a message works. */
export const linkLifetimeMs = 7 * 86_400_000;

const actions: LinkAction[] = ["acknowledge", "snooze"];
/** Keeps this signature from being one of something else under the same key; changed when the layout changes. */
const purpose = "alert link 1\n";
/** Action 1, alert 6, end in seconds 5 bytes; then half of an HMAC-SHA256. */
const payloadLength = 12;
const signatureLength = 16;
const shortestKey = 16;

/** 38 characters that stand in a path as they are. */
export function signLink(key: Uint8Array, { alertId, action, expiresAt }: Link): string {
	const bytes = new Uint8Array(payloadLength + signatureLength);
	bytes[0] = actions.indexOf(action);
	writeWhole(bytes, 1, 6, alertId);
	writeWhole(bytes, 7, 5, Math.floor(expiresAt / 1000));
	bytes.set(signatureOf(key, bytes.subarray(0, payloadLength)), payloadLength);
	return encode(bytes);
}

/** What a token allows; null when it is not ours, was changed, or its time is over. */
export function readLink(key: Uint8Array, token: string, now: number): { alertId: number; action: LinkAction } | null {
	if (!/^[\w-]{38}$/.test(token)) return null;
	const bytes = decode(token);
	if (bytes === null) return null;
	const payload = bytes.subarray(0, payloadLength);
	if (!isSame(signatureOf(key, payload), bytes.subarray(payloadLength))) return null;
	const action = actions[payload[0] ?? -1];
	const isOver = now >= readWhole(payload, 7, 5) * 1000;
	return action === undefined || isOver ? null : { alertId: readWhole(payload, 1, 6), action };
}

/** Where a link leads: a page that asks; only its form acts, because mail scanners follow every link. */
export function linkPath(token: string): string {
	return `/alerts/link/${token}`;
}

function signatureOf(key: Uint8Array, payload: Uint8Array): Uint8Array {
	if (key.length < shortestKey) throw new Error(`A link key has at least ${shortestKey} bytes, this has ${key.length}`);
	const hasher = new Bun.CryptoHasher("sha256", key).update(purpose).update(payload);
	return new Uint8Array(hasher.digest()).subarray(0, signatureLength);
}

/** In a time that does not depend on where the two differ. (node:crypto would cost 4 MB for this.) */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
	let difference = a.length ^ b.length;
	for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
	return difference === 0;
}

/** null where the last character carries bits that no byte needs: one token has one spelling. */
function decode(token: string): Uint8Array | null {
	const bytes = Uint8Array.fromBase64(token, { alphabet: "base64url" });
	return encode(bytes) === token ? bytes : null;
}

function encode(bytes: Uint8Array): string {
	return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function writeWhole(bytes: Uint8Array, at: number, length: number, value: number): void {
	if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** length) {
		throw new Error(`${value} is no whole number of ${length} bytes`);
	}
	let rest = value;
	for (let i = at + length - 1; i >= at; i--) {
		bytes[i] = rest % 256;
		rest = Math.floor(rest / 256);
	}
}

function readWhole(bytes: Uint8Array, at: number, length: number): number {
	let value = 0;
	for (let i = at; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0);
	return value;
}
