// docs/own-data.md is true: its commands are run in order on a folder of their own, and show what it shows.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, cleanUp, makeFolder, startServer, untilRead } from "../binary.ts";
import { blocksOf } from "../docs-machine.ts";
import { someLines } from "../lines.ts";

afterAll(cleanUp);

const blocks = blocksOf(readFileSync(join(import.meta.dir, "../../docs/own-data.md"), "utf8"));

test("every command of the page works as it says", async () => {
	const home = makeFolder();
	const dataDir = makeFolder();
	for (const folder of ["bin", "nas"]) mkdirSync(join(home, folder));
	symlinkSync(binary, join(home, "bin", "backup-monitor"));
	writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 30));
	const here = (text: string) => text.replaceAll("/mnt/nas", join(home, "nas"));
	const shell = (text: string) => {
		// A person at a terminal is asked; here the answer is given beforehand.
		const command = here(text).replace(/(restore-db \S+)/, "$1 --yes");
		const ended = Bun.spawnSync(["bash", "-eo", "pipefail", "-c", command], {
			env: { PATH: `${join(home, "bin")}:${process.env.PATH}`, TZ: "UTC", DATA_DIR: dataDir },
			cwd: home,
		});
		if (!ended.success) throw new Error(`${command}\n${ended.stdout}${ended.stderr}`);
		return ended.stdout.toString();
	};
	const env = { RETENTION_DAYS: "36500" };
	let server = await startServer({ dataDir, env });
	await untilRead(server, 30);
	let out = "";
	let restored = "";
	for (const { language, text } of blocks) {
		if (language === "text") {
			expect(out.replace(/[\d.]+\s[kM]B/, "N")).toBe(here(text).replace(/[\d.]+\s[kM]B/, "N"));
			continue;
		}
		if (text.includes("restore-db")) await server.stop();
		out = shell(text);
		if (text.includes("restore-db")) restored = out;
	}
	expect(restored).toContain("Restored");
	server = await startServer({ dataDir, env });
	expect((await server.json("/api/metrics")).length).toBe(30);
	await server.stop();
});
