// What a browser is shown where a program gets JSON: a page with the same words and a way back.
import type { Clock } from "./time-element.ts";

/** Paths of programs: they get JSON or plain words, also when somebody opens them in a browser. */
const ofPrograms = /^\/(?:api|ping|ingest|metrics|health|live|badge|feed\.xml|data|assets)(?:[/.]|$)/;

/** Whether a person waits for a page. htmx puts no refusal into a page, so its requests need none. */
export function wantsPage(request: Request, path: string): boolean {
	const { headers } = request;
	return (
		headers.get("accept")?.includes("text/html") === true &&
		headers.get("hx-request") === null &&
		request.method !== "HEAD" &&
		!ofPrograms.test(path)
	);
}

/** The answer itself, or where it is a refusal in JSON, a page that says the same. */
export async function asPage(
	made: Response | Promise<Response>,
	request: Request,
	clock: Pick<Clock, "now">,
): Promise<Response> {
	const answer = await made;
	if (answer.status < 400 || answer.headers.get("content-type")?.startsWith("application/json") !== true) return answer;
	const { error } = (await answer.json()) as { error?: unknown };
	// Loaded with the first refusal that somebody sees.
	const { refusalPage } = await import("./pages/refusal.ts");
	const headers = new Headers(answer.headers);
	headers.set("content-type", "text/html; charset=utf-8");
	headers.delete("content-length");
	const page = refusalPage(answer.status, typeof error === "string" ? error : "", request, clock.now);
	return new Response(page.toString(), { status: answer.status, headers });
}
