// The registry of secret values: whatever is written for people passes through `mask`, so that none of them gets out.

/** Shorter ones would blot out half of every sentence. */
const shortest = 4;
const mostForms = 4000;

/** Every form in which a secret may turn up, with nothing that tells which one it was. */
const forms = new Set<string>();
let sorted: string[] | null = null;
let revision = 0;

/** Goes up when something is masked that was not: what was masked before and kept is to be masked again. */
export function secretsRevision(): number {
	return revision;
}

/** Remembers a value that must never be shown, with its encoded forms. Idempotent; short and empty values are ignored. */
export function registerSecret(value: string | null | undefined): void {
	const text = value?.trim() ?? "";
	if (text.length < shortest) return;
	if (forms.size > mostForms) forgetSecrets();
	const before = forms.size;
	for (const form of formsOf(text)) forms.add(form);
	if (forms.size === before) return;
	sorted = null;
	revision++;
}

/** Remembers a part of an address that looks made up by a machine. A word such as "notifications" would blot out sentences. */
export function registerMadeUp(part: string): void {
	if (part.length >= 12 && /\d/.test(part)) registerSecret(part);
}

/** Remembers the parts of an address that is a secret: whoever prints it (curl, a proxy's log) may print those alone. */
export function registerPartsOf(address: string): void {
	const url = URL.parse(address);
	if (url === null) return;
	for (const part of [...url.pathname.split("/"), ...url.searchParams.values()]) registerMadeUp(decoded(part));
	registerSecret(decoded(url.password));
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

/** Forgets every secret: another configuration, in a process that has had one before (tests). */
export function forgetSecrets(): void {
	forms.clear();
	sorted = null;
	revision++;
}

/** The text with every registered secret replaced. */
export function mask(text: string): string {
	if (forms.size === 0) return text;
	// The longest first: a secret may be the beginning of another.
	sorted ??= [...forms].sort((a, b) => b.length - a.length);
	let masked = text;
	// One search after the other, each the runtime's own: an expression of them all takes 2 ms for a log without the JIT.
	for (const form of sorted) if (masked.includes(form)) masked = masked.replaceAll(form, "•••");
	return masked;
}

function formsOf(text: string): string[] {
	const json = JSON.stringify(text).slice(1, -1);
	const url = encodeURIComponent(text.toWellFormed());
	const html = Bun.escapeHTML(text);
	const hex = Buffer.from(text).toString("hex");
	return [text, json, html, url, url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()), hex, ...base64Of(text)];
}

/**
 * Base64 of a value looks different after nought, one or two bytes of something else ("user:" before a password): the
 * characters that depend on what stands before or behind it are left off.
 */
function base64Of(text: string): string[] {
	const found: string[] = [];
	for (const before of [0, 1, 2]) {
		const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
		const whole = bytes.toString("base64").replace(/=+$/, "");
		const core = whole.slice(before === 0 ? 0 : before + 1, bytes.length % 3 === 0 ? undefined : -1);
		// A few characters might be anybody's.
		if (core.length >= 6) found.push(core, core.replaceAll("+", "-").replaceAll("/", "_"));
	}
	return found;
}
