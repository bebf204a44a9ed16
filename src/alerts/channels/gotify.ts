// Gotify: one JSON message, with the application's token in a header.
import { basicAuth } from "../outgoing.ts";
import { type ChannelKind, postJson, usage } from "./channel.ts";
import { baseOf, isHost, isUnverified, registerAll, shownOf } from "./channel-url.ts";
import { fit, type Look, lookOf, oneLine, textWithLinks } from "./wording.ts";

const form = "gotify[s]://host[:port]/[path/]token";
/** On Android: above 7 makes a sound and pops up, 4 to 7 a sound, below 4 is quiet. */
const priorities: Record<Look, number> = { critical: 8, warning: 5, info: 2, resolved: 4 };
const words = { denied: "the application's token is wrong", missing: "there is no Gotify server at this address" };

export const gotify: ChannelKind = {
	type: "gotify",
	schemes: ["gotify", "gotifys"],
	form,
	open: (url) => {
		const token = url.path.at(-1);
		if (!isHost(url.host) || token === undefined) {
			throw usage(`An address of Gotify needs a host and an application's token: ${form}`);
		}
		registerAll(token, url.password);
		const path = url.path.slice(0, -1).map((part) => `/${encodeURIComponent(part)}`);
		const fixed = Number(url.query.get("priority") || Number.NaN);
		const headers = {
			"x-gotify-key": token,
			...(url.user !== null && { authorization: basicAuth(url.user, url.password ?? "") }),
		};
		return {
			shown: shownOf(url),
			sender:
				({ baseUrl }) =>
				(message) => {
					const body = {
						title: fit(oneLine(message.title), 200),
						message: textWithLinks(message, 8000, { omits: ["Open"] }),
						priority: Number.isInteger(fixed) ? fixed : priorities[lookOf(message)],
						extras: {
							// Plain: what a job is called must not become a picture or a heading.
							"client::display": { contentType: "text/plain" },
							...(message.url !== null && { "client::notification": { click: { url: message.url } } }),
						},
					};
					const address = `${baseUrl ?? baseOf(url, url.scheme === "gotifys")}${path.join("")}/message`;
					return postJson(address, body, { headers, isUnverified: isUnverified(url) }, words);
				},
		};
	},
};
