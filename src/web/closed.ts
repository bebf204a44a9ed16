// What somebody gets who has not logged in: the login page, or an answer that says what is missing.
import type { Access, Visitor } from "./access.ts";
import type { Client } from "./client.ts";
import { wantsFragment } from "./fragment.ts";
import type { Declared } from "./guard.ts";
import { answer, answerJson } from "./respond.ts";
import { tokenOf } from "./tokens.ts";

const longestReturn = 2000;

/** What was asked for. */
type Asked = { route: Declared; path: string; search: string };

/** Who comes in where a login is asked for; null: somebody who may come in without one. Reports have a door of their own. */
export function enter(
	access: Access,
	request: Request,
	asked: Asked,
	client: Client,
	headers: Record<string, string>,
): Visitor | null | Response {
	const { route } = asked;
	if (route.class === "push" || (route.class === "public" && route.seesPeer !== true)) return null;
	const visitor = access.visitorOf(request, client);
	if (visitor !== null || route.class === "public") return visitor;
	if (route.opensTo === "everybody" || route.opensTo === "own-signature") return null;
	const token = route.opensTo === "read-token" ? access.judgeToken(tokenOf(request, asked.search), client) : null;
	if (token === "good") return null;
	if (token === "wrong") return answerJson(headers, 401, { error: "The token is not the read token." }, challenge);
	if (token === null) return closedTo(request, asked, headers);
	return answerJson(headers, 429, { error: "Too many wrong tokens." }, { "retry-after": String(token) });
}

/** A page leads to the login and back; everything else is a 401. */
function closedTo(request: Request, { route, path, search }: Asked, headers: Record<string, string>): Response {
	const isPage = route.method === "GET" && route.class === "read" && route.opensTo !== "read-token" && path !== "/live";
	if (isPage && !wantsFragment(request.headers)) return toLogin(headers, `${path}${search}`);
	// Of a page that is open already: it leaves for the login, and comes back to where it was.
	if (request.headers.get("hx-request") === "true") {
		const more = { "hx-redirect": loginPath(pathOf(request.headers.get("hx-current-url"))) };
		return answerJson(headers, 401, { error: "The login is over." }, more);
	}
	if (request.headers.get("sec-fetch-mode") === "navigate" || takesPage(request.headers)) {
		return toLogin(headers, route.method === "GET" ? `${path}${search}` : pathOf(request.headers.get("referer")));
	}
	const how = route.opensTo === "read-token" ? ", or the read token: Authorization: Bearer READ_TOKEN" : "";
	return answerJson(headers, 401, { error: `A login is needed${how}.` }, challenge);
}

/** Not Basic: browsers would ask for a name and a password in a window of their own. */
const challenge = { "www-authenticate": 'Bearer realm="backup-monitor"' };

function toLogin(headers: Record<string, string>, path: string): Response {
	return answer(headers, 303, null, { location: loginPath(path) });
}

function loginPath(path: string): string {
	return path === "/" || path.length > longestReturn ? "/login" : `/login?to=${encodeURIComponent(path)}`;
}

function takesPage(headers: Headers): boolean {
	return (headers.get("accept") ?? "").includes("text/html");
}

/** Path and query of one of our own pages. */
function pathOf(address: string | null): string {
	const url = address === null ? null : URL.parse(address);
	return url === null ? "/" : `${url.pathname}${url.search}`;
}
