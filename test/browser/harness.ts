// A server with made-up data around the real pages and assets, and a browser that reports everything it dislikes.
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type Overview, type Range, ranges } from "../../src/overview.ts";
import { decimal } from "../../src/units.ts";
import { assetRoutes } from "../../src/web/assets.ts";
import { wantsFragment } from "../../src/web/fragment.ts";
import { parseTheme } from "../../src/web/layout.ts";
import { overviewLive, overviewPage } from "../../src/web/pages/overview.ts";

export const policy =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";
const headers = {
	"Content-Security-Policy": policy,
	"Referrer-Policy": "same-origin",
	"X-Content-Type-Options": "nosniff",
};

export type Site = {
	url: string;
	/** What the next answer shows. */
	show: (read: (job: string | null, range: Range) => Overview) => void;
	/** Every answer is this status until null. */
	fail: (status: number | null) => void;
	stop: () => Promise<void>;
};

export function startSite(): Site {
	let read: (job: string | null, range: Range) => Overview = () => {
		throw new Error("Nothing to show yet");
	};
	let failure: number | null = null;

	function answer(request: Request, query: URLSearchParams): Response {
		if (failure !== null) return new Response("no", { status: failure, headers });
		const range = ranges.find((known) => known === query.get("range")) ?? "30";
		const data = read(query.get("job") || null, range);
		const cookie = /(?:^|;\s*)theme=(\w+)/.exec(request.headers.get("cookie") ?? "");
		const body = wantsFragment(request.headers)
			? overviewLive(data, { units: decimal })
			: overviewPage(data, { theme: parseTheme(cookie?.[1]), units: decimal });
		const type = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" };
		return new Response(body.text, { headers: { ...headers, ...type } });
	}

	const server = Bun.serve({
		port: 0,
		hostname: "127.0.0.1",
		development: false,
		routes: assetRoutes(headers),
		async fetch(request) {
			const { pathname, searchParams } = new URL(request.url);
			if (request.method === "GET" && pathname === "/") return answer(request, searchParams);
			// "Nothing to come": the page asks by itself, as these tests want it to.
			if (pathname === "/live") return new Response(null, { status: 204, headers });
			if (request.method !== "POST") return new Response("not found", { status: 404, headers });
			const form = new URLSearchParams(await request.text());
			const back = form.get("path") ?? "/";
			if (pathname === "/refresh") {
				return wantsFragment(request.headers)
					? answer(request, new URL(back, request.url).searchParams)
					: seeOther(back);
			}
			if (pathname !== "/theme") return new Response("not found", { status: 404, headers });
			const theme = { "Set-Cookie": `theme=${parseTheme(form.get("theme"))}; Path=/; SameSite=Strict; HttpOnly` };
			if (request.headers.has("hx-request"))
				return new Response(null, { status: 204, headers: { ...headers, ...theme } });
			return seeOther(back, theme);
		},
	});

	return {
		url: server.url.origin,
		show: (next) => {
			read = next;
		},
		fail: (status) => {
			failure = status;
		},
		stop: () => server.stop(true),
	};
}

function seeOther(location: string, more: Record<string, string> = {}): Response {
	return new Response(null, { status: 303, headers: { ...headers, Location: location, ...more } });
}

export function startBrowser(): Promise<Browser> {
	const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
	return chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", ...quiet],
	});
}

export type Watched = { page: Page; complaints: string[]; requests: string[]; close: () => Promise<void> };

/** A page whose errors, console messages, policy violations and foreign requests are written down. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
	const page = await context.newPage();
	const complaints: string[] = [];
	const requests: string[] = [];
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
	page.on("request", (request) => {
		requests.push(request.url());
		if (!request.url().startsWith(new URL(url).origin) && !request.url().startsWith("data:")) {
			complaints.push(`foreign request: ${request.url()}`);
		}
	});
	if (options.javaScriptEnabled !== false) {
		await page.addInitScript(() => {
			document.addEventListener("securitypolicyviolation", (event) =>
				console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
			);
		});
	}
	await page.goto(url);
	return { page, complaints, requests, close: () => context.close() };
}

/** Charts are drawn when the page has time for them. */
export async function drawn(page: Page): Promise<void> {
	await page.waitForSelector("html[data-charts=drawn]");
	// Of many jobs the rows below the screen come in portions.
	await page.waitForFunction(() =>
		document.getAnimations().every((one) => !(one instanceof CSSAnimation) || one.animationName !== "later"),
	);
}
