// Serves the client's files from the binary: hashed names that never change, compressed once at build time.
import { type Asset, assets } from "#assets";

type Handler = (request: Request) => Response;
type Route = { GET: Handler; HEAD: Handler };

const byName = new Map(assets.map((asset) => [asset.name, asset]));

/** `app.css` becomes `/assets/app-1a2b3c4d5e.css`. An unknown name is a mistake in our page, not in a request. */
export function assetPath(name: string): string {
	const asset = byName.get(name);
	if (!asset) throw new Error(`public/ has no ${name}`);
	return asset.path;
}

/**
 * Routes for `Bun.serve({ routes })`, each answered with `headers` too. Functions, not static responses: a client that
 * does not take gzip gets the bytes as they are.
 */
export function assetRoutes(headers: Record<string, string>): Record<string, Route> {
	const routes: Record<string, Route> = {};
	for (const asset of assets) {
		routes[asset.path] = route(asset, { ...headers, "Cache-Control": "public, max-age=31536000, immutable" });
	}
	// Asked for by their fixed names, so a new version has to get through within a day.
	const icon = byName.get("favicon.svg");
	if (icon) {
		const daily = { ...headers, "Cache-Control": "public, max-age=86400" };
		routes["/favicon.svg"] = route(icon, daily);
		routes["/favicon.ico"] = route(byName.get("favicon.ico") ?? icon, daily);
	}
	return routes;
}

function route(asset: Asset, headers: Record<string, string>): Route {
	let bytes: Buffer<ArrayBuffer> | null = null;
	const common = { ...headers, "Content-Type": asset.type, ...(asset.isGzipped ? { Vary: "Accept-Encoding" } : {}) };

	function answer(request: Request): Response {
		// Taken out of the executable with the first browser that comes: many a server never sees one.
		bytes ??= Buffer.from(asset.base64, "base64");
		const stored = bytes;
		const isGzip = asset.isGzipped && takesGzip(request.headers.get("accept-encoding"));
		// A strong tag names exact bytes, so each encoding has its own.
		const etag = isGzip ? `"${asset.hash}-gzip"` : `"${asset.hash}"`;
		const tagged = { ...common, ETag: etag };
		if (matches(request.headers.get("if-none-match"), etag))
			return new Response(null, { status: 304, headers: tagged });
		if (isGzip) return new Response(stored, { headers: { ...tagged, "Content-Encoding": "gzip" } });
		return new Response(asset.isGzipped ? Bun.gunzipSync(stored) : stored, { headers: tagged });
	}

	return { GET: answer, HEAD: answer };
}

/** RFC 9110 section 12.5.3: `gzip`, `x-gzip` or `*`, unless its weight is zero. No header means "as it is". */
export function takesGzip(acceptEncoding: string | null): boolean {
	let any = false;
	for (const part of (acceptEncoding ?? "").toLowerCase().split(",")) {
		const [coding = "", ...parameters] = part.split(";").map((word) => word.trim());
		const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
		if (coding === "gzip" || coding === "x-gzip") return !isRefused;
		if (coding === "*") any = !isRefused;
	}
	return any;
}

function matches(ifNoneMatch: string | null, etag: string): boolean {
	if (ifNoneMatch === null) return false;
	return ifNoneMatch.split(",").some((part) => ["*", etag].includes(part.trim().replace(/^W\//, "")));
}
