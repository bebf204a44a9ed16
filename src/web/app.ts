// The web server: assets by Bun's own routes, everything else through the one gate and then Elysia.
import type { Elysia } from "elysia";
import type { Alerting } from "../alerts/alerting.ts";
import { type Config, ownNames } from "../config.ts";
import type { Inventories } from "../ingest/inventories.ts";
import type { Monitor } from "../ingest/monitor.ts";
import { logGrouped } from "../log.ts";
import type { Problem } from "../overview.ts";
import type { Access } from "./access.ts";
import { assetRoutes } from "./assets.ts";
import { routedAs } from "./bodies.ts";
import { clientOf, directClient } from "./client.ts";
import { enter } from "./closed.ts";
import type { Entry } from "./entry.ts";
import { failed } from "./failed.ts";
import { type Declared, Guard, splitTarget } from "./guard.ts";
import { markLoggedIn } from "./page-reader.ts";
import { ReadyAnswers } from "./ready.ts";
import { asPage, wantsPage } from "./refusal-page.ts";
import { answerJson, securityHeaders } from "./respond.ts";
import { nobody, type Peer, type Route, routes } from "./routes.ts";
import type { Sections } from "./sections.ts";
import { tokenOf } from "./tokens.ts";

export type AppOptions = {
	monitor: Monitor;
	alerting: Alerting;
	inventory: Inventories;
	config: Config;
	clock: () => number;
	entry: Entry;
	/** null: no login is asked for. */
	access: Access | null;
	/** All that is wrong with the monitor itself, and with those who report to it. */
	problems: () => Problem[];
	/** How many alerts wait for somebody: a figure beside the word in the navigation. */
	openAlerts: () => number;
};

/** Largest body of a request that has no limit of its own. */
const bodyLimit = 32 * 1024;
/** Largest body of any route; each route's own limit is kept by the gate and while reading. */
const largestBody = 64 * 1024 * 1024;

/** Who is at the other end; Bun's server knows, a test may not. */
type Addresses = { requestIP: (request: Request) => { address: string } | null };

export type App = {
	fetch: (request: Request, server?: Addresses) => Promise<Response> | Response;
	routes: readonly Declared[];
	/** Every Elysia there is, each with its routes: for the test that compares them with what is declared. */
	elysias: () => Promise<Elysia[]>;
};

/** The application without a port: what the server and the tests call. */
export function createApp(options: AppOptions): App {
	const headers = securityHeaders(options.config);
	const table = routes(options, headers);
	const peers = new WeakMap<Request, Peer>();
	let sections: Sections | null = null;
	const openSections = async () => {
		const module = await import("./sections.ts");
		sections ??= new module.Sections(table, headers, peers);
		return sections;
	};
	const handle: Handle = (route, request) => {
		if (route.isDirect) return handleDirectly(route, request, peers.get(request) ?? nobody, headers);
		if (sections !== null) return sections.handle(route.path, request);
		return openSections().then((opened) => opened.handle(route.path, request));
	};
	const { config, access, clock, monitor } = options;
	const { allowedHosts, publicUrl } = config;
	const guard = new Guard({ allowedHosts, publicUrl, ownNames: ownNames() }, table);
	// Behind a login an answer is for whoever is logged in, as long as he is: then nothing is given without the gate.
	const ready = access === null ? new ReadyAnswers(monitor) : null;
	const answer = inWords(gate(guard, handle, headers, options, ready, peers), clock);
	return {
		// Of the same address, host and headers the gate would judge the same.
		fetch: ready === null ? answer : (request, server) => ready.find(request) ?? answer(request, server),
		routes: table,
		elysias: async () => (await openSections()).all(),
	};
}

type Handle = (route: Route, request: Request) => Response | Promise<Response>;

async function handleDirectly(
	{ handler }: Route,
	request: Request,
	peer: Peer,
	headers: Record<string, string>,
): Promise<Response> {
	try {
		return await handler(request, {}, peer);
	} catch (error) {
		return failed(headers, error);
	}
}

