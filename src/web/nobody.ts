// Who asks, for a route that does not want to know.
import type { Peer } from "./routes.ts";

export const nobody: Peer = {
	client: { address: "", isProxied: false, isHttps: false },
	visitor: null,
	grant: null,
	search: new URLSearchParams(),
	path: "",
};
