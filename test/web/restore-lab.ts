// A monitor with some jobs and drills behind the handlers of the page Restore.
import { rmSync } from "node:fs";
import { readConfig } from "../../src/config.ts";
import { assetRoutes } from "../../src/web/assets.ts";
import { Entry } from "../../src/web/entry.ts";
import { restoreRoutes } from "../../src/web/restore-routes.ts";
import type { Peer } from "../../src/web/routes.ts";
import { readTokens } from "../../src/web/tokens.ts";
import { wire } from "../../src/web/wiring.ts";
import { day, openStation, type Station } from "../alerts/station.ts";
import { makeFolder } from "../binary.ts";

export type Lab = {
	station: Station;
	get: (path: string, headers?: Record<string, string>) => Promise<Response>;
	text: (path: string, headers?: Record<string, string>) => Promise<string>;
	// biome-ignore lint/suspicious/noExplicitAny: the answers of the API are what the tests are about
	json: (path: string) => Promise<any>;
	/** On a port of its own, with the assets. */
	listen: () => { url: string; stop: () => Promise<void> };
	close: () => Promise<void>;
};

/** `headers`: those that every answer carries. */
export async function openLab(config = "", headers: Record<string, string> = { "x-test": "yes" }): Promise<Lab> {
	const dataDir = makeFolder();
	await Bun.write(`${dataDir}/config.yaml`, config);
	const station = await openStation({ dataDir });
	const env = readConfig({ DATA_DIR: dataDir, TZ: "UTC" });
	const { monitor, alerting, now } = station;
	const options = { ...wire(env, now, new Entry(readTokens(env), now)), monitor, alerting };
	const routes = restoreRoutes(options, headers);
	const answer = async (request: Request): Promise<Response> => {
		const { pathname, searchParams } = new URL(request.url);
		const route = routes.find(({ path }) => path === pathname);
		if (route === undefined) return new Response("elsewhere", { headers });
		const peer = { address: "192.0.2.1", grant: null, search: searchParams, path: pathname };
		return route.handler(request, {}, peer as unknown as Peer);
	};
	const get: Lab["get"] = (path, more = {}) =>
		answer(new Request(`http://localhost${path}`, { headers: { host: "pi4.lan:5001", ...more } }));
	const text: Lab["text"] = async (path, more) => (await get(path, more)).text();
	return {
		station,
		get,
		text,
		json: async (path) => JSON.parse(await text(path)),
		listen: () => {
			const routesOfAssets = assetRoutes(headers);
			const server = Bun.serve({
				port: 0,
				hostname: "127.0.0.1",
				development: false,
				routes: routesOfAssets,
				fetch: (request) => answer(request),
			});
			return { url: server.url.origin, stop: () => server.stop(true) };
		},
		close: async () => {
			await station.stop();
			rmSync(dataDir, { recursive: true, force: true });
		},
	};
}

const drill = { kind: "restore_test", duration_total: 2821, size_bytes: 148e9, labels: { tool: "restic" } };

/** One job that was restored 12 days ago, one that never was, and one of which nothing is known. */
export async function sampleLab(config = "", headers?: Record<string, string>): Promise<Lab> {
	const lab = await openLab(config, headers);
	const { station } = lab;
	const photos = { size_bytes: 148e9, duration_total: 1800, duration_upload: 1500, labels: { tool: "restic" } };
	const nas = { size_bytes: 20e9, duration_total: 900, labels: { tool: "borg" }, repository: "borg@nas.lan:x" };
	await station.run("photos", photos);
	await station.run("nas", nas);
	await station.run("<b>odd</b>", { size_bytes: undefined, duration_total: undefined });
	await station.pass(day, day);
	await station.run("photos", drill);
	await station.pass(12 * day + 3_600_000, 13 * day);
	return lab;
}
