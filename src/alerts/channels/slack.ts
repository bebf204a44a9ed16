// Slack: an incoming webhook; the three characters that Slack reads as markup are escaped, so nobody can be called.
import { type ChannelKind, delayed, postJson, refused, sent, usage } from "./channel.ts";
import { isUnverified, registerAll, serviceOf } from "./channel-url.ts";
import { actionsOf, bareText, fit, type Look, lookOf, markedTitle } from "./wording.ts";

const form = "slack://T…/B…/token[/#channel], or the address that Slack shows (https://hooks.slack.com/services/…)";
const colours: Record<Look, string> = { critical: "#d13438", warning: "#e8912d", info: "#3b82f6", resolved: "#2e9e5b" };
const mostCharacters = 3000;
const words = {
	denied: "the webhook's token is wrong or its app may not post here",
	missing: "this webhook or its channel no longer exists: add a new one in the app's settings",
};

export const slack: ChannelKind = {
	type: "slack",
	schemes: ["slack"],
	form,
	open: (url) => {
		const [team, hook, token] = [url.host, url.path[0] ?? "", url.path[1] ?? ""];
		if (![team, hook, token].every((part) => /^[A-Za-z0-9]+$/.test(part))) {
			throw usage(`An address of Slack needs the three parts of an incoming webhook: ${form}`);
		}
		registerAll(token, hook);
		const channel = url.path[2];
		const { base, shown } = serviceOf(url, "https://hooks.slack.com");
		return {
			shown,
			sender:
				({ baseUrl }) =>
				(message) => {
					const title = escapeMarkup(fit(markedTitle(message), 250));
					const links = actionsOf(message).map(({ label, url }) => `<${escapeMarkup(url)}|${label}>`);
					const tail = links.length === 0 ? "" : `\n\n${links.join(" · ")}`;
					const room = mostCharacters - tail.length;
					const text = escapeMarkup(fit(bareText(message), room, (cut) => escapeMarkup(cut).length)) + tail;
					const body = {
						text: message.url === null ? title : `<${escapeMarkup(message.url)}|${title.replaceAll("|", "¦")}>`,
						mrkdwn: false,
						link_names: false,
						unfurl_links: false,
						...(channel !== undefined && { channel }),
						...(url.user !== null && { username: url.user }),
						// No mrkdwn_in: stars and underscores of a job's name stay what they are.
						attachments: [{ color: colours[lookOf(message)], fallback: title, text, mrkdwn_in: [] }],
					};
					const address = `${baseUrl ?? base}/services/${team}/${hook}/${token}`;
					return postJson(address, body, { isUnverified: isUnverified(url) }, words, ({ status, text }) => {
						const said = text.trim();
						if (status === 200 && said === "ok") return sent;
						// Slack also says no with a word and 200.
						if (/^(?:no_service|no_team|team_disabled|channel_is_archived|channel_not_found)$/.test(said)) {
							return refused(`answered ${status}: ${words.missing}`);
						}
						if (/^(?:invalid_token|no_active_hooks|action_prohibited|posting_to_general_channel_denied)$/.test(said)) {
							return refused(`answered ${status}: ${words.denied}`);
						}
						if (/^(?:invalid_|no_text|missing_|too_many_|user_)/.test(said)) {
							return refused(`answered ${status}: it does not take the message`);
						}
						return said === "rollup_error" ? delayed(`answered ${status}: it has a problem`) : null;
					});
				},
		};
	},
};

/** `<!channel>`, `<@U…>` and links are only markup between angle brackets. */
function escapeMarkup(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
