// The way of a request: through the gate to the one route that answers it, directly or by Elysia.
import type { Elysia } from "elysia";
import { ownNames } from "../config.ts";
import type { AppOptions } from "./app.ts";
import { routedAs } from "./bodies.ts";
import { clientOf, directClient } from "./client.ts";
import { enter } from "./closed.ts";
import { failed } from "./failed.ts";
import { Guard, splitTarget } from "./guard.ts";
import { nobody } from "./nobody.ts";
import { markLoggedIn } from "./page-reader.ts";
import { ReadyAnswers } from "./ready.ts";
import { asPage, wantsPage } from "./refusal-page.ts";
import { answer, answerJson } from "./respond.ts";
import type { Peer, Route } from "./routes.ts";
import type { Sections } from "./sections.ts";
import { tokenOf } from "./tokens.ts";

/** Largest body of a request that has no limit of its own. */
const bodyLimit = 32 * 1024;
/** Who is at the other end; Bun's server knows, a test may not. */
export type Addresses = { requestIP: (request: Request) => { address: string } | null };

export type Answer = (request: Request, server?: Addresses) => Promise<Response> | Response;

export type Gated = {
	answer: Answer;
	/** Every Elysia there is, each with its routes: for the test that compares them with what is declared. */
	elysias: () => Promise<Elysia[]>;
};

/** Answers requests by a table of routes; whatever is not in it is not there. */
export function gateTo(table: Route[], options: AppOptions, headers: Record<string, string>): Gated {
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
		answer: ready === null ? answer : (request, server) => ready.find(request) ?? answer(request, server),
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
): Answer {
	/** Whose address is asked for with every request; else only where a route wants it. */
	const knowsAll = access !== null || trustedProxies.length > 0;
	return (request, server) => {
		const addressOf = () => server?.requestIP(request)?.address ?? "";
		const client = knowsAll ? clientOf(request, addressOf(), trustedProxies) : directClient(request, addressOf);
		const verdict = guard.judge(request);
		if (!verdict.pass) {
			const allow: Record<string, string> = verdict.allow === undefined ? {} : { allow: verdict.allow };
			return refusal(headers, request, verdict.status, verdict.message, allow);
		}
		const { route, path, search } = verdict;
		const entered = access === null ? null : enter(access, request, verdict, client, headers);
		if (entered instanceof Response) return entered;
		if (request.method !== "GET" && request.method !== "HEAD") {
			const refused = refuseBody(request, route.bodyLimit ?? bodyLimit);
			if (refused !== null) return refusal(headers, request, refused.status, refused.message);
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
function inWords(answer: Answer, clock: () => number): Answer {
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

/** In JSON; to those that ping in plain text, as everything else that they are told. */
function refusal(
	headers: Record<string, string>,
	request: Request,
	status: number,
	message: string,
	more: Record<string, string> = {},
): Response {
	if (!splitTarget(request.url).path.startsWith("/ping/")) return answerJson(headers, status, { error: message }, more);
	return answer(headers, status, message, { "content-type": "text/plain; charset=utf-8", ...more });
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
