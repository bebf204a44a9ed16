// Which server a mail goes to and how it is encrypted, from an address in Apprise's form.
import { usage } from "./channel.ts";
import { type ChannelUrl, isHost, isUnverified, registerAll } from "./channel-url.ts";
import type { Mail } from "./mail.ts";

/** `opportunistic`: encrypted if the server offers it. */
export type Security = "tls" | "starttls" | "opportunistic" | "none";

export type MailServer = {
	host: string;
	port: number;
	/** Tried in this order, where the one before found that the other side speaks otherwise. */
	security: Security[];
	login: { user: string; password: string } | null;
	isVerified: boolean;
};

export const mailForm =
	"mailto[s]://user:password@host[:port][?from=…&to=a@example.com,b@example.com&smtp=…&starttls=required]";

/** Providers whose mail server is not at the name behind the @. Always encrypted, whichever scheme is written. */
const providers: [domain: RegExp, host: string, port: number][] = [
	[/^(?:gmail|googlemail)\.com$/, "smtp.gmail.com", 465],
	[/^(?:outlook|hotmail|live)\.[a-z.]+$/, "smtp-mail.outlook.com", 587],
	[/^yahoo\.[a-z.]+$/, "smtp.mail.yahoo.com", 465],
	[/^(?:icloud|me|mac)\.com$/, "smtp.mail.me.com", 587],
	[/^fastmail\.(?:com|fm)$/, "smtp.fastmail.com", 465],
	[/^gmx\.(?:net|de|at|ch)$/, "mail.gmx.net", 465],
	[/^gmx\.com$/, "mail.gmx.com", 465],
	[/^web\.de$/, "smtp.web.de", 587],
	[/^t-online\.de$/, "securesmtp.t-online.de", 465],
	[/^posteo\.(?:de|net)$/, "posteo.de", 465],
	[/^mailbox\.org$/, "smtp.mailbox.org", 465],
	[/^zoho\.(?:com|eu)$/, "smtp.zoho.com", 465],
	[/^(?:yandex\.(?:com|ru)|ya\.ru)$/, "smtp.yandex.com", 465],
	[/^(?:proton\.me|protonmail\.com|pm\.me)$/, "smtp.protonmail.ch", 587],
];

export function mailServerOf(url: ChannelUrl): MailServer {
	const { query } = url;
	const given = query.get("smtp");
	if (!isHost(given ?? url.host)) throw usage(`An address of a mail server needs a host: ${mailForm}`);
	const user = query.get("user") ?? url.user;
	const password = query.get("pass") ?? url.password;
	registerAll(password);
	const provider = given === undefined ? providers.find(([domain]) => domain.test(url.host.toLowerCase())) : undefined;
	const login = user === null || password === null ? null : { user, password };
	const isVerified = !isUnverified(url);
	if (provider !== undefined) {
		const [, host, standard] = provider;
		const port = url.port ?? standard;
		const full = login === null || login.user.includes("@") ? login : { ...login, user: `${login.user}@${url.host}` };
		return { host, port, security: port === 465 ? ["tls"] : ["starttls"], login: full, isVerified };
	}
	const security = securityOf(url);
	const standard = security[0] === "tls" ? 465 : url.scheme === "mailtos" || login !== null ? 587 : 25;
	// Whoever reads along sees the password then anyway, but nobody who pretends to be the server shall get it.
	const isChecked = isVerified && (security[0] !== "opportunistic" || login !== null);
	return { host: given ?? url.host, port: url.port ?? standard, security, login, isVerified: isChecked };
}

function securityOf({ scheme, port, query }: ChannelUrl): Security[] {
	const mode = query.get("mode")?.toLowerCase();
	if (mode !== undefined && !["ssl", "starttls", "insecure"].includes(mode)) {
		throw usage("mode= of a mail address is ssl, starttls or insecure");
	}
	const starttls = query.get("starttls")?.toLowerCase();
	if (mode === "ssl") return ["tls"];
	if (mode === "starttls" || starttls === "required") return ["starttls"];
	if (scheme === "mailto") return port === 465 ? ["tls"] : mode === "insecure" ? ["none"] : ["opportunistic"];
	if (port === 25 || port === 587) return ["starttls"];
	// At a port of its own a server may speak either; what is sent is encrypted in any case.
	return port === null || port === 465 ? ["tls"] : ["tls", "starttls"];
}

export function mailOf(url: ChannelUrl): Mail {
	const { query } = url;
	const domain = isHost(url.host) && !/^[\d.[]+/.test(url.host) ? url.host.replace(/^(?:smtp|mail)\.(?=.+\.)/, "") : "";
	const user = query.get("user") ?? url.user;
	const from = parseMailbox(query.get("from") ?? "");
	const own = user?.includes("@") ? user : user === null || domain === "" ? null : `${user}@${domain}`;
	const listed = [...url.path, ...(query.get("to")?.split(",") ?? [])];
	const to = addressesOf(listed);
	const address = from.address ?? own ?? (to[0] === undefined ? null : `backup-monitor@${domain || "localhost"}`);
	if (address === null) throw usage(`An address of a mail server needs a recipient: ${mailForm}`);
	const name = query.get("name") ?? (from.name || "Backup Monitor");
	return {
		from: { name, address: checked(address) },
		to: to.length === 0 ? [checked(address)] : to,
		cc: addressesOf(query.get("cc")?.split(",") ?? []),
	};
}

/** "Name <a@example.com>", "a@example.com", or a name alone, as Apprise takes it. */
function parseMailbox(text: string): { name: string; address: string | null } {
	const [, name = "", address] = /^(.*?)\s*<([^<>]*)>$/.exec(text.trim()) ?? [];
	if (address !== undefined) return { name: name.replace(/^"|"$/g, ""), address };
	return text.includes("@") ? { name: "", address: text.trim() } : { name: text.trim(), address: null };
}

function addressesOf(list: string[]): string[] {
	const found = list.map((entry) => parseMailbox(entry).address ?? entry.trim()).filter((entry) => entry !== "");
	return [...new Set(found.map(checked))];
}

/** Nothing that could end a line or a list: what stands here goes into commands and headers. */
function checked(address: string): string {
	const [, local = "", domain = ""] =
		/^([^\s<>()[\],;:\\"@\u0000-\u001f\u007f-\uffff]{1,64})@([^\s@/?#]+)$/.exec(address) ?? [];
	const host = domain === "localhost" ? domain : (URL.parse(`http://${domain}`)?.host ?? "");
	if (local === "" || !/^[a-z0-9.-]+$/.test(host)) {
		throw usage(`A recipient or sender is not a mail address (name@example.com): ${mailForm}`);
	}
	return `${local}@${host}`;
}
