// `serve`: the port first, then the database, then the files; stopped by a signal in less than two seconds.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { asksForLogin, loginWords, sessionsFile } from "../access-config.ts";
import { type Config, checkServed, readConfig, servedAt } from "../config.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { log, logGrouped } from "../log.ts";
import { version } from "../version.ts";
import type { Access } from "../web/access.ts";
import { type AppOptions, createApp, listen, type Server } from "../web/app.ts";
import { Entry } from "../web/entry.ts";
import { readTokens } from "../web/tokens.ts";
import { wire } from "../web/wiring.ts";
import { readFlags } from "./flags.ts";
import { notifyReady, startWatchdog } from "./notify-systemd.ts";

export async function serve(args: string[]): Promise<number> {
	return run(await readServeConfig(args, process.env));
}

/** The configuration of a serving command: its flags stand over the variables of the same name. */
async function readServeConfig(args: string[], env: Record<string, string | undefined>): Promise<Config> {
	const { flags } = await readFlags(args, "serve", { port: { type: "string" }, host: { type: "string" } });
	checkServed(env);
	return readConfig({ ...env, ...(flags.port && { PORT: flags.port }), ...(flags.host && { HOST: flags.host }) });
}

/** Serves until a signal comes; resolves to the exit code. */
export async function run(config: Config): Promise<number> {
	const stopped = Promise.withResolvers<void>();
	for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stopped.resolve());
	process.on("unhandledRejection", (reason) => log(`unhandled: ${messageOf(reason)}`));
	process.on("uncaughtException", (error) => log(`uncaught: ${error.stack ?? error.message}`));

	makeDataDir(config.dataDir);
	const entry = new Entry(readTokens(config), Date.now);
	if (entry.tokens.trouble !== null) makeTokensLater(config, entry);
	const access = await openAccess(config, entry);
	const parts = wire(config, Date.now, entry, access);
	const { monitor, alerting, inventory } = parts;
	// What a unit's reload sends: the configuration file is read now, changed or not.
	process.on("SIGHUP", () => alerting.reload());
	const server = open(parts);
	try {
		monitor.start();
		alerting.start();
		inventory.start();
	} catch (error) {
		await server.stop();
		throw error;
	}
	log(
		`backup-monitor ${version} serves ${servedAt(config.host, server.port)} and follows ${config.metricsFile}; login: ${loginWords(config)}`,
	);
	notifyReady();
	startWatchdog(() => true);
	await stopped.promise;
	await Promise.all([server.stop(), alerting.stop(), inventory.stop()]);
	await monitor.stop();
	// A receiver that never answers holds its connection, and with it the program, for ten seconds.
	setTimeout(() => process.exit(0), 100).unref();
	return 0;
}

/** The login, which is loaded only where one is asked for. */
async function openAccess(config: Config, entry: Entry): Promise<Access | null> {
	if (asksForLogin(config)) {
		const { Access } = await import("../web/access.ts");
		return new Access(config, entry.tokens, Date.now);
	}
	// A login that is switched off ends the sessions: they do not come back with it.
	const path = sessionsFile(config.dataDir);
	try {
		if (existsSync(path)) rmSync(path);
	} catch (error) {
		// A folder that cannot be written is no reason not to serve what is in it.
		log(`${path} cannot be removed: ${messageOf(error)}`);
	}
	return null;
}

/** A folder that cannot be written yet gets what was made for it as soon as it can. */
function makeTokensLater(config: Config, entry: Entry): void {
	const timer = setInterval(() => {
		try {
			const tokens = readTokens(config, entry.tokens.made);
			if (tokens.trouble !== null) return;
			entry.tokens = tokens;
			clearInterval(timer);
		} catch (error) {
			// A file of tokens that was changed meanwhile and cannot be read: what was read at the start stays good.
			logGrouped("tokens", messageOf(error));
		}
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

function open(options: AppOptions): Server {
	const { config } = options;
	try {
		return listen(createApp(options), config);
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
