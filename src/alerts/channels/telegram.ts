// Telegram: plain text by a bot, with buttons; no parse mode, so that nothing in a job's name is markup.

import type { Message } from "../../message.ts";
import type { Answer } from "../outgoing.ts";
import {
	type ChannelKind,
	delayed,
	objectOf,
	postJson,
	refused,
	type Sent,
	sent,
	toEach,
	usage,
	waitOf,
} from "./channel.ts";
import { isUnverified, registerAll, serviceOf } from "./channel-url.ts";
import { actionsOf, lookOf, markedTitle, textWithLinks } from "./wording.ts";

const form = "tgram://bot-token/chat-id[/chat-id…]";
const mostCharacters = 4096;
const words = {
	denied: "the bot's token is wrong, or the bot was removed from the chat",
	missing: "the bot's token is wrong",
};

export const telegram: ChannelKind = {
	type: "telegram",
	schemes: ["tgram"],
	form,
	open: (url) => {
		const [, token] = /^(?:bot)?(\d+:[\w-]+)$/i.exec(url.authority) ?? [];
		const chats = url.path.filter((part) => !part.startsWith("?"));
		if (token === undefined) throw usage(`An address of Telegram needs the bot's token (digits:letters): ${form}`);
		if (chats.length === 0 || !chats.every((chat) => /^(?:-?\d+|@?[A-Za-z]\w+)(?::\d+)?$/.test(chat))) {
			throw usage(`An address of Telegram needs the number or @name of a chat behind the token: ${form}`);
		}
		registerAll(token, token.split(":")[1]);
		const topic = url.query.get("topic") ?? url.query.get("thread");
		const { base, shown } = serviceOf(url, "https://api.telegram.org");
		return {
			shown,
			sender: ({ baseUrl }) => {
				const address = `${baseUrl ?? base}/bot${token}/sendMessage`;
				const options = { isUnverified: isUnverified(url) };
				return toEach(chats, async (target, message) => {
					const [chat = "", chatTopic = topic] = target.split(":");
					const where = {
						chat_id: /^-?\d+$/.test(chat) ? Number(chat) : chat.replace(/^@?/, "@"),
						...(chatTopic !== undefined && { message_thread_id: Number(chatTopic) }),
						disable_notification: lookOf(message) === "info" || message.isResolved,
						link_preview_options: { is_disabled: true },
					};
					const buttons = buttonsOf(message);
					if (buttons.length > 0) {
						const omits = ["Open", "Acknowledge", "Snooze"];
						const body = { ...where, text: textOf(message, omits), reply_markup: { inline_keyboard: [buttons] } };
						let isButtonRefused = false;
						const result = await postJson(address, body, options, words, (answer) => {
							isButtonRefused = answer.status === 400 && /button|url|markup/i.test(descriptionOf(answer));
							return judge(answer);
						});
						if (!isButtonRefused) return result;
					}
					return postJson(address, { ...where, text: textOf(message, []) }, options, words, judge);
				});
			},
		};
	},
};

function textOf(message: Message, omits: string[]): string {
	const title = markedTitle(message).slice(0, 300);
	return `${title}\n\n${textWithLinks(message, mostCharacters - title.length - 2, { omits })}`;
}

/** Telegram refuses the whole message for a button that leads to a name without a dot; those become lines of text. */
function buttonsOf(message: Message): { text: string; url: string }[] {
	const all = [...(message.url === null ? [] : [{ label: "Open", url: message.url }]), ...actionsOf(message)];
	const isUsable = (address: string) => {
		const host = URL.parse(address)?.hostname ?? "";
		return host.includes(".") && !host.endsWith("localhost");
	};
	return all.every(({ url }) => isUsable(url)) ? all.map(({ label, url }) => ({ text: label, url })) : [];
}

const descriptionOf = ({ text }: Answer) => String(objectOf(text).description ?? "");

function judge(answer: Answer): Sent | null {
	const { status, text, retryAfter } = answer;
	const said = objectOf(text);
	if (status === 429 || said.error_code === 429) {
		const parameters = typeof said.parameters === "object" && said.parameters !== null ? { ...said.parameters } : {};
		const wait = "retry_after" in parameters ? waitOf(parameters.retry_after) : null;
		return delayed("answered 429: too many messages in a short time", wait ?? retryAfter);
	}
	if (status === 400 && /chat not found/i.test(descriptionOf(answer))) {
		return refused("answered 400: there is no such chat, or nobody in it has written to the bot yet");
	}
	if (status >= 200 && status < 300)
		return said.ok === false ? refused("answered that it does not take the message") : sent;
	return null;
}
