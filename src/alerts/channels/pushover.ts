// Pushover: one message to a user's devices.
import { type ChannelKind, objectOf, postJson, refused, usage } from "./channel.ts";
import { isHost, isUnverified, registerAll, serviceOf } from "./channel-url.ts";
import { fit, type Look, lookOf, oneLine, textWithLinks } from "./wording.ts";

const form = "pover://user-key@application-token[/device…]";
const limits = { title: 250, message: 1024, url: 512 };
/** 2 repeats until somebody confirms: only where the address asks for it. */
const priorities: Record<Look, number> = { critical: 1, warning: 0, info: -1, resolved: -1 };
const named = ["lowest", "low", "normal", "high", "emergency"];
const words = { denied: "the application's token or the user's key is wrong", missing: "the service has moved" };

export const pushover: ChannelKind = {
	type: "pushover",
	schemes: ["pover"],
	form,
	open: (url) => {
		const { user, host: token } = url;
		if (user === null || user === "" || !isHost(token)) {
			throw usage(`An address of Pushover needs the user's key and the application's token: ${form}`);
		}
		registerAll(user, token);
		const fixed = priorityOf(url.query.get("priority"));
		const devices = url.path.filter((device) => /^[\w-]{1,25}$/.test(device)).join(",");
		const sound = url.query.get("sound");
		const { base, shown } = serviceOf(url, "https://api.pushover.net");
		return {
			shown,
			sender:
				({ baseUrl }) =>
				(message) => {
					const priority = fixed ?? priorities[lookOf(message)];
					const hasUrl = message.url !== null && message.url.length <= limits.url;
					const body = {
						token,
						user,
						title: fit(oneLine(message.title), limits.title),
						message:
							textWithLinks(message, limits.message, { omits: hasUrl ? ["Open"] : [] }) || oneLine(message.title),
						priority,
						...(priority === 2 && { retry: 60, expire: 3600 }),
						...(devices !== "" && { device: devices }),
						...(sound && { sound }),
						...(hasUrl && { url: message.url, url_title: "Open" }),
					};
					const address = `${baseUrl ?? base}/1/messages.json`;
					return postJson(address, body, { isUnverified: isUnverified(url) }, words, ({ status, text }) => {
						const said = objectOf(text);
						if (status === 400 && (said.token === "invalid" || said.user === "invalid")) {
							return refused(`answered 400: ${words.denied}`);
						}
						const isRefused = status >= 200 && status < 300 && said.status === 0;
						return isRefused ? refused("answered that it does not take the message") : null;
					});
				},
		};
	},
};

function priorityOf(text: string | undefined): number | null {
	if (text === undefined || text === "") return null;
	const number = /^-?[0-2]$/.test(text) ? Number(text) : named.indexOf(text.toLowerCase()) - 2;
	if (number < -2) throw usage(`A priority of Pushover is ${named.join(", ")} or -2 to 2`);
	return number;
}
