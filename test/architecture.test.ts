// The one rule of the layout that is enforced: imports go down only, and the domain knows no clock and no outside.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

const root = join(import.meta.dir, "..");
const src = join(root, "src");
const files = [...new Bun.Glob("**/*.ts").scanSync({ cwd: src })].filter((file) => !file.endsWith(".d.ts")).sort();

type Import = { from: string; target: string; isTypeOnly: boolean };

/** Source text without comments, so that what is only spoken of does not count. */
function codeOf(file: string): string {
	return readFileSync(join(src, file), "utf8")
		.replace(/\/\*[\s\S]*?\*\//g, "")
		.replace(/(^|[\s;{}(,])\/\/.*$/gm, "$1");
}

function importsOf(file: string): Import[] {
	const found: Import[] = [];
	const code = codeOf(file);
	for (const match of code.matchAll(/^(?:import|export)\s+(type\s+)?([^"';]*?\sfrom\s+)?"([^"]+)"/gm)) {
		const [, type, names = "", target = ""] = match;
		const listed =
			/\{([\s\S]*)\}/
				.exec(names)?.[1]
				?.split(",")
				.map((name) => name.trim()) ?? [];
		const isListOfTypes =
			listed.filter(Boolean).length > 0 && listed.filter(Boolean).every((name) => name.startsWith("type "));
		found.push({ from: file, target, isTypeOnly: type !== undefined || isListOfTypes });
	}
	for (const [, target = ""] of code.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)) {
		found.push({ from: file, target, isTypeOnly: false });
	}
	return found;
}

/** 0 is the domain; a file may import from its own level or a lower one. */
const levels: Record<string, number> = { domain: 0, tools: 1, store: 2, ingest: 3, alerts: 3, web: 4, cli: 5, main: 6 };

function partOf(file: string): string {
	if (file === "main.ts") return "main";
	const folder = dirname(file).split("/")[0] ?? "";
	return folder === "." ? "domain" : folder;
}

const inner = (file: string, target: string) => relative(src, resolve(src, dirname(file), target));
const all = files.flatMap(importsOf);

test("every folder of src has its level", () => {
	expect([...new Set(files.map(partOf))].filter((part) => levels[part] === undefined)).toEqual([]);
	expect(files.length).toBeGreaterThan(50);
	expect(all.length).toBeGreaterThan(200);
});

test("imports go down only: main, cli, web, ingest and alerts, store, tools, domain", () => {
	const upward = all
		.filter(({ target }) => target.startsWith("."))
		.filter(({ from, target }) => (levels[partOf(inner(from, target))] ?? 9) > (levels[partOf(from)] ?? -1))
		.map(({ from, target }) => `${from} imports ${target}`);
	expect(upward).toEqual([]);
});

test("ingest and alerts never meet", () => {
	const meetings = all
		.filter(({ target }) => target.startsWith("."))
		.filter(({ from, target }) => {
			const parts = [partOf(from), partOf(inner(from, target))];
			return parts.includes("ingest") && parts.includes("alerts");
		})
		.map(({ from, target }) => `${from} imports ${target}`);
	expect(meetings).toEqual([]);
});

test("no file of src imports from outside it, but for packages", () => {
	const outside = all
		.filter(({ target }) => target.startsWith(".") && !target.endsWith("package.json"))
		.filter(({ from, target }) => inner(from, target).startsWith(".."))
		.map(({ from, target }) => `${from} imports ${target}`);
	expect(outside).toEqual([]);
});

/** What stands at the edge of the domain's folder and is no domain. */
const edge = new Set(["main.ts", "config.ts", "log.ts", "version.ts"]);
const domain = files.filter((file) => partOf(file) === "domain" && !edge.has(file));

test("the domain reads no clock", () => {
	const clocks = domain.flatMap((file) =>
		[
			...codeOf(file).matchAll(/Date\.now\(|new Date\(\)|performance\.now\(|Temporal\.Now|setTimeout\(|setInterval\(/g),
		].map(([text]) => `${file}: ${text}`),
	);
	expect(clocks).toEqual([]);
});

test("the domain touches no file, no network, no database, no process, and takes no chances", () => {
	const outside = domain.flatMap((file) => [
		...importsOf(file)
			.filter(({ target, isTypeOnly }) => !isTypeOnly && /^(?:node:(?!path|util)|bun|elysia)/.test(target))
			.map(({ target }) => `${file} imports ${target}`),
		...[
			...codeOf(file).matchAll(
				/\bfetch\(|Bun\.(?:file|write|spawn|serve|sleep)\b|process\.(?!platform)\w+|Math\.random\(/g,
			),
		].map(([text]) => `${file}: ${text}`),
	]);
	expect(outside).toEqual([]);
});

test("tools read text and nothing else", () => {
	const outside = files
		.filter((file) => partOf(file) === "tools")
		.flatMap((file) => [
			...importsOf(file)
				.filter(({ target, isTypeOnly }) => !isTypeOnly && /^(?:node:(?!path|util)|bun|elysia)/.test(target))
				.map(({ target }) => `${file} imports ${target}`),
			...[...codeOf(file).matchAll(/Date\.now\(|new Date\(\)|\bfetch\(|Bun\.(?:file|write|spawn)\b/g)].map(
				([text]) => `${file}: ${text}`,
			),
		]);
	expect(outside).toEqual([]);
});

test("SQL stands in src/store alone; others hold a database only to hand it on", () => {
	const others = files.filter((file) => partOf(file) !== "store");
	const sql = others.flatMap((file) =>
		[
			...codeOf(file).matchAll(
				/["`]\s*(?:SELECT\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+TABLE|PRAGMA\s|BEGIN\s|VACUUM)/g,
			),
		].map(([text]) => `${file}: ${text.trim()}`),
	);
	expect(sql).toEqual([]);
	const values = others
		.flatMap(importsOf)
		.filter(({ target, isTypeOnly }) => target === "bun:sqlite" && !isTypeOnly)
		.map(({ from }) => from);
	expect(values).toEqual([]);
});

test("there is no any, enum, default export, non-null assertion, barrel, TODO or ignored error", () => {
	const found = files.flatMap((file) => {
		const text = readFileSync(join(src, file), "utf8");
		const code = codeOf(file);
		return [
			...[
				...code.matchAll(
					/(?<!\?):\s*any(?=[\s]*[;,)=\]|&{])|\bas any\b|<any>|\bany\[\]|^\s*(?:export\s+)?(?:const\s+)?enum\s|^export default|^export \* from/gm,
				),
			],
			...[...text.matchAll(/@ts-ignore|@ts-expect-error|@ts-nocheck|\bTODO\b|\bFIXME\b|\bXXX\b/g)],
		].map(([match]) => `${file}: ${match.trim()}`);
	});
	expect(found).toEqual([]);
});

test("whatever is exported is used somewhere else", () => {
	const places = ["src/**/*.ts", "public/**/*.js", "scripts/**/*.ts", "test/**/*.ts"].flatMap((pattern) =>
		[...new Bun.Glob(pattern).scanSync({ cwd: root })].map((path) => {
			return { path, words: new Set(readFileSync(join(root, path), "utf8").match(/\w+/g)) };
		}),
	);
	const unused = files.flatMap((file) =>
		[...codeOf(file).matchAll(/^export (?:async )?(?:const|let|function\*?|class) (\w+)/gm)]
			.filter(([, name = ""]) => !places.some(({ path, words }) => path !== `src/${file}` && words.has(name)))
			.map(([, name]) => `${file}: ${name}`),
	);
	expect(unused).toEqual([]);
});

test("imports of our own name the file with its ending", () => {
	const bare = all.filter(({ target }) => target.startsWith(".") && !/\.(?:ts|sql|json)$/.test(target));
	expect(bare.map(({ from, target }) => `${from} imports ${target}`)).toEqual([]);
});

test("every file opens with one comment that says what it is, and its name is in kebab-case", () => {
	const silent = files.filter((file) => !readFileSync(join(src, file), "utf8").startsWith("// "));
	expect(silent).toEqual([]);
	expect(files.filter((file) => !/^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(basename(file)))).toEqual([]);
	const vague = /^(?:utils?|helpers?|common|types|index|misc)\.ts$/;
	expect(files.filter((file) => vague.test(basename(file)))).toEqual([]);
});
