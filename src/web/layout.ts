// The frame around every page: head, top bar, the place for troubles of the monitor itself, footer.
import type { Problem } from "../overview.ts";
import { currentReader } from "../reader.ts";
import { formatCount, plural } from "../units.ts";
import { version } from "../version.ts";
import { assetPath } from "./assets.ts";
import { type Html, html, raw } from "./html.ts";
import { type IconName, icon, iconSymbols } from "./icons.ts";
import { ago, type Clock, formatZone, shownZone } from "./time-element.ts";

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** Anything but a known theme is "auto": the reader's system decides. */
export function parseTheme(value: unknown): Theme {
	return themes.find((theme) => theme === value) ?? "auto";
}

export type PageOptions = {
	title: string;
	theme: Theme;
	now: number;
	/** Path and query of this page: where the theme's form returns to. */
	path: string;
	/** The entry of the navigation that this page is; null: none of them. */
	nav?: NavEntry["path"] | null;
	/** Alerts that wait for somebody. */
	openAlerts?: number | undefined;
	/** Nothing has ever run: the page says how to begin, which is drawn from the stylesheet of the other pages. */
	isEmpty?: boolean;
	/** The region that is refreshed; it holds the main landmark and the footer. */
	live: Html;
};

// The rules are those of the served policy: no evaluated triggers, no injected style, errors never replace the page.
const htmxConfig = JSON.stringify({
	includeIndicatorCSS: false,
	morphIgnore: ["data-htmx-powered", "open"],
	noSwap: [204, 304, "4xx", "5xx"],
	defaultTimeout: 20_000,
});

const doctype = raw("<!doctype html>\n");

type NavEntry = {
	path: "/" | "/runs" | "/alerts" | "/inventory" | "/restore" | "/setup" | "/settings";
	name: string;
	icon: IconName;
};

const navEntries: readonly NavEntry[] = [
	{ path: "/", name: "Overview", icon: "home" },
	{ path: "/runs", name: "Runs", icon: "runs" },
	{ path: "/alerts", name: "Alerts", icon: "bell" },
	{ path: "/inventory", name: "Inventory", icon: "inventory" },
];

/** At a phone's lower edge is room for five: these stand behind the fifth, "More". */
const moreEntries: readonly NavEntry[] = [
	{ path: "/restore", name: "Restore", icon: "restore" },
	{ path: "/setup", name: "Setup", icon: "setup" },
	{ path: "/settings", name: "Settings", icon: "settings" },
];

type Place = { current: NavEntry["path"] | null; openAlerts: number };

function navLink(entry: NavEntry, { current, openAlerts }: Place): Html {
	const count =
		entry.path === "/alerts" &&
		html` <b class="nav-count" id="nav-alerts"${openAlerts === 0 && html` hidden`}><span>${formatCount(openAlerts)}</span><span class="sr"> open</span></b>`;
	return html`<a href="${entry.path}"${entry.path === current && html` aria-current="page"`}>${icon(entry.icon)}<span>${entry.name}</span>${count}</a>`;
}

/** The same links twice: in a row where there is room, else in a menu; only one of the two is ever drawn or read. */
function navigation(place: Place): Html {
	const link = (entry: NavEntry) => navLink(entry, place);
	const isBehind = moreEntries.some(({ path }) => path === place.current);
	return html`<nav class="mainnav" aria-label="Main">${navEntries.map(link)}<span class="nav-rest">${moreEntries.map(link)}</span><details class="menu nav-more"><summary${isBehind && html` data-current`}>${icon("more")}<span>More</span></summary><div>${moreEntries.map(link)}</div></details></nav>`;
}

export function page({ title, theme, now, path, nav = "/", openAlerts = 0, isEmpty = false, live }: PageOptions): Html {
	const { locale, isLoggedIn = false } = currentReader();
	return html`${doctype}<html lang="en"${locale !== null && html` data-locale="${locale}"`}${theme !== "auto" && html` data-theme="${theme}"`}>
<head>
${headOf(title)}
<meta name="htmx-config" content="${htmxConfig}">
${
	(isEmpty || !isOverview(path)) &&
	html`<link rel="stylesheet" href="${assetPath("pages.css")}">
`
}<script src="${assetPath("app.js")}" defer></script>
<script src="${assetPath("charts.js")}" defer></script>
<noscript><meta http-equiv="refresh" content="300"></noscript>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
${iconSymbols}
<header class="topbar"><div class="wrap">
<a class="brand" href="/">${mark}<span>Backup Monitor</span></a>
${navigation({ current: nav, openAlerts })}
<p class="live" id="live-state"><span>Live, checked</span> <time datetime="${new Date(now).toISOString()}" data-ago>just now</time></p>
${themeControl(theme, path)}${
	isLoggedIn &&
	html`<form method="post" action="/logout"><button class="button ghost square" type="submit" aria-label="Log out" title="Log out">${logOutIcon}</button></form>`
}
</div></header>
<div class="bannerbar" id="lost" data-state="old" role="status" hidden><div class="wrap banner">${icon("old")}<p><strong>No answer from the monitor.</strong> <span id="lost-text"></span></p><button class="button" type="button" data-retry>Try now</button></div></div>
${live}
</body>
</html>
`;
}

function headOf(title: string): Html {
	return html`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>${title}</title>
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#13161c" media="(prefers-color-scheme: dark)">
<link rel="icon" type="image/svg+xml" href="${assetPath("favicon.svg")}">
<link rel="stylesheet" href="${assetPath("app.css")}">`;
}

/**
 * A page that shows nothing of the monitor to whoever has not logged in: no navigation, no troubles, no scripts. `next`:
 * where it leads on at once.
 */
