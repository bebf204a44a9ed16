// The web server: assets by Bun's own routes, everything else through the one gate and then Elysia.
import type { Elysia } from "elysia";
import type { Alerting } from "../alerts/alerting.ts";
import type { Config } from "../config.ts";
import type { Inventories } from "../ingest/inventories.ts";
import type { Monitor } from "../ingest/monitor.ts";
import { logGrouped } from "../log.ts";
import type { Problem } from "../overview.ts";
import type { Access } from "./access.ts";
import { assetRoutes } from "./assets.ts";
import type { Entry } from "./entry.ts";
import { type Answer, type Gated, gateTo } from "./gate.ts";
import { type Declared, splitTarget } from "./guard.ts";
import { healthPath, healthRoute } from "./health-route.ts";
import { answerJson, securityHeaders } from "./respond.ts";

export type AppOptions = {
	monitor: Monitor;
	alerting: Alerting;
	inventory: Inventories;
	config: Config;
	clock: () => number;
	entry: Entry;
	/** null: no login is asked for. */
	access: Access | null;
	/** All that is wrong with the monitor itself, and with those who report to it. */
	problems: () => Problem[];
	/** How many alerts wait for somebody: a figure beside the word in the navigation. */
	openAlerts: () => number;
};

/** Largest body of any route; each route's own limit is kept by the gate and while reading. */
const largestBody = 64 * 1024 * 1024;

export type App = {
	fetch: Answer;
	routes: () => Promise<readonly Declared[]>;
	/** Every Elysia there is, each with its routes: for the test that compares them with what is declared. */
	elysias: () => Promise<Elysia[]>;
};

type Opened = Gated & { table: readonly Declared[] };

/**
 * The application without a port: what the server and the tests call. Its routes are loaded with the first request for one
 * of them: until then a monitor is smaller by a third of the program.
 */
export function createApp(options: AppOptions): App {
	const headers = securityHeaders(options.config);
	const health = gateTo([healthRoute(options, headers)], options, headers);
	let opened: Opened | null = null;
	const open = async (): Promise<Opened> => {
		const { routes } = await import("./routes.ts");
		if (opened === null) {
			const table = routes(options, headers);
			opened = { ...gateTo(table, options, headers), table };
		}
		return opened;
	};
	return {
		fetch: (request, server) => {
			if (opened !== null) return opened.answer(request, server);
			if (splitTarget(request.url).path === healthPath) return health.answer(request, server);
			return open().then(({ answer }) => answer(request, server));
		},
		routes: async () => (await open()).table,
		elysias: async () => (await open()).elysias(),
	};
}

export type Server = { port: number; stop: () => Promise<void> };

/** Listens. Throws where the port is taken. */
export function listen(app: App, config: Config): Server {
	const server = Bun.serve({
		hostname: config.host,
		port: config.port,
		// Two servers on one port would share its requests silently.
		reusePort: false,
		// Bun's development page shows source lines to whoever makes a handler throw.
		development: false,
		idleTimeout: 10,
		maxRequestBodySize: largestBody + 1024,
		routes: assetRoutes(securityHeaders(config)),
		fetch: (request, server) => app.fetch(request, server),
		error: (error) => {
			logGrouped(`internal error ${error.message}`, `internal error: ${error.stack ?? error.message}`);
			return answerJson(securityHeaders(config), 500, { error: "Internal error; the log has the details." });
		},
	});
	return {
		port: server.port ?? config.port,
		stop: async () => {
			// Waits for answers under way, but not for a client that never reads.
			const patience = Promise.withResolvers<void>();
			const timer = setTimeout(patience.resolve, 1000);
			await Promise.race([server.stop(), patience.promise]);
			// A timer that is still set would hold the whole program.
			clearTimeout(timer);
			await server.stop(true);
		},
	};
}
