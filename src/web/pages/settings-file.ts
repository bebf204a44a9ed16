// config.yaml as it was understood: what is wrong with it, line by line, and what is in force.
import type { SettingsPage } from "../../settings-page.ts";
import { audienceWords, digestWords, jobSettingsWords, quietHoursWords } from "../../settings-words.ts";
import { plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";

/** Jobs that stand open; the others are one click away. */
const opened = 20;

export function configFile(data: SettingsPage): Html {
	const { file, settings } = data;
	const isBad = file.state === "bad" || file.state === "unreadable";
	const state = isBad ? "warning" : file.state === "good" ? "ok" : "unknown";
	return html`<section class="card" id="config" aria-labelledby="config-title"><header><span class="state" data-state="${state}">${icon(state, isBad ? "Not usable:" : file.state === "good" ? "Good:" : "Not there:")}</span><h2 id="config-title">config.yaml</h2><p class="hint wraps"><bdi>${file.path}</bdi></p></header>
<div class="body config-body">${wrong(data)}${file.state === "absent" && absent()}
<div class="config-parts">${channels(data)}${times(data)}</div>
${settings.jobs.length > 0 && jobs(data)}</div></section>`;
}

function absent(): Html {
	return html`<p class="words">There is none, which is fine: schedules are learned from the runs, and channels come from <code>NOTIFY_URLS</code>. Written there, it is read at once; <code>backup-monitor check</code> looks at it before.</p>`;
}

/** A file that was never good since the start has left nothing behind. */
function inForce({ jobs, channels, quietHours, digest }: SettingsPage["settings"]): string {
	const isNothing = jobs.length + channels.length === 0 && quietHours === null && digest === null;
	return isNothing
		? "Nothing of it is in force."
		: "What it said when it was last good stays in force, and stands below.";
}

function wrong({ file, settings }: SettingsPage): Html | null {
	if (file.state === "unreadable")
		return html`<p class="words"><strong>It ${file.reason}.</strong> ${inForce(settings)}</p>`;
	if (file.state !== "bad") return null;
	const items = file.problems.map(
		({ line, text }) => html`<li><span class="tag">line ${line}</span> <bdi class="wraps">${text}</bdi></li>`,
	);
	return html`<p class="words"><strong>${plural(file.problems.length, "problem")}.</strong> ${inForce(settings)}</p><ul class="line-problems">${items}</ul>`;
}

function channels({ settings: { channels } }: SettingsPage): Html {
	const items = channels.map(
		(channel) =>
			html`<li><strong><bdi>${channel.name}</bdi></strong> <span class="muted wraps"><bdi>${channel.address}</bdi></span><br><span class="hint"><bdi>${audienceWords(channel)}</bdi>${channel.template === "set" && ", own text"}${channel.secret === "set" && ", signed"}</span></li>`,
	);
	const none = html`<li class="hint">none in the file</li>`;
	return html`<div><h3>Channels</h3><ul class="plain-list">${items.length === 0 ? none : items}</ul><p class="hint"><a href="/alerts">All channels with a test, and how they do</a></p></div>`;
}

function times({ settings: { quietHours, digest } }: SettingsPage): Html {
	return html`<div><h3>Quiet hours</h3><p class="words">${quietHours === null ? "none" : quietHoursWords(quietHours)}</p><h3>Digest</h3><p class="words">${digest === null ? "none" : digestWords(digest)}</p></div>`;
}

function jobs({ settings, zone, units }: SettingsPage): Html {
	const item = (job: (typeof settings.jobs)[number]) => {
		const words = jobSettingsWords(job, zone, units);
		const said = words.map(
			({ name, value }) =>
				html`<span class="said"><span class="muted">${name}</span> <bdi class="wraps">${value}</bdi></span> `,
		);
		return html`<li><strong><bdi class="wraps">${job.name}</bdi></strong><p class="words">${said.length === 0 ? "nothing but its name" : said}</p></li>`;
	};
	const rest = settings.jobs.slice(opened);
	return html`<div><h3>${plural(settings.jobs.length, "job")}</h3><ul class="config-jobs">${settings.jobs.slice(0, opened).map(item)}</ul>${rest.length > 0 && html`<details class="more"><summary>and ${rest.length} more</summary><ul class="config-jobs">${rest.map(item)}</ul></details>`}</div>`;
}
