// Small pieces that the parts of the page Restore share.
import type { RungState } from "../../ladder.ts";
import type { RestoreJob } from "../../restore-page.ts";
import { type Html, html } from "../html.ts";
import type { IconName } from "../icons.ts";

export function jobName({ job, title }: Pick<RestoreJob, "job" | "title">): Html {
	return html`<a href="${`/jobs/${encodeURIComponent(job.slug)}`}"><bdi>${title ?? job.name}</bdi></a>${job.host !== "" && html` <small class="muted">on <bdi>${job.host}</bdi></small>`}`;
}

const states: Record<RungState, { look: string; icon: IconName; word: string }> = {
	ok: { look: "ok", icon: "ok", word: "Tested" },
	warning: { look: "warning", icon: "warning", word: "Needs a look" },
	failed: { look: "failed", icon: "failed", word: "Failed" },
	unknown: { look: "unknown", icon: "unknown", word: "Not known" },
	not_set_up: { look: "warning", icon: "hollow", word: "Never tested" },
};

export function stateOfRung(state: RungState): { look: string; icon: IconName; word: string } {
	return states[state];
}
