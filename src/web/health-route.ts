// GET /health: the one route that is there from the start, for it is all that many a server is ever asked.
import type { AppOptions } from "./app.ts";
import { answerJson } from "./respond.ts";
import type { Route } from "./routes.ts";

export const healthPath = "/health";

export function healthRoute({ problems, access }: AppOptions, headers: Record<string, string>): Route {
	const handler = () => {
		const critical = problems().filter((problem) => problem.severity === "critical");
		if (critical.length === 0) return answerJson(headers, 200, { status: "ok" });
		// Everybody may ask, and a title may name a job: behind a login it is not told.
		const told = critical.map(({ id, title }) => (access === null ? { id, title } : { id }));
		return answerJson(headers, 200, { status: "degraded", problems: told });
	};
	return { method: "GET", path: healthPath, class: "public", isDirect: true, handler };
}
