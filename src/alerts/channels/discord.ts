// Discord: one embed to a webhook; what people call their jobs is escaped, and nobody can be pinged by it.
import { type ChannelKind, delayed, objectOf, postJson, refused, usage, waitOf } from "./channel.ts";
import { isUnverified, registerAll, serviceOf } from "./channel-url.ts";
import { actionsOf, bareText, fit, type Look, lookOf, markedTitle } from "./wording.ts";

const form = "discord://webhook-id/token, or the address that Discord shows (https://discord.com/api/webhooks/…)";
const colours: Record<Look, number> = { critical: 0xd13438, warning: 0xe8912d, info: 0x3b82f6, resolved: 0x2e9e5b };
const limits = { title: 256, description: 4096 };
const words = {
	denied: "the webhook's token is wrong",
	missing: "this webhook no longer exists: make a new one in the channel's settings",
};

export const discord: ChannelKind = {
	type: "discord",
	schemes: ["discord"],
	form,
	open: (url) => {
		const [id, token] = [url.host, url.path[0]];
		if (!/^\d+$/.test(id) || token === undefined || !/^[\w.-]+$/.test(token)) {
			throw usage(`An address of Discord needs the webhook's number and its token: ${form}`);
		}
		registerAll(token);
		const { base, shown } = serviceOf(url, "https://discord.com");
		const thread = url.query.get("thread") ?? url.query.get("thread_id");
		const query = /^\d+$/.test(thread ?? "") ? `?wait=true&thread_id=${thread}` : "?wait=true";
		return {
			shown,
			sender:
				({ baseUrl }) =>
				(message) => {
					const links = actionsOf(message).map(({ label, url }) => `[${label}](${inParentheses(url)})`);
					const tail = links.length === 0 ? "" : `\n\n${links.join(" · ")}`;
					const room = limits.description - tail.length;
					const body = {
						username: url.user ?? "Backup Monitor",
						allowed_mentions: { parse: [] },
						embeds: [
							{
								title: escapeMarkdown(fit(markedTitle(message), limits.title, (text) => escapeMarkdown(text).length)),
								description: escapeMarkdown(fit(bareText(message), room, (text) => escapeMarkdown(text).length)) + tail,
								color: colours[lookOf(message)],
								...(message.url !== null && { url: message.url }),
							},
						],
					};
					// wait=true: without it Discord says yes before it has looked.
					const address = `${baseUrl ?? base}/api/webhooks/${id}/${token}${query}`;
					return postJson(address, body, { isUnverified: isUnverified(url) }, words, ({ status, text, retryAfter }) => {
						const answer = objectOf(text);
						if (status === 429) {
							return delayed(
								"answered 429: too many messages in a short time",
								waitOf(answer.retry_after) ?? retryAfter,
							);
						}
						return status === 400 && answer.code === 50_035
							? refused("answered 400: it does not take the message")
							: null;
					});
				},
		};
	},
};

/** Markup and mentions become plain characters; addresses stay whole, or nobody could click them. */
function escapeMarkdown(text: string): string {
	return text
		.replace(/https?:\/\/[^\s<>()[\]]+|[\\*_~`|<>[\]()#@]|^(\s*)([-+]|\d+\.)(?=\s)/gm, (found, indent, bullet) => {
			if (found.startsWith("http")) return found;
			return bullet === undefined ? `\\${found}` : `${indent}${bullet.replace(/[-+.]$/, "\\$&")}`;
		})
		.toWellFormed();
}

function inParentheses(url: string): string {
	return url.replaceAll("(", "%28").replaceAll(")", "%29");
}
