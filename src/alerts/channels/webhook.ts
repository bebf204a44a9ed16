// A webhook of anybody's own: the documented JSON event, or a template, signed where a key is set.
import type { Message } from "../../message.ts";
import { registerPartsOf, registerSecret } from "../../secrets.ts";
import { basicAuth } from "../outgoing.ts";
import { type ChannelKind, type ChannelOptions, messageId, request, usage } from "./channel.ts";
import { baseOf, type ChannelUrl, isHost, isUnverified, registerAll, shownOf } from "./channel-url.ts";
import { parseTemplate } from "./template.ts";

const form = "https://host/path, or json[s]://[user:password@]host[:port]/path[?+Header=value]";
const words = {
	denied: "its token, user or password is wrong",
	missing: "there is nothing at this address, or no longer",
};
/** Of the address's parameters in Apprise's form, these are for us and not for the receiver. */
const ours = new Set(["verify", "method", "format", "overflow", "rto", "cto"]);

export const webhook: ChannelKind = {
	type: "webhook",
	schemes: ["json", "jsons", "http", "https"],
	form,
	open: (url) => {
		if (!isHost(url.host) || (url.port === null && /:\d/.test(url.authority.replace(/^\[.*\]/, "")))) {
			throw usage(`An address of a webhook needs a host: ${form}`);
		}
		const isPlain = url.scheme === "http" || url.scheme === "https";
		const { address, headers } = isPlain ? { address: url.text, headers: {} } : fromApprise(url);
		registerAll(url.password, ...Object.values(headers));
		registerPartsOf(address);
		if (URL.parse(address) === null) throw usage(`An address of a webhook is not complete: ${form}`);
		return {
			shown: shownOf(url),
			sender: (options) => {
				const bodyOf = bodies(options);
				registerSecret(options.secret);
				return (message) => {
					const { type, body } = bodyOf(message);
					return request(
						address,
						{
							headers: {
								"content-type": type,
								"x-backup-monitor-id": messageId(message),
								...headers,
								...(options.secret !== null && signatureOf(body, options.secret, Date.now())),
							},
							body,
							isUnverified: !isPlain && isUnverified(url),
						},
						words,
					);
				};
			},
		};
	},
};

function bodies({ template }: ChannelOptions): (message: Message) => { type: string; body: string } {
	if (template === null) return ({ data }) => ({ type: "application/json", body: JSON.stringify(data) });
	const { isJson, render } = parseTemplate(template);
	const type = isJson ? "application/json" : "text/plain; charset=utf-8";
	return (message) => ({ type, body: render(message) });
}

/**
 * What a receiver checks: hex HMAC-SHA256 of "<timestamp>.<body>". The time is signed too, so that a message that was
 * listened to cannot be played again tomorrow.
 */
export function signatureOf(body: string, secret: string, now: number): Record<string, string> {
	const timestamp = String(Math.floor(now / 1000));
	const signature = new Bun.CryptoHasher("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
	return { "x-backup-monitor-timestamp": timestamp, "x-backup-monitor-signature": `sha256=${signature}` };
}

/** Apprise's json://: "+name=value" is a header and "-name=value" a parameter; the rest is for Apprise itself. */
function fromApprise(url: ChannelUrl): { address: string; headers: Record<string, string> } {
	const headers: Record<string, string> = {};
	if (url.user !== null || url.password !== null) headers.authorization = basicAuth(url.user ?? "", url.password ?? "");
	const parameters = new URLSearchParams();
	for (const [name, value] of url.query) {
		if (ours.has(name)) continue;
		if (!name.startsWith("+")) parameters.set(name.replace(/^[-:]/, ""), value);
		else if (/^[\w!#$%&'*.^`|~-]+$/.test(name.slice(1)) && /^[\x20-\x7e]*$/.test(value)) headers[name.slice(1)] = value;
		else throw usage(`A header of a webhook is not one: ${form}`);
	}
	const path = url.path.map((part) => `/${encodeURIComponent(part)}`).join("") || "/";
	const query = parameters.size === 0 ? "" : `?${parameters}`;
	return { address: baseOf(url, url.scheme === "jsons") + path + query, headers };
}
