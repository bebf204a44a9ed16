// `token`: prints what a script needs in order to report over HTTP.
import { type Config, nearbyFolder, readConfig } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";
import { log } from "../log.ts";
import { findJob } from "../store/jobs.ts";
import { codeMinutes, makeSetupCode } from "../web/setup-code.ts";
import { hasTokens, readSigner, readTokens } from "../web/tokens.ts";
import { readFlags } from "./flags.ts";
import { refusedBy } from "./places.ts";
import { readOnlyStore } from "./store.ts";

export async function tokenCommand(args: string[]): Promise<number> {
	const { flags } = await readFlags(args, "token", { job: { type: "string" }, page: { type: "boolean" } });
	const config = readConfig(process.env);
	if (flags.page === true) return printPage(config, flags.job);
	if (!orMissing(config, () => hasTokens(config))) throw noneYet(config);
	const tokens = readTokens(config);
	if (flags.job === undefined) {
		if (tokens.token === null)
			throw new AppError("missing", "PUSH_TOKEN is none: anybody may report, there is no token.");
		process.stdout.write(`${tokens.token}\n`);
		return 0;
	}
	try {
		const db = readOnlyStore(config);
		const job = findJob(db, flags.job);
		db.close();
		if (job === null)
			throw new AppError("missing", `There is no job "${flags.job}" yet; it appears with its first report.`);
		process.stdout.write(`uuid ${tokens.uuidOf(job)}\nkuma ${tokens.kumaTokenOf(job)}\n`);
		return 0;
	} catch (error) {
		if (error instanceof AppError) throw error;
		throw new AppError("missing", `${config.databasePath} cannot be read: ${messageOf(error)}`);
	}
}

function noneYet({ dataDir }: Config): AppError {
	const hint = nearbyFolder(process.env, dataDir);
	const fix = `Start the server once, or set DATA_DIR as the server has it.${hint}`;
	return new AppError("missing", `${dataDir} holds no token yet. ${fix}`);
}

function orMissing<T>({ dataDir }: Config, read: () => T): T {
	try {
		return read();
	} catch (error) {
		throw new AppError(
			"missing",
			`The token in ${dataDir} may not be read: ${messageOf(refusedBy({ dataDir }, error))}`,
		);
	}
}

/** An address of the setup page with the token filled in. Made without the server: it shares the folder's key. */
function printPage(config: Config, job: string | undefined): number {
	const { publicUrl, port, pushToken } = config;
	const signer = orMissing(config, () => readSigner(config));
	if (signer === null) throw noneYet(config);
	const isOpen = pushToken === "none";
	const query = new URLSearchParams(job === undefined ? {} : { job });
	if (!isOpen) query.set("code", makeSetupCode(signer, Date.now()));
	const search = query.size === 0 ? "" : `?${query}`;
	process.stdout.write(`${publicUrl ?? `http://127.0.0.1:${port}`}/setup${search}\n`);
	if (!isOpen) {
		const other = publicUrl === null ? " On another machine put this one's name or address in place of 127.0.0.1." : "";
		log(`Good once, for ${codeMinutes} minutes.${other}`);
	}
	return 0;
}
