// The setup page's route: what it may show to whom, and under which address the monitor was reached.

import { setupNamed } from "../setup-snippets.ts";
import { defaultJob, jobNameOf, kumaPlaceholder, pathOf, pingSlugOf, tokenPlaceholder } from "../setup-values.ts";
import { readArrivals } from "../store/arrivals.ts";
import { countRejected } from "../store/rejected.ts";
import { findSource } from "../store/sources.ts";
import type { AppOptions } from "./app.ts";
import { ownAddress } from "./client.ts";
import { wantsFragment } from "./fragment.ts";
import { JobDirectory } from "./job-directory.ts";
import { parseTheme } from "./layout.ts";
import type { SetupData } from "./pages/setup.ts";
import { answer, answerPage } from "./respond.ts";
import type { Handler, Peer, Route } from "./routes.ts";
import { SetupDoor } from "./setup-code.ts";

const shownArrivals = 6;

export function setupRoutes(options: AppOptions, headers: Record<string, string>): Route[] {
	const { monitor, config, clock, entry } = options;
	const directory = new JobDirectory(options);
	const door = new SetupDoor();

	const dataOf = (request: Request, peer: Peer): SetupData => {
		const setup = setupNamed(peer.search.get("tool"));
		const job = jobNameOf(peer.search.get("job"));
		const known = directory.find(job);
		const host = request.headers.get("host") ?? `localhost:${config.port}`;
		const now = clock();
		const shownUntil = door.shownUntil(entry.tokens, request, now);
		const access = entry.tokens.isOpen ? "open" : shownUntil === null ? "hidden" : "shown";
		const hides = access === "hidden";
		const refused = entry.problem(now);
		const { path, checkedAt } = monitor.source;
		const db = monitor.db;
		return {
			now,
			zone: config.zone,
			setup,
			values: {
				address: ownAddress(request, config),
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
			shownUntil,
			hasOldCode: access === "hidden" && peer.search.has("code"),
			isLocalAddress: config.publicUrl === null && isLoopbackHost(host),
			dataDir: config.dataDir,
			arrivals: db === null ? [] : readArrivals(db, shownArrivals),
			refused: entry.refused(),
			rejected: db === null ? 0 : countRejected(db),
			problems: refused === null ? monitor.problems() : [...monitor.problems(), refused],
			retentionDays: config.retentionDays,
			openAlerts: options.openAlerts(),
			source: { path, checkedAt, lines: db === null ? 0 : (findSource(db, config.metricsFile)?.line ?? 0) },
			units: { iec: config.units === "iec" },
		};
	};

	const setupPage: Handler = async (request, _params, peer) => {
		const code = peer.search.get("code");
		const cookie = code === null ? null : door.enter(entry.tokens, code, clock());
		// Led on without the code: it is used up, and has no place in what a browser remembers or a reader shares.
		if (cookie !== null)
			return answer(headers, 303, null, { location: pathWithout(peer.search), "set-cookie": cookie });
		const pages = await import("./pages/setup.ts");
		const data = dataOf(request, peer);
		const theme = parseTheme(/(?:^|;\s*)theme=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1]);
		const isFragment = wantsFragment(request.headers);
		// Never kept by anybody: it may hold the token.
		return answerPage(request, headers, 200, () => (isFragment ? pages.setupLive(data) : pages.setupPage(data, theme)));
	};

	return [{ method: "GET", path: "/setup", class: "read", seesPeer: true, handler: setupPage }];
}

function pathWithout(search: URLSearchParams): string {
	const rest = new URLSearchParams(search);
	rest.delete("code");
	return rest.size === 0 ? "/setup" : `/setup?${rest}`;
}

/** A Host that can only mean this machine. */
function isLoopbackHost(host: string): boolean {
	const name = host.toLowerCase().replace(/:\d+$/, "");
	return name === "localhost" || name === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}
