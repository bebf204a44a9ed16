// `serve`: the port first, then the database, then the files; stopped by a signal in less than two seconds.
import { mkdirSync } from "node:fs";
import { type Config, checkUnused, readConfig } from "../config.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { Monitor } from "../ingest/monitor.ts";
import { log } from "../log.ts";
import { version } from "../version.ts";
import { createApp, listen, type Server } from "../web/app.ts";
import { Entry } from "../web/entry.ts";
import { hasTokens, readTokens } from "../web/tokens.ts";
import { readFlags } from "./flags.ts";
import { notifyReady, startWatchdog } from "./notify-systemd.ts";

export async function serve(args: string[]): Promise<number> {
	return run(await readServeConfig(args, process.env));
}

/** The configuration of a serving command: its flags stand over the variables of the same name. */
export async function readServeConfig(args: string[], env: Record<string, string | undefined>): Promise<Config> {
	const { flags } = await readFlags(args, "serve", { port: { type: "string" }, host: { type: "string" } });
	checkUnused(env);
	return readConfig({ ...env, ...(flags.port && { PORT: flags.port }), ...(flags.host && { HOST: flags.host }) });
}

/** Serves until a signal comes; resolves to the exit code. */
export async function run(config: Config): Promise<number> {
	const stopped = Promise.withResolvers<void>();
	for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stopped.resolve());
	process.on("unhandledRejection", (reason) => log(`unhandled: ${messageOf(reason)}`));
	process.on("uncaughtException", (error) => log(`uncaught: ${error.stack ?? error.message}`));

	const monitor = new Monitor(config, Date.now);
	makeDataDir(config.dataDir);
	const entry = new Entry(readTokens(config), Date.now);
	if (!hasTokens(config.dataDir)) makeTokensLater(config, entry);
	const server = open(config, monitor, entry);
	try {
		monitor.start();
	} catch (error) {
		await server.stop();
		throw error;
	}
	const shown = config.host.includes(":") ? `[${config.host}]` : config.host;
	log(`backup-monitor ${version} serves http://${shown}:${server.port} and follows ${config.metricsFile}`);
	notifyReady();
	startWatchdog(() => true);
	await stopped.promise;
	await Promise.all([server.stop(), monitor.stop()]);
	return 0;
}

/** A folder that cannot be written has no token yet; it gets one as soon as it can. */
function makeTokensLater(config: Config, entry: Entry): void {
	const timer = setInterval(() => {
		entry.tokens = readTokens(config);
		if (hasTokens(config.dataDir)) clearInterval(timer);
	}, 5000);
	timer.unref();
}

function makeDataDir(path: string): void {
	try {
		mkdirSync(path, { recursive: true });
	} catch {
		// The monitor says what is wrong with it, on the page.
	}
}

function open(config: Config, monitor: Monitor, entry: Entry): Server {
	try {
		return listen(createApp({ monitor, config, clock: Date.now, entry }), config);
	} catch (error) {
		const code = codeOf(error);
		if (code === "EADDRINUSE") {
			throw new AppError(
				"conflict",
				`Port ${config.port} is taken by another program. Choose another: --port N, or PORT=N.`,
			);
		}
		if (code === "EACCES") {
			throw new AppError(
				"conflict",
				`Port ${config.port} may not be opened by this user. Choose one above 1023: --port N.`,
			);
		}
		throw new AppError("conflict", `Cannot listen on ${config.host} port ${config.port}: ${messageOf(error)}`);
	}
}
