// A message as plain text, as phones and chats show it.
import type { Body, Section } from "./message-body.ts";
import { cut } from "./message-clean.ts";

/** Below the limits of all channels (Telegram: 4,096). */
const longestText = 4000;

/** Never longer than the limit; the link stands at the end and is never cut. */
export function textOf(body: Body): string {
	const blocks = [body.intro ?? "", ...body.sections.map(sectionText), body.more ?? ""];
	if (body.also.length > 0) blocks.push([`${body.alsoHeading}:`, ...body.also.map((text) => `- ${text}`)].join("\n"));
	const link = body.url === null || body.url.length > 1000 ? "" : `\n\n${body.url}`;
	return cut(blocks.filter((block) => block !== "").join("\n\n"), longestText - link.length) + link;
}

function sectionText({ heading, lead, facts, log }: Section): string {
	const lines = heading === null ? [] : [heading];
	lines.push(...lead);
	// A blank line parts what happened from its circumstances; in a list it would part the list.
	if (heading === null && lead.length > 0 && facts.length > 0) lines.push("");
	lines.push(...facts.map(([label, value]) => `${label}: ${value}`));
	if (log.length > 0) lines.push(...(heading === null ? ["", "Log:"] : ["Log:"]), ...log.map((line) => `  ${line}`));
	return lines.join("\n");
}
