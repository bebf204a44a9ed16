// `token`: prints what a script needs in order to report over HTTP.
import { readConfig } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";
import { findJob } from "../store/jobs.ts";
import { hasTokens, readTokens } from "../web/tokens.ts";
import { readFlags } from "./flags.ts";
import { readOnlyStore } from "./store.ts";

export async function tokenCommand(args: string[]): Promise<number> {
	const { flags } = await readFlags(args, "token", { job: { type: "string" } });
	const config = readConfig(process.env);
	if (!hasTokens(config.dataDir)) {
		const where = `${config.dataDir} holds no token yet`;
		throw new AppError("missing", `${where}. Start the server once, or set DATA_DIR as the server has it.`);
	}
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
