// `demo`: sample data in a temporary folder, served like real data; nothing of the user's is touched.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoLines } from "../demo-data.ts";
import { readServeConfig, run } from "./serve.ts";

export async function demo(args: string[]): Promise<number> {
	const folder = mkdtempSync(join(tmpdir(), "backup-monitor-demo-"));
	try {
		const { TZ, PORT, HOST } = process.env;
		const config = await readServeConfig(args, { TZ, PORT, HOST, DATA_DIR: folder, RETENTION_DAYS: "365" });
		writeFileSync(config.metricsFile, `${demoLines(Date.now()).join("\n")}\n`);
		return await run(config);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
