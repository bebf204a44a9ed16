// What our own forms send, and where they lead back to.
import { readBody } from "./bodies.ts";

const longestForm = 32 * 1024;

export function cookieOf(request: Request, name: string): string | null {
	const cookies = request.headers.get("cookie");
	if (cookies === null) return null;
	for (const pair of cookies.split(";")) {
		const [key, value] = pair.split("=", 2);
		if (key?.trim() === name) return value ?? "";
	}
	return null;
}

/** The fields of a form; a body that is none is an empty one. */
export async function formOf(request: Request): Promise<URLSearchParams> {
	const type = request.headers.get("content-type") ?? "";
	if (!type.includes("application/x-www-form-urlencoded")) return new URLSearchParams();
	const body = await readBody(request, longestForm).catch(() => "");
	return new URLSearchParams(body.toString());
}

/** A path of this server and nothing else: where a form came from. */
export function backTo(path: string | null): string {
	return path !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : "/";
}

/** The page that a form stands on, where the form does not say it: pages tell it to their own server. */
export function cameFrom(request: Request): string {
	const url = URL.parse(request.headers.get("referer") ?? "");
	return url === null ? "/" : backTo(url.pathname + url.search);
}
