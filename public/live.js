// The connection on which the server says that something has changed. While there is none, the page asks by itself.

/** Two beats and a half: a network that went away says nothing. */
const silentMs = 20_000;
const longestWaitMs = 60_000;
/** Browsers open six connections to a server, for all of its windows together: these must not take them all. */
const mostStreams = 3;
const patienceMs = 60;

let tell;
/** Of the connection under way; aborting it ends it. */
let stream = null;
/** Whether that is a connection, not only the question whether there may be one. */
let holds = false;
let heardAt = 0;
let isHeard = false;
/** The revision that the page shows or has asked for. */
let known = null;
let failures = 0;
let retry;
let isRefused = false;

/** The other pages of this browser: those that are told tell the others. */
const others = "BroadcastChannel" in window ? new BroadcastChannel("live") : null;
let holders = 0;

/** Whether the server will say it when something changes. */
export const isTold = () => isHeard && Date.now() - heardAt < silentMs;

/**
 * `changed(spread)`: ask again, within so many milliseconds. `heard`: nothing has changed until now. `silent`: the
 * connection broke and a second try failed, or nobody is logged in any more.
 */
export function startLive(listeners) {
	tell = listeners;
	document.addEventListener("visibilitychange", () =>
		document.visibilityState === "visible" ? connectNow() : close(),
	);
	addEventListener("pagehide", close);
	addEventListener("pageshow", connectNow);
	if (others) {
		others.onmessage = ({ data }) => {
			if (data === "who" && holds) others.postMessage("me");
			else if (data === "me") holders++;
			else if (data === "changed" && !isHeard && document.visibilityState === "visible") tell.changed(0);
		};
	}
	setInterval(() => {
		if (stream && Date.now() - heardAt > silentMs) stream.abort();
	}, 5000);
	connectNow();
}

/** Forgets how long it wanted to wait: there is reason to hope. */
export function connectNow() {
	failures = 0;
	connect();
}

function close() {
	clearTimeout(retry);
	const ended = stream;
	stream = null;
	holds = false;
	isHeard = false;
	ended?.abort();
}

async function connect() {
	clearTimeout(retry);
	if (stream || isRefused || document.visibilityState !== "visible") return;
	const own = new AbortController();
	stream = own;
	heardAt = Date.now();
	const status = (await areEnough()) ? 503 : await hold(own);
	if (stream !== own) return;
	stream = null;
	holds = false;
	isHeard = false;
	// Nothing there, and nothing to come: it is not asked for again.
	if (status === 204) isRefused = true;
	else again(status);
}

/** Resolves when the connection has ended: to the answer's status, or 0 where there was none. */
async function hold(own) {
	if (stream !== own) return 0;
	holds = true;
	let status = 0;
	try {
		const headers = { accept: "text/event-stream" };
		const response = await fetch("/live", { headers, signal: own.signal, cache: "no-store" });
		status = response.status;
		const isEvents = response.headers.get("content-type")?.startsWith("text/event-stream");
		if (status === 200 && isEvents) await listen(response.body.pipeThrough(new TextDecoderStream()).getReader());
		else own.abort();
	} catch {
		// Whatever broke: the page asks by itself meanwhile, and this is tried again.
	}
	return status;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether as many pages of this browser as may listen do. */
async function areEnough() {
	// Windows that were opened together do not ask together.
	await sleep(Math.random() * 5 * patienceMs);
	holders = 0;
	others?.postMessage("who");
	await sleep(patienceMs);
	return holders >= mostStreams;
}

function again(status) {
	failures++;
	// The login is over: what asks is led to it.
	if ((failures === 2 && status === 0) || status === 401) tell.silent();
	const wait = Math.min(longestWaitMs, 1000 * 2 ** (failures - 1));
	retry = setTimeout(connect, wait * (0.75 + Math.random() / 2));
}

async function listen(reader) {
	let text = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		text += value;
		const end = text.lastIndexOf("\n\n");
		if (end === -1) continue;
		const newest = text
			.slice(0, end)
			.split("\n")
			.findLast((line) => line.startsWith("data: "));
		text = text.slice(end + 2);
		if (newest) hear(JSON.parse(newest.slice(6)));
	}
}

function hear({ revision, at, spread }) {
	heardAt = Date.now();
	isHeard = true;
	failures = 0;
	// At the first time the page may be older than the revision: what was stored since it was made, it does not show.
	const isNews = known === null ? at >= Number(document.getElementById("live")?.dataset.now) : revision !== known;
	known = revision;
	if (isNews) {
		tell.changed(spread);
		others?.postMessage("changed");
	} else tell.heard();
}
