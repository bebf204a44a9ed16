// The routes in Elysia. A file of its own, loaded with the first request that needs it: a monitor that is only asked for its
// health, sent reports and scraped is there in half the time, and 5 MB smaller.
import { Elysia } from "elysia";
import { failed } from "./failed.ts";
import type { Method } from "./guard.ts";
import { nobody } from "./nobody.ts";
import { answerJson } from "./respond.ts";
import type { Handler, Peer, Route } from "./routes.ts";

/**
 * The routes that share the first part of their path. To register one costs Elysia 0.15 ms and 80 KB: only those that are
 * asked for are.
 */
type Section = { routes: Route[]; elysia: Elysia | null };

export class Sections {
	readonly #sections = new Map<string, Section>();
	readonly #headers: Record<string, string>;
	readonly #peers: WeakMap<Request, Peer>;

	constructor(routes: Route[], headers: Record<string, string>, peers: WeakMap<Request, Peer>) {
		this.#headers = headers;
		this.#peers = peers;
		for (const route of routes) {
			const name = sectionOf(route.path);
			const section = this.#sections.get(name) ?? { routes: [], elysia: null };
			section.routes.push(route);
			this.#sections.set(name, section);
		}
	}

	/** `path` is the route's, as it was declared. */
	handle(path: string, request: Request): Response | Promise<Response> {
		const section = this.#sections.get(sectionOf(path));
		if (section === undefined) throw new Error(`no section for ${path}`);
		return this.#open(section).handle(request);
	}

	/** Every Elysia there is, each with its routes: for the test that compares them with what is declared. */
	all(): Elysia[] {
		return [...this.#sections.values()].map((section) => this.#open(section));
	}

	#open(section: Section): Elysia {
		section.elysia ??= openSection(section, this.#headers, this.#peers);
		return section.elysia;
	}
}

function sectionOf(path: string): string {
	const end = path.indexOf("/", 1);
	return end === -1 ? path : path.slice(0, end);
}

function openSection(section: Section, headers: Record<string, string>, peers: WeakMap<Request, Peer>): Elysia {
	const elysia = new Elysia();
	// Before the routes: Elysia gives a hook only to what is registered after it, and else shows the error's own text.
	elysia.onError(({ error, code }) => {
		if (code === "NOT_FOUND") return answerJson(headers, 404, { error: "There is nothing at this address." });
		return failed(headers, error);
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
