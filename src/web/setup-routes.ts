// The setup page's route: what it may show to whom, and under which address the monitor was reached.

import { setupNamed } from "../setup-snippets.ts";
import { defaultJob, jobNameOf, kumaPlaceholder, pathOf, pingSlugOf, tokenPlaceholder } from "../setup-values.ts";
import { readArrivals } from "../store/arrivals.ts";
import { countRejected } from "../store/rejected.ts";
import { findSource } from "../store/sources.ts";
import type { AppOptions } from "./app.ts";
import { fragmentVary, wantsFragment } from "./fragment.ts";
import { JobDirectory } from "./job-directory.ts";
import { parseTheme } from "./layout.ts";
import type { SetupData, TokenAccess } from "./pages/setup.ts";
import { answer, htmlType } from "./respond.ts";
import type { Handler, Peer, Route } from "./routes.ts";

const shownArrivals = 6;

export function setupRoutes(options: AppOptions, headers: Record<string, string>): Route[] {
	const { monitor, config, clock, entry } = options;
	const directory = new JobDirectory(options);

	const dataOf = (request: Request, peer: Peer): SetupData => {
		const setup = setupNamed(peer.search.get("tool"));
		const job = jobNameOf(peer.search.get("job"));
		const known = directory.find(job);
		const access = accessOf(request, peer, config.publicUrl, entry.tokens.isOpen);
		const hides = access === "hidden";
		const host = request.headers.get("host") ?? `localhost:${config.port}`;
		const now = clock();
		const refused = entry.problem(now);
		const { path, checkedAt } = monitor.source;
		const db = monitor.db;
		return {
			now,
			zone: config.zone,
			setup,
			values: {
				address: config.publicUrl ?? `${schemeOf(request)}://${host}`,
				token: hides ? tokenPlaceholder : entry.tokens.token,
				kumaToken: hides || known === null ? kumaPlaceholder : entry.tokens.kumaTokenOf(known),
				job,
				slug: known?.slug ?? pingSlugOf(job),
				source: pathOf(peer.search.get("source"), setup.source?.value ?? ""),
				target: pathOf(peer.search.get("target"), setup.target?.value ?? ""),
				metricsFile: config.metricsFile,
			},
			isDefaultJob: job === defaultJob,
			isKnownJob: known !== null,
			access,
			isLocalAddress: config.publicUrl === null && isLoopbackHost(host),
			dataDir: config.dataDir,
			arrivals: db === null ? [] : readArrivals(db, shownArrivals),
			refused: entry.refused(),
			rejected: db === null ? 0 : countRejected(db),
			problems: refused === null ? monitor.problems() : [...monitor.problems(), refused],
			retentionDays: config.retentionDays,
			source: { path, checkedAt, lines: db === null ? 0 : (findSource(db, config.metricsFile)?.line ?? 0) },
			units: { iec: config.units === "iec" },
		};
	};

	const setupPage: Handler = async (request, _params, peer) => {
		const pages = await import("./pages/setup.ts");
		const data = dataOf(request, peer);
		const theme = parseTheme(/(?:^|;\s*)theme=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1]);
		const body = wantsFragment(request.headers) ? pages.setupLive(data) : pages.setupPage(data, theme);
		// Never kept by anybody: it may hold the token.
		return answer(headers, 200, body.toString(), { "content-type": htmlType, vary: `Cookie, ${fragmentVary}` });
	};

	return [{ method: "GET", path: "/setup", class: "read", seesPeer: true, handler: setupPage }];
}

/**
 * Who reads this page on the machine itself can read the token's file as well, or is one `sudo` away; nobody else is
 * shown it. A reverse proxy on the same machine makes everybody come from here: any trace of one hides the token. nginx
 * leaves none of its own but `Connection: close`, which no browser sends.
 */
export function accessOf(request: Request, peer: Peer, publicUrl: string | null, isOpen: boolean): TokenAccess {
	if (isOpen) return "open";
	const { headers } = request;
	const isProxied =
		[...headers.keys()].some((name) => name.startsWith("x-forwarded") || proxyHeaders.has(name)) ||
		/\bclose\b/i.test(headers.get("connection") ?? "") ||
		(publicUrl !== null && !isLoopbackHost(URL.parse(publicUrl)?.host ?? ""));
	const isHere = isLoopbackAddress(peer.address) && isLoopbackHost(headers.get("host") ?? "");
	return isHere && !isProxied ? "shown" : "hidden";
}

const proxyHeaders = new Set(["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"]);

function isLoopbackAddress(address: string): boolean {
	return address === "::1" || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);
}

/** A Host that can only mean this machine. */
function isLoopbackHost(host: string): boolean {
	const name = host.toLowerCase().replace(/:\d+$/, "");
	return name === "localhost" || name === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** Only said in an address that is shown to whoever sent it. */
function schemeOf(request: Request): "http" | "https" {
	return request.headers.get("x-forwarded-proto")?.trim().toLowerCase() === "https" ? "https" : "http";
}