function gate(
	guard: Guard<Route>,
	handle: Handle,
	headers: Record<string, string>,
	{ entry, access, config: { trustedProxies } }: AppOptions,
	ready: ReadyAnswers | null,
	peers: WeakMap<Request, Peer>,
): App["fetch"] {
	/** Whose address is asked for with every request; else only where a route wants it. */
	const knowsAll = access !== null || trustedProxies.length > 0;
	return (request, server) => {
		const addressOf = () => server?.requestIP(request)?.address ?? "";
		const client = knowsAll ? clientOf(request, addressOf(), trustedProxies) : directClient(request, addressOf);
		const verdict = guard.judge(request);
		if (!verdict.pass) {
			const allow: Record<string, string> = verdict.allow === undefined ? {} : { allow: verdict.allow };
			return answerJson(headers, verdict.status, { error: verdict.message }, allow);
		}
		const { route, path, search } = verdict;
		const entered = access === null ? null : enter(access, request, verdict, client, headers);
		if (entered instanceof Response) return entered;
		if (request.method !== "GET" && request.method !== "HEAD") {
			const refused = refuseBody(request, route.bodyLimit ?? bodyLimit);
			if (refused !== null) return answerJson(headers, refused.status, { error: refused.message });
		}
		// Elysia looks for the path behind the eleventh character: short host names, and targets without one, mislead it.
		// HEAD is GET whose body Bun does not send, with the length that it would have.
		const isPlain = request.method !== "HEAD" && path !== "" && isRoutable(request.url) && !path.startsWith("/ping/");
		const method = request.method === "HEAD" ? "GET" : request.method;
		const routed = isPlain ? request : routedAs(request, method, `http://localhost${path}${search}`);
		if (entered?.by === "session") markLoggedIn(routed);
		if (route.class === "push" || route.seesPeer === true) {
			const peer: Peer = {
				client,
				visitor: entered,
				grant: null,
				// Nearly every report comes without one.
				get search() {
					return new URLSearchParams(search);
				},
				path,
			};
			if (route.class === "push" && route.token === "request") {
				const admission = entry.admit(request, tokenOf(request, search), client);
				if (!admission.ok) {
					const retry: Record<string, string> =
						admission.retryAfter === null ? {} : { "retry-after": String(admission.retryAfter) };
					return answerJson(headers, admission.status, { error: admission.message }, retry);
				}
				peer.grant = admission.grant;
			}
			peers.set(routed, peer);
		}
		const answered = handle(route, routed);
		if (access !== null && route.class !== "public") return unkept(answered);
		if (ready === null || route.isKeptReady !== true) return answered;
		return answered instanceof Response
			? ready.keep(request, answered)
			: answered.then((response) => ready.keep(request, response));
	};
}

/** Refusals as pages for people, as JSON for programs. */
function inWords(answer: App["fetch"], clock: () => number): App["fetch"] {
	return (request, server) => {
		const made = answer(request, server);
		return wantsPage(request, splitTarget(request.url).path) ? asPage(made, request, { now: clock() }) : made;
	};
}

/** What needs a login is kept by no browser and no proxy. */
async function unkept(answered: Response | Promise<Response>): Promise<Response> {
	const response = await answered;
	response.headers.set("cache-control", "no-store");
	return response;
}

function isRoutable(url: string): boolean {
	return !url.startsWith("/") && url.indexOf("/", 8) >= 11;
}

function refuseBody(request: Request, limit: number): { status: number; message: string } | null {
	const encoding = request.headers.get("content-encoding");
	if (encoding !== null && encoding !== "identity") {
		return { status: 415, message: "Compressed bodies are not taken; send it as it is." };
	}
	const length = request.headers.get("content-length");
	if (length !== null && !/^\d{1,15}$/.test(length)) return { status: 400, message: "Content-Length is not a number." };
	if (Number(length ?? 0) > limit) return { status: 413, message: `The body is over ${limit} bytes.` };
	return null;
}

export type Server = { port: number; stop: () => Promise<void> };

/** Listens. Throws where the port is taken. */
export function listen(app: App, config: Config): Server {
	const server = Bun.serve({
		hostname: config.host,
		port: config.port,
		// Two servers on one port would share its requests silently.
		reusePort: false,
		// Bun's development page shows source lines to whoever makes a handler throw.
		development: false,
		idleTimeout: 10,
		maxRequestBodySize: largestBody + 1024,
		routes: assetRoutes(securityHeaders(config)),
		fetch: (request, server) => app.fetch(request, server),
		error: (error) => {
			logGrouped(`internal error ${error.message}`, `internal error: ${error.stack ?? error.message}`);
			return answerJson(securityHeaders(config), 500, { error: "Internal error; the log has the details." });
		},
	});
	return {
		port: server.port ?? config.port,
		stop: async () => {
			// Waits for answers under way, but not for a client that never reads.
			const patience = Promise.withResolvers<void>();
			const timer = setTimeout(patience.resolve, 1000);
			await Promise.race([server.stop(), patience.promise]);
			// A timer that is still set would hold the whole program.
			clearTimeout(timer);
			await server.stop(true);
		},
	};
}
