// A message as a whole HTML document for mail: inline styles, nothing loaded from anywhere, every text escaped.
import type { Body, Section } from "./message-body.ts";

class Markup {
	constructor(readonly text: string) {}
}

type Value = string | Markup | Markup[] | null;

/** What is interpolated is escaped. (The pages have a tag of their own; a mail may not depend on them.) */
function markup(strings: TemplateStringsArray, ...values: Value[]): Markup {
	return new Markup(strings.reduce((out, part, n) => out + render(values[n - 1] ?? null) + part));
}

function render(value: Value): string {
	if (value === null) return "";
	if (typeof value === "string") return Bun.escapeHTML(value);
	return Array.isArray(value) ? value.map(({ text }) => text).join("") : value.text;
}

// Legible on white and on black: which of the two a mail program takes, `color-scheme` leaves to its reader.
const colours = { critical: "#d4453a", warning: "#c8730c", info: "#4a7dee", over: "#1f9b85" };
const small = "font-size: 13px";
const listed = "margin: 0 0 4px";

export function htmlOf(title: string, body: Body): string {
	return markup`<!doctype html>
<html lang="en" style="color-scheme: light dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${title}</title>
</head>
<body style="margin: 0; padding: 16px; font: 15px/1.5 system-ui, sans-serif">
<div style="max-width: 640px; margin: 0 auto">
<h1 style="margin: 0 0 16px; font-size: 18px; line-height: 1.3">${title}</h1>
${body.intro === null ? null : markup`<p>${body.intro}</p>\n`}${body.sections.map(sectionHtml)}${
	body.more === null ? null : markup`<p>${body.more}</p>\n`
}${listHtml(body.alsoHeading, body.also)}${linksHtml(body)}</div>
</body>
</html>
`.text;
}

function sectionHtml({ heading, lead, facts, log, severity, isOver, url }: Section): Markup {
	const edge = `margin: 0 0 20px; padding: 0 0 0 12px; border-left: 4px solid ${isOver ? colours.over : colours[severity]}`;
	const link = url === null ? heading : linkHtml(url, heading ?? "");
	return markup`<div style="${edge}">
${heading === null ? null : markup`<h2 style="margin: 0; font-size: 16px">${link}</h2>\n`}${lead.map(
	(text) => markup`<p style="margin: 0 0 8px">${text}</p>\n`,
)}${facts.map(([label, value]) => markup`<p style="${`margin: 0; ${small}`}"><b>${label}:</b> ${value}</p>\n`)}${
	log.length === 0
		? null
		: markup`<pre style="${`margin: 8px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; ${small}`}">${log.join("\n")}</pre>\n`
}</div>
`;
}

function listHtml(heading: string, texts: string[]): Markup | null {
	if (texts.length === 0) return null;
	return markup`<h2 style="margin: 0 0 4px; font-size: 15px">${heading}</h2>
<ul style="margin: 0 0 20px; padding: 0 0 0 20px">
${texts.map((text) => markup`<li style="${listed}">${text}</li>\n`)}</ul>
`;
}

function linksHtml({ url, actions }: Body): Markup | null {
	const links: Markup[] = [];
	if (url !== null) links.push(linkHtml(url, "Open in Backup Monitor"));
	if (actions !== null) links.push(linkHtml(actions.acknowledge, "Acknowledge"), linkHtml(actions.snooze, "Snooze"));
	if (links.length === 0) return null;
	return markup`<p>${links.map((link, n) => (n === 0 ? link : markup` &middot; ${link}`))}</p>\n`;
}

/** Anything but http(s) stays text. */
function linkHtml(url: string, text: string): Markup {
	return /^https?:\/\//i.test(url) ? markup`<a href="${url}">${text}</a>` : markup`${text}`;
}
