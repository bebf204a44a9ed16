// Whether an answer is a piece of the page for htmx, or the whole page for everyone else.

/** These headers decide, so an answer that depends on them says `Vary: ` this. */
export const fragmentVary = "HX-Request, HX-Request-Type, HX-History-Restore-Request";

/** Going back in the history asks for the whole page, through htmx as well. */
export function wantsFragment(headers: Headers): boolean {
	return (
		headers.get("hx-request") === "true" &&
		headers.get("hx-request-type") !== "full" &&
		headers.get("hx-history-restore-request") === null
	);
}
