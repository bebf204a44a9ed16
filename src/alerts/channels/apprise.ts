// An Apprise API server: it knows the channels, under the key that the address names.
import { registerMadeUp } from "../../secrets.ts";
import { basicAuth } from "../outgoing.ts";
import { type ChannelKind, delayed, postJson, refused, usage } from "./channel.ts";
import { baseOf, isHost, isUnverified, registerAll, shownOf } from "./channel-url.ts";
import { type Look, lookOf, oneLine, textWithLinks } from "./wording.ts";

const form = "apprise[s]://[user:password@]host[:port]/[path/]key[?tags=…]";
const types: Record<Look, string> = { critical: "failure", warning: "warning", info: "info", resolved: "success" };
const words = {
	denied: "the user, the password or the key is wrong",
	missing: "there is no Apprise API at this address",
};

export const apprise: ChannelKind = {
	type: "apprise",
	schemes: ["apprise", "apprises"],
	form,
	open: (url) => {
		const key = url.path.at(-1);
		if (!isHost(url.host) || key === undefined || !/^[\w-]{1,128}$/.test(key)) {
			throw usage(`An address of an Apprise API needs a host and a key: ${form}`);
		}
		registerAll(url.password);
		registerMadeUp(key);
		// "apprise://host/notify/key" is what people copy from a browser.
		const path = url.path.slice(0, -1).filter((part, at, all) => part !== "notify" || at !== all.length - 1);
		const headers = url.user === null ? {} : { authorization: basicAuth(url.user, url.password ?? "") };
		const tag = url.query.get("tags") ?? url.query.get("tag");
		return {
			shown: shownOf(url),
			sender:
				({ baseUrl }) =>
				(message) => {
					const body = {
						title: oneLine(message.title),
						body: textWithLinks(message, 8000),
						type: types[lookOf(message)],
						format: "text",
						...(tag && { tag }),
					};
					const prefix = path.map((part) => `/${encodeURIComponent(part)}`).join("");
					const address = `${baseUrl ?? baseOf(url, url.scheme === "apprises")}${prefix}/notify/${key}`;
					return postJson(address, body, { headers, isUnverified: isUnverified(url) }, words, ({ status }) => {
						if (status === 204) return refused("answered 204: it has no channels under this key");
						if (status === 424) return delayed("answered 424: it could not deliver to all of its channels");
						return null;
					});
				},
		};
	},
};
