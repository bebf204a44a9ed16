// The login and its end. Without a login both lead to the overview.
import type { AppOptions } from "./app.ts";
import { backTo, cookieOf, formOf } from "./forms.ts";
import { parseTheme } from "./layout.ts";
import { longestPassword } from "./password.ts";
import { answer, htmlType } from "./respond.ts";
import type { Handler, Route } from "./routes.ts";

export function loginRoutes({ access, config }: AppOptions, headers: Record<string, string>): Route[] {
	const seeOther = (location: string, more: Record<string, string> = {}) =>
		answer(headers, 303, null, { location, ...more });
	const page = (status: number, body: { toString: () => string }, more: Record<string, string> = {}) =>
		answer(headers, status, body.toString(), { "content-type": htmlType, ...more });

	const ask: Handler = async (request, _params, { visitor, search }) => {
		const to = returnTo(search.get("to"));
		if (access === null || (visitor !== null && search.has("to"))) return seeOther(to);
		const pages = await import("./pages/login.ts");
		const theme = parseTheme(cookieOf(request, "theme"));
		if (visitor !== null) return page(200, pages.loggedInPage(visitor.by === "proxy" ? visitor.name : null, theme));
		if (!access.hasPassword) return page(401, pages.proxyOnlyPage(config.publicUrl, theme));
		if (search.has("again") || isFromHere(request.headers)) return page(200, pages.loginPage({ to }, theme));
		// After a link on another site, in a mail for one, browsers keep the session's cookie back, and send it with what our
		// own page leads to: who has logged in gets where he wanted, and the others see the same page again.
		return page(200, pages.loginPage({ to, next: `/login?again=1&to=${encodeURIComponent(to)}` }, theme));
	};

	const logIn: Handler = async (request, _params, { client, visitor }) => {
		const form = await formOf(request);
		const to = returnTo(form.get("to"));
		if (access === null) return seeOther("/");
		const pages = await import("./pages/login.ts");
		const theme = parseTheme(cookieOf(request, "theme"));
		if (!access.hasPassword) return page(401, pages.proxyOnlyPage(config.publicUrl, theme));
		const typed = form.get("password") ?? "";
		const failed = (status: number, trouble: string, wait: number | null) =>
			page(status, pages.loginPage({ to, trouble }, theme), wait === null ? {} : { "retry-after": String(wait) });
		if (typed === "" || typed.length > longestPassword) return failed(401, "The password is wrong.", null);
		const tried = await access.logIn(typed, request, client);
		if (!tried.ok) return failed(tried.status, sentences[tried.status](tried.retryAfter ?? 0), tried.retryAfter);
		// Nobody else goes on with what this browser had before.
		access.logOut(visitor, client);
		const response = seeOther(to);
		for (const cookie of tried.cookies ?? []) response.headers.append("set-cookie", cookie);
		return response;
	};

	const logOut: Handler = async (request, _params, { client, visitor }) => {
		if (access === null) return seeOther("/");
		const all = (await formOf(request)).has("all");
		return seeOther("/login", { "set-cookie": access.logOut(visitor, client, { all }) });
	};

	return [
		{ method: "GET", path: "/login", class: "public", seesPeer: true, handler: ask },
		{ method: "POST", path: "/login", class: "write", opensTo: "everybody", seesPeer: true, handler: logIn },
		{ method: "POST", path: "/logout", class: "write", seesPeer: true, handler: logOut },
	];
}

const sentences = {
	401: () => "The password is wrong.",
	429: (seconds: number) => `Too many wrong passwords from your address. Try again in ${Math.ceil(seconds / 60)} min.`,
	503: () => "Too many are trying at once. Try again in a moment.",
};

/** Where somebody wanted to go; the login itself is no such place. */
function returnTo(path: string | null): string {
	const to = backTo(path);
	return /^\/(?:login|logout)(?:[?#]|$)/.test(to) ? "/" : to;
}

/** Whether the browser says that no other site led here. */
function isFromHere(headers: Headers): boolean {
	const site = headers.get("sec-fetch-site");
	return site === "same-origin" || site === "none";
}
