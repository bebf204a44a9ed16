// README and docs are true: every command in them is run by a shell beside a running monitor, every block is read by what
// would read it, every link leads somewhere. (docs/api.md and docs/metrics.md have tests of their own beside their code.)
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import schema from "../docs/webhook.schema.json" with { type: "json" };
import { readConfig } from "../src/config.ts";
import { parseSettings, problemText } from "../src/settings-parse.ts";
import type { Schema } from "../src/web/schema.ts";
import { cleanUp, makeFolder, runCommand, until } from "./binary.ts";
import { type Block, blocksOf, type Machine, openMachine, root } from "./docs-machine.ts";
import { deviations } from "./web/conforms.ts";

const pages = [
	"README.md",
	...[
		"getting-started",
		"alerts",
		"configuration",
		"architecture",
		"security",
		"sending-runs",
		"inventory",
		"scale",
		"contributing",
	].map(inDocs),
];

function inDocs(name: string): string {
	return `docs/${name}.md`;
}

const read = (page: string) => readFileSync(join(root, page), "utf8");

/** "…" stands for anything in its line; a line of it alone for any number of lines. */
function isLike(shown: string, real: string): boolean {
	const pattern = shown
		.split("\n")
		.map((line) => (line === "…" ? "(?:.*\n)*" : `${line.split("…").map(escaped).join(".*")}\n`))
		.join("")
		.replace(/\n$/, "");
	return new RegExp(`^${pattern}$`).test(real.replaceAll("\u00a0", " "));
}

function escaped(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function problemsOf(yaml: string): string[] {
	return parseSettings(yaml, "UTC").problems.map((problem) => `${problem.line}: ${problemText(problem)}`);
}

/** One block, tried. `shown` is the output that the page shows below it, if it does. */
async function tryBlock({ language, text }: Block, shown: string | null, machine: Machine): Promise<void> {
	switch (language) {
		case "sh": {
			if (text.startsWith("#!")) return;
			const { code, out, err } = await machine.run(text);
			expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
			if (shown !== null) expect([out, isLike(shown, out)]).toEqual([out, true]);
			return;
		}
		case "yaml":
			if (text.startsWith("scrape_configs:")) return promtool(["check", "config"], text);
			expect(problemsOf(text)).toEqual([]);
			await machine.configure(text);
			return;
		case "json":
			expect(deviations(JSON.parse(text), schema as unknown as Schema)).toEqual([]);
			return;
		case "promql":
			return promtool(
				["check", "rules"],
				JSON.stringify({ groups: [{ name: "docs", rules: [{ alert: "A", expr: text }] }] }),
			);
		case "env": {
			const variables = Object.fromEntries(text.trim().split("\n").map(variableOf));
			expect(
				Object.keys(variables).filter((name) => !read("docs/configuration.md").includes(`| \`${name}\` |`)),
			).toEqual([]);
			readConfig({ DATA_DIR: makeFolder(), ...variables });
			return;
		}
		default:
			// Output of the block above, which was compared with it, or a drawing.
			expect(language).toBe("text");
	}
}

/** Prometheus' own reader has nothing to say against it. */
function promtool(words: string[], text: string): void {
	const file = join(makeFolder(), "prometheus.yml");
	writeFileSync(file, text);
	const { exitCode, stderr } = Bun.spawnSync(["promtool", ...words, file]);
	expect([exitCode, exitCode === 0 ? "" : stderr.toString()]).toEqual([0, ""]);
}

function variableOf(line: string): [string, string] {
	const [, name = "", value = ""] = /^([A-Z_]+)=(\S+)$/.exec(line) ?? [];
	expect([line, name]).not.toEqual([line, ""]);
	return [name, value];
}

afterAll(cleanUp);

for (const page of pages) {
	describe(page, () => {
		const blocks = blocksOf(read(page));
		let machine: Machine;
		beforeAll(async () => {
			machine = await openMachine();
			for (const [tool, init] of [
				["restic", "restic init"],
				["borg", "borg init --encryption=none"],
			] as const) {
				if (!blocks.some(({ text }) => text.includes(`${tool} `))) continue;
				expect(await machine.run(init)).toMatchObject({ code: 0 });
			}
			for (const { text } of blocks) if (text.startsWith("#!")) machine.keepScript(text);
		}, 60_000);
		afterAll(() => machine.stop());

		blocks.forEach((block, index) => {
			const below = blocks[index + 1];
			const shown = block.language === "sh" && below?.language === "text" ? below.text : null;
			const name = block.text.trim().split("\n")[0] ?? "";
			test(`${block.language} ${index + 1}: ${name}`, () => tryBlock(block, shown, machine), 60_000);
		});

		if (page === "README.md") {
			test("its line is a run", async () => {
				expect(await machine.server.json("/api/metrics")).toMatchObject([{ success: true, size_bytes: 1_048_576 }]);
			});
		}

		if (page === "docs/getting-started.md") {
			test("its fifth step ends in a message", async () => {
				const said = () => machine.titles.some((title) => title.includes("photos failed: only a test"));
				await until(said, 20_000, machine.titles.join("\n"));
			}, 30_000);
		}

		test("has no block that nobody tries", () => {
			expect((read(page).match(/^```/gm)?.length ?? 0) / 2).toBe(blocks.length);
		});

		test("names only commands and flags that there are", async () => {
			for (const [, command = "", rest = ""] of read(page).matchAll(/`backup-monitor ([a-z][a-z-]*)([^`]*)`/g)) {
				const { out } = await runCommand([command, "--help"], { dataDir: makeFolder() });
				expect([command, out.includes(`backup-monitor ${command}`)]).toEqual([command, true]);
				const own = rest.split(" -- ")[0] ?? "";
				for (const [flag] of own.matchAll(/--[a-z-]+/g)) expect([flag, out.includes(flag)]).toEqual([flag, true]);
			}
		});

		test("links lead somewhere", () => {
			const links = read(page).matchAll(/\]\(([^)\s]+)\)|src(?:set)?="([^"]+)"/g);
			for (const [, link, picture] of links) {
				const target = link ?? picture ?? "";
				const [file = "", anchor] = target.split("#");
				const path = file === "" ? join(root, page) : join(root, dirname(page), file);
				expect([target, existsSync(path)]).toEqual([target, true]);
				if (anchor !== undefined)
					expect([target, anchorsOf(readFileSync(path, "utf8")).includes(anchor)]).toContain(true);
			}
		});
	});
}

function anchorsOf(text: string): string[] {
	return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
		title
			.toLowerCase()
			.replace(/[^\w\s-]/g, "")
			.trim()
			.replaceAll(" ", "-"),
	);
}

