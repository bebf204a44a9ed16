// The application without a port, on a database of its own and with the clock it is given.
import { asksForLogin } from "../../src/access-config.ts";
import type { Alerting } from "../../src/alerts/alerting.ts";
import { readConfig } from "../../src/config.ts";
import type { Monitor } from "../../src/ingest/monitor.ts";
import { forgetSecrets } from "../../src/secrets.ts";
import { Access } from "../../src/web/access.ts";
import { type App, createApp } from "../../src/web/app.ts";
import { Entry } from "../../src/web/entry.ts";
import { readTokens } from "../../src/web/tokens.ts";
import { wire } from "../../src/web/wiring.ts";

export type TestApp = {
	app: App;
	monitor: Monitor;
	alerting: Alerting;
	get: (path: string, headers?: Record<string, string>, method?: string) => Promise<Response>;
};

export async function openApp(
	dataDir: string,
	clock: () => number,
	env: Record<string, string> = {},
): Promise<TestApp> {
	const config = readConfig({ DATA_DIR: dataDir, TZ: "UTC", ...env });
	forgetSecrets();
	const tokens = readTokens(config);
	const access = asksForLogin(config) ? new Access(config, tokens, clock) : null;
	const parts = wire(config, clock, new Entry(tokens, clock), access);
	const { monitor, alerting } = parts;
	monitor.start();
	await monitor.catchUp();
	const app = createApp(parts);
	const get = async (path: string, headers: Record<string, string> = {}, method = "GET") =>
		app.fetch(new Request(`http://localhost:5001${path}`, { method, headers: { host: "localhost:5001", ...headers } }));
	return { app, monitor, alerting, get };
}
