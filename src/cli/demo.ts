// `demo`: sample data in a temporary folder, served like real data; nothing of the user's is touched.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../config.ts";
import { demoLines } from "../demo-data.ts";
import { demoConfig, demoListings } from "../demo-files.ts";
import { readFlags } from "./flags.ts";
import { run } from "./serve.ts";

export async function demo(args: string[]): Promise<number> {
	const { flags } = await readFlags(args, "demo", { port: { type: "string" }, host: { type: "string" } });
	const folder = mkdtempSync(join(tmpdir(), "backup-monitor-demo-"));
	try {
		const { TZ, PORT, HOST } = process.env;
		const asked = { PORT: flags.port || PORT, HOST: flags.host || HOST };
		const config = readConfig({ TZ, ...asked, DATA_DIR: folder, RETENTION_DAYS: "365" });
		const now = Date.now();
		writeFileSync(join(folder, "config.yaml"), demoConfig);
		writeFileSync(config.metricsFile, `${demoLines(now).join("\n")}\n`);
		mkdirSync(join(folder, "inventory"));
		for (const { name, text } of demoListings(now)) writeFileSync(join(folder, "inventory", name), text);
		return await run(config);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
