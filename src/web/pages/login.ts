// The page "/login": asks for the password, or says that somebody is in already. Shows nothing of the monitor.
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { barePage, type Theme } from "../layout.ts";

const title = "Log in \u00b7 Backup Monitor";

/** `to`: where it leads after the login. `trouble`: why the last try did not work. `next`: leads on there by itself. */
export function loginPage(
	{ to, trouble = null, next }: { to: string; trouble?: string | null; next?: string },
	theme: Theme,
): Html {
	const field = html`<input type="password" id="password" name="password" autocomplete="current-password" required autofocus maxlength="1024"${trouble !== null && html` aria-invalid="true" aria-describedby="login-trouble"`}>`;
	const body = html`<form method="post" action="/login" class="login-form"><input type="hidden" name="to" value="${to}">
<input type="text" name="username" value="backup-monitor" autocomplete="username" hidden>
<label for="password">Password</label><span class="field">${field}</span>
${trouble !== null && html`<p class="login-trouble" id="login-trouble" role="alert"><span class="state" data-state="failed">${icon("failed")}</span> ${trouble}</p>`}
<button class="button primary" type="submit">Log in</button></form>
<p class="hint">It stays logged in on this browser for 30 days, or until it was not used for 7.</p>`;
	return barePage({ title, theme, main: card("Log in", body), ...(next !== undefined && { next }) });
}

/** Somebody who is in already; `name`: as a proxy calls him, who logs in and out there. */
export function loggedInPage(name: string | null, theme: Theme): Html {
	const body =
		name === null
			? html`<p>This browser is logged in.</p>${logoutForm("")}`
			: html`<p>You came in as <strong><bdi>${name}</bdi></strong>, by your reverse proxy, which is where you log out.</p>`;
	return barePage({ title, theme, main: card("Logged in", html`${body}<p><a href="/">To the overview</a></p>`) });
}

/** There is no password: only a reverse proxy lets anybody in, and this request did not come through it. */
export function proxyOnlyPage(address: string | null, theme: Theme): Html {
	const where = address === null ? html`its address` : html`<a href="${address}">${address}</a>`;
	const body = html`<p>This monitor takes its login from a reverse proxy, and this request came without one. Open it through ${where}.</p>
<p class="hint">If it did come through the proxy: TRUSTED_PROXIES has to name the proxy\u2019s address, and AUTH_HEADER the header that it sends.</p>`;
	return barePage({ title, theme, main: card("Not logged in", body) });
}

/** Ends this browser's login, and with `all` every one. */
export function logoutForm(all: "" | "all"): Html {
	const extra = all === "" ? null : html`<input type="hidden" name="all" value="1">`;
	return html`<form method="post" action="/logout">${extra}<button class="button" type="submit">${all === "" ? "Log out" : "Log out everywhere"}</button></form>`;
}

function card(heading: string, body: Html): Html {
	return html`<main class="wrap" id="main" tabindex="-1"><section class="card login" aria-labelledby="login-title"><header><h1 id="login-title" class="page-title">${heading}</h1></header><div class="body">${body}</div></section></main>`;
}
