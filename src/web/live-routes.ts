// GET /live: says when something has changed, so that a page need not ask again and again. Touches no database.
import type { AppOptions } from "./app.ts";
import { LiveStreams, mostStreams } from "./live-streams.ts";
import { answer, answerJson } from "./respond.ts";
import type { Handler, Route } from "./routes.ts";

/**
 * Server-sent events: `changed` when something has, `beat` at the beginning and each 8 s, both with the revision, when it
 * last went up, and the milliseconds over which pages spread their questions.
 */
export function liveRoutes(
	{ monitor, access }: Pick<AppOptions, "monitor"> & Partial<Pick<AppOptions, "access">>,
	headers: Record<string, string>,
): Route[] {
	const streams = new LiveStreams(monitor);
	access?.onLogOut(() => streams.sift());
	// nginx holds an answer back until it is whole, unless it is told not to.
	const type = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };

	const live: Handler = (request, _params, { visitor }) => {
		// A connection is held for those who ask for one: a crawler or a link checker gets what there is, and the end.
		if (!(request.headers.get("accept") ?? "").includes("text/event-stream")) {
			return answer(headers, 200, streams.event("beat"), type);
		}
		if (streams.count >= mostStreams) {
			const error = `${mostStreams} pages are told of changes already; this one has to ask.`;
			return answerJson(headers, 503, { error }, { "retry-after": "60" });
		}
		// A session ends while its pages stand open: they are told nothing more, and lead to the login when they ask again.
		const mayStay = () => access?.isStillIn(visitor) ?? true;
		return new Response(streams.open(mayStay), { headers: { ...headers, ...type, "cache-control": "no-store" } });
	};

	return [{ method: "GET", path: "/live", class: "read", seesPeer: true, handler: live }];
}