describe("examples/config.yaml", () => {
	const file = join(root, "examples/config.yaml");
	const text = readFileSync(file, "utf8");

	test("is good, and so are the lines in its comments", async () => {
		const { code, out } = await runCommand(["check", file], { dataDir: makeFolder() });
		expect([code, out.replaceAll("\u00a0", " ")]).toEqual([0, "config.yaml is fine: 6 jobs, 3 channels\n"]);
		for (const [kept, other] of [
			["url", "url_file"],
			["secret", "secret_file"],
		]) {
			const lines = text.split("\n");
			const at = lines.findIndex((line) => line.trim().startsWith(`# ${other}: `));
			const before = lines.findLastIndex((line, n) => n < at && line.trim().startsWith(`${kept}: `));
			lines[at] = lines[at]?.replace("# ", "") ?? "";
			expect(problemsOf(lines.filter((_, n) => n !== before).join("\n"))).toEqual([]);
		}
		for (const [, schedule = ""] of text.matchAll(/^ {4}# {3}(\{.*?\}|none)(?: |$)/gm)) {
			expect(problemsOf(`jobs: { a: { schedule: ${schedule} } }`)).toEqual([]);
		}
	});

	test("has every key that there is", () => {
		const known = [
			["", "x: 1"],
			["jobs", "jobs: { a: { x: 1 } }"],
			["limits", "jobs: { a: { limits: { x: 1 } } }"],
			["inventory", "jobs: { a: { inventory: { x: 1, from: restic } } }"],
			["channels", "channels: { a: { x: 1, url: 'ntfy://a' } }"],
			["quiet_hours", "quiet_hours: { x: 1, from: '1:00', to: '2:00' }"],
			["digest", "digest: { x: 1, daily: '1:00' }"],
		].flatMap(
			([, yaml = ""]) => /expected ([a-z_0-9, ]+)$/.exec(problemsOf(yaml)[0] ?? "")?.[1]?.split(", ") ?? [yaml],
		);
		expect(known.length).toBeGreaterThan(30);
		expect(known.filter((key) => !new RegExp(`(?:^|[\\s{#,])${key}:`, "m").test(text))).toEqual([]);
	});
});
