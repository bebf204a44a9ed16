// Where the token comes from: why it is shown, or the command that prints it.
import { option, shellWord, tokenPlaceholder } from "../../setup-values.ts";
import { plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { codeMinutes } from "../setup-code.ts";
import type { SetupData } from "./setup.ts";
import { snippet } from "./snippet.ts";

export function tokenCard(data: SetupData): Html {
	return html`<section class="card token" aria-labelledby="token-title"><h2 id="token-title">The token</h2>${told(data)}${kuma(data)}</section>`;
}

function told({ access, dataDir, hasOldCode, shownUntil, now }: SetupData): Html {
	if (access === "open") {
		return html`<p class="words">None is needed: the monitor was started with <code>PUSH_TOKEN=none</code>, so whoever reaches it may report.</p>`;
	}
	if (access === "shown") {
		const left = plural(Math.ceil(((shownUntil ?? now) - now) / 60_000), "minute");
		return html`<p class="words">It stands in these lines for ${left}, because you opened this page with an address that the monitor\u2019s machine printed. After that, and for everybody else, <code>${tokenPlaceholder}</code> stands in its place.</p>`;
	}
	const folder = dataDir === "/data" ? "" : `DATA_DIR=${shellWord(dataDir)} `;
	const old = html`<p class="words">The address you opened was used before, or is more than ${codeMinutes} minutes old. The command prints a new one.</p>`;
	return html`${hasOldCode && old}<p class="words">It goes where <code>${tokenPlaceholder}</code> stands. To have it filled in, print an address of this page on the monitor\u2019s machine, as root or its user, and open it. It works once, for ${codeMinutes} minutes, also under the name you see this page by.</p>
${snippet(`${folder}backup-monitor token --page`, "Prints an address that fills the token in")}
<p class="words">Or print the token itself:</p>
${snippet(`${folder}backup-monitor token`, "Prints the token")}
<p class="words">Where the monitor is a container (NAME is its name):</p>
${snippet("docker exec NAME /backup-monitor token --page", "Prints the address in a container")}
${snippet("docker exec NAME /backup-monitor token", "Prints the token of a container")}`;
}

/** A job's own token exists once the job does. */
function kuma({ access, setup, values, isKnownJob, dataDir }: SetupData): Html | null {
	const needsIt = setup.id === "uptime-kuma" || setup.id === "borgmatic";
	if (!needsIt || (access !== "hidden" && isKnownJob)) return null;
	if (!isKnownJob) {
		return html`<p class="words">The Uptime Kuma token of <bdi>${values.job}</bdi> is made with its first report. This page then shows how to get it.</p>`;
	}
	const folder = dataDir === "/data" ? "" : `DATA_DIR=${shellWord(dataDir)} `;
	return html`<p class="words">The job\u2019s Uptime Kuma token:</p>${snippet(`${folder}backup-monitor token ${option("job", values.job)}`, "Prints the job\u2019s token")}`;
}
