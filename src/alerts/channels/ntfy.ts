// ntfy: one POST to the topic with the text as its body and everything else in headers.
import { registerMadeUp } from "../../secrets.ts";
import { basicAuth } from "../outgoing.ts";
import { type ChannelKind, request, toEach, usage } from "./channel.ts";
import { baseOf, type ChannelUrl, isHost, isUnverified, registerAll, shownOf } from "./channel-url.ts";
import { actionsOf, bytesOf, fit, type Look, lookOf, oneLine, textWithLinks } from "./wording.ts";

const form = "ntfy[s]://[user:password@ or token@]host[:port]/topic, or ntfy://topic for ntfy.sh";
/** A longer message becomes an attachment, or is refused where attachments are off. */
const mostBytes = 4000;
const priorities: Record<Look, number> = { critical: 5, warning: 4, info: 2, resolved: 3 };
const tags: Record<Look, string> = {
	critical: "rotating_light",
	warning: "warning",
	info: "information_source",
	resolved: "white_check_mark",
};
const names = ["min", "low", "default", "high", "max"];
const words = {
	denied: "the token or the password is wrong, or may not write to this topic",
	missing: "there is no ntfy server at this address",
};

export const ntfy: ChannelKind = {
	type: "ntfy",
	schemes: ["ntfy", "ntfys"],
	form,
	open: (url) => {
		const { base, topics } = placeOf(url);
		const authorization = authorizationOf(url);
		// Whoever knows a topic can read it and write to it.
		for (const topic of topics) registerMadeUp(topic);
		const priority = priorityOf(url.query.get("priority"));
		const moreTags = (url.query.get("tags") ?? "").split(",").filter((tag) => /^[\w+-]+$/.test(tag));
		return {
			shown: base === "https://ntfy.sh" ? `${url.scheme}://ntfy.sh` : shownOf(url),
			sender: ({ baseUrl }) =>
				toEach(topics, (topic, message) => {
					const look = lookOf(message);
					const actions = actionsOf(message).map(({ label, url }) => `view, ${label}, ${quotable(url)}, clear=true`);
					const headers: Record<string, string> = {
						"content-type": "text/plain; charset=utf-8",
						title: encodeHeader(fit(oneLine(message.title), 200)),
						priority: String(priority ?? priorities[look]),
						tags: [tags[look], ...moreTags].join(","),
						...(message.url !== null && { click: message.url }),
						...(actions.length > 0 && { actions: actions.join("; ") }),
						...(authorization !== null && { authorization }),
					};
					const omits = ["Acknowledge", "Snooze"];
					const body = textWithLinks(message, mostBytes, { measure: bytesOf, omits });
					return request(`${baseUrl ?? base}/${topic}`, { headers, body, isUnverified: isUnverified(url) }, words);
				}),
		};
	},
};

function placeOf(url: ChannelUrl): { base: string; topics: string[] } {
	const isCloud = url.path.length === 0 || /^ntfy\.sh$/i.test(url.host);
	const topics = url.path.length === 0 ? [url.host] : url.path;
	const also = url.query.get("to")?.split(",") ?? [];
	const all = [...topics, ...also].filter((topic) => topic !== "" && topic !== "ntfy.sh");
	if (all.length === 0) throw usage(`An address of ntfy needs a topic: ${form}`);
	if (!all.every((topic) => /^[-_A-Za-z0-9]{1,64}$/.test(topic))) {
		throw usage(`A topic of ntfy has 1 to 64 letters, digits, - and _: ${form}`);
	}
	if (!isCloud && !isHost(url.host)) throw usage(`The host is not one: ${form}`);
	return { base: isCloud ? "https://ntfy.sh" : baseOf(url, url.scheme === "ntfys"), topics: all };
}

function authorizationOf({ user, password, query }: ChannelUrl): string | null {
	const saysToken = query.get("auth") === "token";
	const lone = password === null ? user : user === null ? password : null;
	const token =
		query.get("token") ?? (saysToken ? (password ?? user) : lone !== null && /^tk_\w+$/i.test(lone) ? lone : null);
	if (token !== null) {
		registerAll(token);
		return `Bearer ${token}`;
	}
	if (user === null && password === null) return null;
	registerAll(password);
	return basicAuth(user ?? "", password ?? "");
}

function priorityOf(text: string | undefined): number | null {
	if (text === undefined || text === "") return null;
	const number = /^[1-5]$/.test(text) ? Number(text) : names.indexOf(text.toLowerCase().replace("urgent", "max")) + 1;
	if (number === 0) throw usage(`A priority of ntfy is ${names.join(", ")} or 1 to 5`);
	return number;
}

/** Headers are Latin-1: anything else goes as an encoded word, which ntfy reads. */
function encodeHeader(text: string): string {
	return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
}

/** Commas and semicolons would end the address in the list of actions. */
function quotable(url: string): string {
	return url.replaceAll(",", "%2C").replaceAll(";", "%3B");
}
