// The page's own behaviour: ages that stay true, a quiet refresh, the lost connection, theme, menus.
import "htmx.org";
import "./reader.js";
import { formatAge, formatRelative } from "../src/units.ts";
import { connectNow, isTold, startLive } from "./live.js";
import "./theme.js";

/** Seconds; a page that waits for something says a shorter time. What the clock alone changes is asked for now and then. */
const tickEvery = () => Number(document.getElementById("live")?.dataset.every) || (isTold() ? 120 : 30);
const liveState = document.getElementById("live-state");
const lostBar = document.getElementById("lost");

// The server's clock counts: a tablet on the wall may be hours off. Measured again with each answer.
let clockOffset = 0;
let lastAnswer = Date.now();
let lastTry = Date.now();
let trouble = "";

const serverNow = () => Date.now() + clockOffset;

function takeClock() {
	const now = Number(document.getElementById("live")?.dataset.now);
	if (now) clockOffset = now - Date.now();
}

function showAges() {
	const now = serverNow();
	for (const time of document.querySelectorAll("time[data-ago]")) {
		const text = formatRelative(Date.parse(time.dateTime), now);
		if (time.textContent !== text) time.textContent = text;
	}
}

/** Asks for the region again; the region's own attributes say how (hx-get, with its filter). */
function tick() {
	lastTry = Date.now();
	document.body.dispatchEvent(new CustomEvent("bm:tick"));
}

setInterval(() => {
	if (document.visibilityState !== "visible") return;
	if (Date.now() - lastTry >= tickEvery() * 1000) tick();
	if (trouble) showTrouble();
}, 1000);
setInterval(showAges, 10_000);
document.addEventListener("visibilitychange", () => {
	if (document.visibilityState === "visible" && Date.now() - lastTry > 5000) tick();
});
addEventListener("online", () => {
	tick();
	connectNow();
});

/** Milliseconds between two questions that the server caused. */
const restMs = 1000;
let asking;

/** Asks soon: not twice a second, not at the same moment as all other pages, not while an answer is under way. */
function askSoon(spread) {
	if (asking) return;
	const wait = Math.max(0, lastTry + restMs - Date.now()) + Math.random() * spread;
	asking = setTimeout(() => {
		asking = null;
		// It would be dropped, and the answer may be older than the news.
		if (document.querySelector("#live.htmx-request, #live .htmx-request")) askSoon(0);
		else tick();
	}, wait);
}

document.addEventListener("htmx:finally:request", (event) => {
	const { ctx } = event.detail;
	const status = ctx.response?.status;
	if (status === undefined && ctx.request.signal.aborted && ctx.request.signal.reason !== "timeout") return;
	if (status !== undefined && (status < 400 || status === 422)) answered();
	else lost(status === undefined ? "" : `It answered with error ${status}. `);
});

function answered() {
	lastAnswer = Date.now();
	if (trouble) connectNow();
	trouble = "";
	lostBar.hidden = true;
	delete liveState.dataset.lost;
	liveState.firstElementChild.textContent = "Live, checked";
	const time = liveState.querySelector("time");
	time.dateTime = new Date(serverNow()).toISOString();
	showAges();
}

function lost(words) {
	trouble = words || " ";
	liveState.dataset.lost = "";
	liveState.firstElementChild.textContent = "Not live, checked";
	showTrouble();
	lostBar.hidden = false;
}

/** As the server would write it, in the zone of the page's other times. */
function clockOf(at) {
	const locale = document.documentElement.dataset.locale ?? "en-GB";
	const timeZone = document.getElementById("zones")?.dataset.zone;
	try {
		return `of ${new Date(at).toLocaleTimeString(locale, { timeStyle: "short", numberingSystem: "latn", timeZone })}, `;
	} catch {
		// An old browser that does not know the zone.
		return "";
	}
}

function showTrouble() {
	const wait = Math.max(0, tickEvery() - Math.round((Date.now() - lastTry) / 1000));
	const shown = `${clockOf(lastAnswer + clockOffset)}${formatAge((Date.now() - lastAnswer) / 1000)}`;
	const next = wait === 0 ? "Trying now." : `Next try in ${wait}\u00a0s.`;
	document.getElementById("lost-text").textContent = `${trouble.trimStart()}What you see is ${shown} old. ${next}`;
}

document.addEventListener("htmx:after:swap", () => {
	takeClock();
	showAges();
});

document.addEventListener("click", (event) => {
	for (const menu of document.querySelectorAll("details.menu[open]")) {
		if (!menu.contains(event.target)) menu.open = false;
	}
	if (event.target.closest("[data-retry]")) tick();
});

document.addEventListener("keydown", (event) => {
	if (event.key !== "Escape") return;
	for (const menu of document.querySelectorAll("details.menu[open]")) {
		menu.open = false;
		menu.querySelector("summary").focus();
	}
});

// A choice was made: the menu it stood in has done its work, and a refresh would keep it open.
document.addEventListener("submit", (event) => {
	const menu = event.target.closest("details.menu");
	if (menu === null) return;
	menu.open = false;
	menu.querySelector("summary").focus();
});

takeClock();
startLive({
	changed: askSoon,
	heard: () => (trouble ? askSoon(0) : answered()),
	silent: tick,
});
