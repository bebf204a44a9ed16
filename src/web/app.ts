// The web server: assets by Bun's own routes, everything else through the one gate and then Elysia.
import { Elysia } from "elysia";
import type { Alerting } from "../alerts/alerting.ts";
import { type Config, ownNames } from "../config.ts";
import { messageOf } from "../errors.ts";
import type { Inventories } from "../ingest/inventories.ts";
import type { Monitor } from "../ingest/monitor.ts";
import { logGrouped } from "../log.ts";
import type { Problem } from "../overview.ts";
import type { Access } from "./access.ts";
import { assetRoutes } from "./assets.ts";
import { routedAs } from "./bodies.ts";
import { clientOf } from "./client.ts";
import { enter } from "./closed.ts";
import type { Entry } from "./entry.ts";
import { type Declared, Guard, type Method, splitTarget } from "./guard.ts";
import { asPage, wantsPage } from "./refusal-page.ts";
import { answerJson, securityHeaders } from "./respond.ts";
import { type Handler, nobody, type Peer, type Route, routes } from "./routes.ts";
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
};

/** Largest body of a request that has no limit of its own. */
const bodyLimit = 32 * 1024;
/** Largest body of any route; each route's own limit is kept by the gate and while reading. */
const largestBody = 64 * 1024 * 1024;

/** Who is at the other end; Bun's server knows, a test may not. */
type Addresses = { requestIP: (request: Request) => { address: string } | null };

export type App = {
	fetch: (request: Request, server?: Addresses) => Promise<Response> | Response;
	routes: Declared[];
	/** Every Elysia there is, each with its routes: for the test that compares them with what is declared. */
	elysias: () => Elysia[];
};

/** The application without a port: what the server and the tests call. */
export function createApp(options: AppOptions): App {
	const headers = securityHeaders(options.config);
	const declared: Declared[] = [];
	const peers = new WeakMap<Request, Peer>();
	const sections = new Map<string, Section>();
	for (const { handler, ...route } of routes(options, headers)) {
		declared.push(route);
		const name = sectionOf(route.path);
		const section = sections.get(name) ?? { routes: [], elysia: null };
		section.routes.push({ ...route, handler });
		sections.set(name, section);
	}
	const elysiaOf = (section: Section) => {
		section.elysia ??= openSection(section, headers, peers);
		return section.elysia;
	};
	const handle = (path: string, request: Request) => {
		const section = sections.get(sectionOf(path));
		if (section === undefined) throw new Error(`no section for ${path}`);
		return elysiaOf(section).handle(request);
	};
	const { allowedHosts, publicUrl } = options.config;
	const guard = new Guard({ allowedHosts, publicUrl, ownNames: ownNames() }, declared);
	return {
		fetch: inWords(gate(guard, handle, headers, options, peers), options.clock),
		routes: declared,
		elysias: () => [...sections.values()].map(elysiaOf),
	};
}

/**
 * The routes that share the first part of their path. To register one costs Elysia 0.15 ms and 80 KB: a server that is
 * only asked for its health has registered one, and is there twice as fast.
 */
type Section = { routes: Route[]; elysia: Elysia | null };

function sectionOf(path: string): string {
	const end = path.indexOf("/", 1);
	return end === -1 ? path : path.slice(0, end);
}

function openSection(section: Section, headers: Record<string, string>, peers: WeakMap<Request, Peer>): Elysia {
	const elysia = new Elysia();
	// Before the routes: Elysia gives a hook only to what is registered after it, and else shows the error's own text.
	elysia.onError(({ error, code }) => {
		if (code === "NOT_FOUND") return answerJson(headers, 404, { error: "There is nothing at this address." });
		const told = error instanceof Error ? (error.stack ?? messageOf(error)) : String(error);
		// The same for the same error, so that it is found in the log where only the first of many is written.
		const id = Bun.hash.xxHash32(told).toString(16).padStart(8, "0");
		logGrouped(`internal error ${id}`, `internal error ${id}: ${told}`);
		return answerJson(headers, 500, { error: `Internal error ${id}; the log has the details.` });
	});
	for (const route of section.routes) register(elysia, route.method, route.path, route.handler, peers);
	return elysia;
}

// Elysia decides what else to read of a request from the text of a handler's parameters: it shall read no body.
function register(elysia: Elysia, method: Method, path: string, handler: Handler, peers: WeakMap<Request, Peer>): void {
	const run = ({ request, params }: { request: Request; params: Record<string, string> }) =>
		handler(request, params, peers.get(request) ?? nobody);
	const hook = { parse: "none" } as const;
	if (method === "GET") elysia.get(path, ({ request, params }) => run({ request, params }));
	else elysia.route(method, path, ({ request, params }) => run({ request, params }), hook);
}

function gate(
	guard: Guard,
	handle: (path: string, request: Request) => Response | Promise<Response>,
	headers: Record<string, string>,
	{ entry, access, config: { trustedProxies } }: AppOptions,
	peers: WeakMap<Request, Peer>,
): App["fetch"] {
	/** Whose address is asked for with every request; else only where a route wants it. */
	const knowsAll = access !== null || trustedProxies.length > 0;
	return (request, server) => {
		const addressOf = () => server?.requestIP(request)?.address ?? "";
		const client = clientOf(request, knowsAll ? addressOf() : "", trustedProxies);
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
		if (route.class === "push" || route.seesPeer === true) {
			if (!knowsAll) client.address = addressOf();
			const peer: Peer = { client, visitor: entered, grant: null, search: new URLSearchParams(search), path };
			if (route.class === "push" && route.token === "request") {
				const admission = entry.admit(request, tokenOf(request, search), client.address);
				if (!admission.ok) {
					const retry: Record<string, string> =
						admission.retryAfter === null ? {} : { "retry-after": String(admission.retryAfter) };
					return answerJson(headers, admission.status, { error: admission.message }, retry);
				}
				peer.grant = admission.grant;
			}
			peers.set(routed, peer);
		}
		const answered = handle(route.path, routed);
		return access === null || route.class === "public" ? answered : unkept(answered);
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
