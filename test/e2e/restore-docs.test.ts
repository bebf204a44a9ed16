// docs/restore.md is true: each of its commands is run by a shell with the real tools, and becomes a drill of its job.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSettings } from "../../src/settings-parse.ts";
import { findJob } from "../../src/store/jobs.ts";
import { readDrills } from "../../src/store/restore.ts";
import { cleanUp } from "../binary.ts";
import { openApp } from "../web/app.ts";
import { openDrillMachine } from "./drill-machine.ts";

afterAll(cleanUp);

const docs = readFileSync(join(import.meta.dir, "../../docs/restore.md"), "utf8");
const blocks = [...docs.matchAll(/^```(sh|yaml)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
	language,
	text,
}));
const commands = blocks.filter(({ language }) => language === "sh").map(({ text }) => text);

const { home, dataDir, mounted, shell } = openDrillMachine(["source", "mnt/media", "mnt/home", "drills"]);

/** The commands stay as they are, but for where folders lie. */
function here(text: string): string {
	return text
		.replaceAll("/var/tmp", join(home, "drills"))
		.replaceAll("/mnt/backup", mounted)
		.replaceAll("/data/metrics.jsonl", join(dataDir, "metrics.jsonl"));
}

beforeAll(() => {
	for (const folder of ["source", "mnt/media", "mnt/home"])
		writeFileSync(join(home, folder, "file"), "x".repeat(200_000));
	shell(`restic init -q && borg init --encryption=none && tar -czf ${mounted}/etc.tar.gz source
backup-monitor run --job photos -- restic backup --json --quiet source
backup-monitor run --job docs -- borg create --json ::one source
backup-monitor run --job etc -- tar --totals -cf /dev/null source`);
}, 30_000);

test("every command of a drill is run as it stands, and recorded with its bytes", async () => {
	const drills = commands.filter((text) => text.includes("restore_test"));
	expect(drills).toHaveLength(6);
	for (const text of drills) shell(here(text));
	const { monitor } = await openApp(dataDir, Date.now);
	const { db } = monitor;
	if (db === null) throw new Error("the database is not open");
	const found = Object.fromEntries(
		["photos", "docs", "media", "home", "etc"].map((name) => [name, readDrills(db, findJob(db, name)?.id ?? 0)]),
	);
	await monitor.stop();
	expect(found.photos).toHaveLength(2);
	for (const name of ["photos", "docs", "media", "home", "etc"]) {
		const drill = found[name]?.find(({ seconds }) => seconds !== 2821);
		expect(drill).toMatchObject({ outcome: "success" });
		expect(drill?.bytes).toBeGreaterThanOrEqual(200_000);
		expect(drill?.bytes).toBeLessThan(230_000);
		expect(drill?.seconds).toBeGreaterThan(0);
	}
	for (const file of ["drill-docs/source/file", "drill-media/file", "drill-home/file", "drill-etc/source/file"]) {
		expect(existsSync(join(home, "drills", file))).toBe(true);
	}
}, 60_000);

test("its configuration is taken as it stands", () => {
	const [yaml] = blocks.filter(({ language }) => language === "yaml");
	const parsed = parseSettings(yaml?.text ?? "", "UTC");
	expect(parsed).toMatchObject({ settings: { jobs: [{ name: "photos", rto: 28_800 }] } });
});

test("its table names what the API answers", () => {
	for (const field of ["serial", "parallel", "unknown", "over_target", "plan", "accuracy", "jobs"]) {
		expect(docs).toContain(`\`${field}`);
	}
});