export function barePage({
	title,
	theme,
	main,
	next,
}: {
	title: string;
	theme: Theme;
	main: Html;
	next?: string;
}): Html {
	return html`${doctype}<html lang="en"${theme !== "auto" && html` data-theme="${theme}"`}>
<head>
${headOf(title)}
<link rel="stylesheet" href="${assetPath("pages.css")}">
${next !== undefined && html`<meta http-equiv="refresh" content="0; url=${next}">`}
</head>
<body>
${iconSymbols}
<header class="topbar"><div class="wrap"><a class="brand" href="/">${mark}<span>Backup Monitor</span></a></div></header>
${main}
</body>
</html>
`;
}

/** The page that is opened first and most is drawn from one stylesheet. */
function isOverview(path: string): boolean {
	return path === "/" || path.startsWith("/?");
}

const mark = raw(
	'<svg class="mark" viewBox="0 0 22 22" aria-hidden="true"><g fill="none" stroke-width="3" stroke-linecap="round"><path class="mark-ok" d="M11 3a8 8 0 0 1 7.3 4.7"/><path class="mark-accent" d="M18.9 12.2a8 8 0 0 1-6.5 6.7"/><path class="mark-ok" d="M9 18.8A8 8 0 0 1 6.2 4.6"/></g><circle class="mark-text" cx="11" cy="11" r="2.4"/></svg>',
);

// Not among the symbols: nearly no monitor has a login, and every page brings those along.
const logOutIcon = raw(
	'<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M11 3.5H5.6A1.6 1.6 0 0 0 4 5.1v9.8a1.6 1.6 0 0 0 1.6 1.6H11M8.6 10H17m0 0-3.2-3.2M17 10l-3.2 3.2" class="i-line"/></svg>',
);

const themeWords: Record<Theme, { icon: IconName; word: string }> = {
	auto: { icon: "auto", word: "System" },
	light: { icon: "sun", word: "Light" },
	dark: { icon: "moon", word: "Dark" },
};

/** POST /theme with `theme` and the `path` to return to; the script sets it at once and shows no other page. */
function themeControl(theme: Theme, path: string): Html {
	return html`<details class="menu" id="theme"><summary class="button ghost square" aria-label="Theme" title="Theme">${icon("auto")}</summary>
${themeForm(theme, path, "")}</details>`;
}

/** The same choice, standing open. */
export function themeButtons(theme: Theme, path: string): Html {
	return themeForm(theme, path, "button");
}

function themeForm(theme: Theme, path: string, look: string): Html {
	const buttons = themes.map((name) => {
		const { icon: picture, word } = themeWords[name];
		const pressed = name === theme ? "true" : "false";
		return html`<button${look !== "" && html` class="${look}"`} type="submit" name="theme" value="${name}" aria-pressed="${pressed}">${icon(picture)}<span>${word}</span></button>`;
	});
	return html`<form${look !== "" && html` class="theme-choice"`} method="post" action="/theme" hx-post="/theme" hx-swap="none" data-theme-form><input type="hidden" name="path" value="${path}">${buttons}</form>`;
}

/** What is wrong with the monitor itself, above everything else: critical first. */
export function banners(problems: Problem[]): Html {
	const worstFirst = problems.toSorted((a, b) => Number(b.severity === "critical") - Number(a.severity === "critical"));
	return html`<section id="problems" aria-label="Troubles of the monitor"${problems.length === 0 && html` hidden`}>${worstFirst.map(banner)}</section>`;
}

function banner({ id, severity, title, detail }: Problem): Html {
	const state = severity === "critical" ? "failed" : "warning";
	const word = severity === "critical" ? "Critical:" : "Warning:";
	return html`<div class="bannerbar" data-state="${state}" data-problem="${id}"><div class="wrap banner">${icon(state, word)}<p><strong>${title}</strong> <span class="wraps">${detail}</span></p></div></div>`;
}

export type FooterData = Clock & {
	/** Alerts that wait for somebody; for the figure in the navigation, which is not refreshed with the page. */
	openAlerts?: number;
	retentionDays: number;
	source: { path: string; checkedAt: number | null; lines: number };
};

export function footer({ now, zone, retentionDays, source, openAlerts = 0 }: FooterData): Html {
	const looked =
		source.checkedAt === null ? "not looked at yet" : html`looked at ${ago(source.checkedAt, { now, zone })}`;
	return html`<footer data-alerts="${openAlerts}"><div class="wrap">
${zones(now, zone)}
<span>Keeps ${plural(retentionDays, "day")} of runs</span>
<span><span class="wraps">${source.path}</span>, ${plural(source.lines, "line")}, ${looked}</span>
<span>Backup Monitor ${version}</span>
</div></footer>`;
}

/**
 * In which zone the times are. The script shows the choice where the browser's zone is another one, and tells its name;
 * what was written into sentences, and where a day begins, stays as the server has it.
 */
function zones(now: number, zone: string): Html {
	const shown = shownZone(zone);
	const isMine = shown !== zone;
	const rest = isMine && html`; days, and times within sentences, in ${formatZone(now, zone)}`;
	const choice = (name: string, value: string, isChosen: boolean) =>
		html`<button type="submit" name="zone" value="${value}" aria-pressed="${String(isChosen)}">${name}</button>`;
	return html`<span>Times in ${formatZone(now, shown)}${rest}</span>
<form class="zones" id="zones" method="post" action="/zone" data-server-zone="${zone}" data-zone="${shown}"${!isMine && html` hidden`}>${choice("server time", "", !isMine)}${choice("my time", isMine ? shown : "", isMine)}</form>`;
}
