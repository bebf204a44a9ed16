// All kinds of channels, and how an address becomes one of them.
import { editDistance } from "../../edit-distance.ts";
import { AppError } from "../../errors.ts";
import { logGrouped } from "../../log.ts";
import type { Message } from "../../message.ts";
import { mask, registerSecret } from "../../secrets.ts";
import { apprise } from "./apprise.ts";
import {
	type Channel,
	type ChannelKind,
	type ChannelOptions,
	delayed,
	type Opened,
	type Sent,
	usage,
} from "./channel.ts";
import { type ChannelUrl, parseUrlText } from "./channel-url.ts";
import { discord } from "./discord.ts";
import { gotify } from "./gotify.ts";
import { matrix } from "./matrix.ts";
import { ntfy } from "./ntfy.ts";
import { pushover } from "./pushover.ts";
import { slack } from "./slack.ts";
import { smtp } from "./smtp.ts";
import { telegram } from "./telegram.ts";
import { parseTemplate } from "./template.ts";
import { webhook } from "./webhook.ts";

export const channelKinds: readonly ChannelKind[] = [
	ntfy,
	webhook,
	smtp,
	gotify,
	discord,
	slack,
	telegram,
	pushover,
	apprise,
	matrix,
];

/** An address that was understood. It can be printed: what is secret in it is in `open` alone. */
export type ChannelTarget = { type: string; shown: string; open: Opened["sender"] };

const schemes = channelKinds.flatMap((kind) => kind.schemes);

/** Reads a channel's address. Throws AppError "usage" with the right form, and never with what was secret in it. */
export function parseChannelUrl(text: string): ChannelTarget {
	const parsed = parseUrlText(text);
	if (parsed === null) {
		throw usage(`A channel is an address such as ntfys://host/topic or mailtos://user:password@host: ${listed()}`);
	}
	registerSecret(parsed.password);
	const url = nativeOf(parsed) ?? parsed;
	const kind = channelKinds.find((one) => one.schemes.includes(url.scheme));
	if (kind === undefined) throw usage(unknownScheme(url.scheme));
	const { shown, sender } = kind.open(url);
	// What it shows is no secret, or every sentence about it would lose its subject.
	if (!shown.startsWith(parsed.text.replace(/\/$/, ""))) registerSecret(parsed.text);
	return { type: kind.type, shown, open: sender };
}

const listed = () => schemes.map((scheme) => `${scheme}://`).join(" ");

function unknownScheme(scheme: string): string {
	const [nearest] = schemes
		.map((known) => ({ known, steps: editDistance(scheme.slice(0, 32), known) }))
		.sort((a, b) => a.steps - b.steps);
	const form = channelKinds.find((kind) => nearest !== undefined && kind.schemes.includes(nearest.known))?.form;
	if (nearest === undefined || nearest.steps > 3) return `There is no channel with this scheme. Known are ${listed()}`;
	return `There is no channel ${scheme}://, did you mean ${nearest.known}://? Its form is ${form}`;
}

/** The addresses that the services themselves show, wherever a look-alike serves them; json:// is never taken for one. */
function nativeOf({ scheme, text, authority }: ChannelUrl): ChannelUrl | null {
	if (scheme !== "http" && scheme !== "https") return null;
	const url = URL.parse(text);
	if (url === null) return null;
	const { pathname, searchParams } = url;
	const isOwn = /(?:^|\.)(?:discord(?:app)?\.com|slack\.com|telegram\.org|pushover\.net)$/.test(url.hostname);
	const base = isOwn ? "" : `base=${encodeURIComponent(`${scheme}://${authority}`)}`;
	const as = (address: string, more = "") => parseUrlText(`${address}?${[base, more].filter(Boolean).join("&")}`);
	const [, id, token] = /^\/api(?:\/v\d+)?\/webhooks\/(\d+)\/([\w.-]+)(?:\/(?:slack|github))?\/?$/.exec(pathname) ?? [];
	if (id !== undefined) {
		const thread = searchParams.get("thread_id");
		return as(`discord://${id}/${token}`, thread === null ? "" : `thread=${encodeURIComponent(thread)}`);
	}
	const [, hook] = /^\/services\/(T[A-Za-z0-9]+\/B[A-Za-z0-9]+\/[A-Za-z0-9]+)\/?$/.exec(pathname) ?? [];
	if (hook !== undefined) return as(`slack://${hook}`);
	const [, bot] = /^\/bot(\d+:[\w-]+)(?:\/sendMessage)?\/?$/i.exec(pathname.replace(/%3a/i, ":")) ?? [];
	const chat = searchParams.get("chat_id");
	if (bot !== undefined && chat !== null) {
		const topic = searchParams.get("message_thread_id");
		return as(`tgram://${bot}/${encodeURIComponent(chat)}`, topic === null ? "" : `topic=${encodeURIComponent(topic)}`);
	}
	const [user, application] = [searchParams.get("user"), searchParams.get("token")];
	if (pathname === "/1/messages.json" && user !== null && application !== null) {
		return as(`pover://${encodeURIComponent(user)}@${encodeURIComponent(application)}`);
	}
	return null;
}

/** Makes a channel of an address. Throws AppError "usage" for a template that cannot work. */
export function createChannel(
	name: string,
	target: ChannelTarget,
	{ template = null, secret = null, baseUrl = null }: Partial<ChannelOptions> = {},
): Channel {
	const isWebhook = target.type === webhook.type;
	// A webhook's template is its body; anywhere else it is the text between the service's own title and links.
	const wording = template === null || isWebhook ? null : parseTemplate(template);
	const send = target.open({ template, secret, baseUrl });
	return {
		name,
		type: target.type,
		shown: target.shown,
		send: async (message) => {
			const worded = wording === null ? message : reword(message, wording.render(message));
			const result = await attempt(target.type, () => send(worded));
			return result.ok ? result : { ...result, reason: mask(`${target.shown} ${result.reason}`) };
		},
	};
}

async function attempt(type: string, send: () => Promise<Sent>): Promise<Sent> {
	try {
		return await send();
	} catch (error) {
		// A fault of ours: it is logged, the message waits, and another version may send it.
		const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
		logGrouped(`channel ${type}`, mask(`internal error in a channel (${type}): ${trace}`));
		return delayed("could not be reached: an internal error, see the log");
	}
}

function reword(message: Message, text: string): Message {
	const html = `<!doctype html><meta charset="utf-8"><pre style="white-space:pre-wrap">${Bun.escapeHTML(text)}</pre>`;
	return { ...message, text, html };
}

/**
 * Reads a list of addresses, separated by commas or blanks. A comma separates only where another address begins: lists of
 * recipients have commas too.
 */
export function parseNotifyUrls(text: string): ChannelTarget[] {
	const addresses = text.split(/\s+|,(?=\s*(?:[a-z][a-z0-9]{1,15}:\/\/|$))/i).map((part) => part.replace(/^,|,$/g, ""));
	const given = addresses.filter((address) => address !== "");
	return given.map((address, at) => {
		try {
			return parseChannelUrl(address);
		} catch (error) {
			if (!(error instanceof AppError) || given.length === 1) throw error;
			throw usage(`address ${at + 1} of ${given.length}: ${error.message}`);
		}
	});
}
