// `bun run build [--target linux-arm64|linux-x64]`: the whole program as one executable file under dist/.
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { BunPlugin } from "bun";
import packageJson from "../package.json";
import { assetsPlugin, buildAssetsModule } from "./assets.ts";

const root = join(import.meta.dir, "..");
const targets = ["linux-arm64", "linux-x64"] as const;
type Target = (typeof targets)[number];

export type BuildOptions = {
	/** null builds for this machine. */
	target?: Target | null;
	entry?: string;
	outfile?: string;
	/** The target's Bun, where it is at hand already; else Bun fetches it from npm. */
	runtime?: string | null;
};

/**
 * Parts of Elysia that only run with `aot: false` or with schemas, neither of which this program has: a tenth of a megabyte
 * of an executable that has 114. Whoever comes to need them is told so.
 */
const leaveOut: BunPlugin = {
	name: "leave-out",
	setup(build) {
		const absent = (...names: string[]) => {
			const text = 'throw new Error("left out of the executable: see scripts/build.ts");';
			return names.map((name) => `export function ${name}() { ${text} }`).join("\n");
		};
		build.onLoad({ filter: /elysia\/dist\/dynamic-handle\.mjs$/ }, () => ({
			contents: absent("createDynamicHandler", "createDynamicErrorHandler", "injectDefaultValues"),
			loader: "js",
		}));
		build.onLoad({ filter: /typebox\/build\/esm\/value\/create\/create\.mjs$/ }, () => ({
			contents: `${absent("Create")}\nexport class ValueCreateError extends Error {}`,
			loader: "js",
		}));
		build.onLoad({ filter: /typebox\/build\/esm\/errors\/errors\.mjs$/ }, () => ({
			contents: `${absent("Errors")}
export const ValueErrorType = {};
export class ValueErrorsUnknownTypeError extends Error {}
export class ValueErrorIterator {}`,
			loader: "js",
		}));
		// Of conditional types, and of the sentences for the errors above.
		build.onLoad({ filter: /typebox\/build\/esm\/type\/extends\/extends-check\.mjs$/ }, () => ({
			contents: `${absent("ExtendsCheck")}
export const ExtendsResult = {};
export class ExtendsResolverError extends Error {}`,
			loader: "js",
		}));
		build.onLoad({ filter: /typebox\/build\/esm\/errors\/function\.mjs$/ }, () => ({
			contents: `${absent("DefaultErrorFunction", "GetErrorFunction")}\nexport function SetErrorFunction() {}`,
			loader: "js",
		}));
		build.onLoad({ filter: /exact-mirror\/dist\/index\.m?js$/ }, () => ({
			contents: `${absent("createMirror", "deepClone", "hasAdditionalProperties", "mergeObjectIntersection")}\nexport default createMirror;`,
			loader: "js",
		}));
	},
};

/**
 * Of nodemailer its SMTP client alone is used, once it has a mail to send. What it would fetch, parse or translate never
 * comes up: addresses are checked and resolved before. Node's sockets, TLS and streams are asked for while it runs: an
 * import would put their bytecode into the executable too, a megabyte for a start that is not in a hurry.
 */
const lean: BunPlugin = {
	name: "lean",
	setup(build) {
		const unused = /nodemailer\/dist\/esm\/(?:fetch\/index|shared\/url|punycode\/index)\.js$/;
		build.onLoad({ filter: /nodemailer\/dist\/esm\/.*\.js$/ }, async ({ path }) => {
			if (unused.test(path)) {
				const names = ["parse", "format", "resolve", "toASCII", "toUnicode"];
				const text = 'throw new Error("left out of the executable: see scripts/build.ts");';
				const functions = names.map((name) => `export function ${name}() { ${text} }`);
				return { contents: [...functions, `export default function fetch() { ${text} }`].join("\n"), loader: "js" };
			}
			const source = await Bun.file(path).text();
			const contents = source.replace(
				/^import ([\w$]+|\{[^}]*\}) from '(node:[a-z/]+)';$/gm,
				(_, names: string, module: string) =>
					`const ${names.replaceAll(" as ", ": ")} = process.getBuiltinModule("${module}");`,
			);
			return { contents: shrink(contents), loader: "js" };
		});
		// Elysia reads the source of our handlers, not its own: its names may go and TypeBox's too, a tenth of a megabyte.
		build.onLoad({ filter: /(?:@sinclair\/typebox\/build\/esm|elysia\/dist)\/.*\.mjs$/ }, async ({ path }) => ({
			contents: shrink(await Bun.file(path).text()),
			loader: "js",
		}));
	},
};

function shrink(source: string): string {
	// Not in the types of Bun 1.4.5: without it, the names stay and the rest is done anyway.
	const options = { loader: "js" as const, minify: { identifiers: true, syntax: true, whitespace: true } };
	return new Bun.Transpiler(options).transformSync(source);
}

/**
 * Returns the path of the executable. The same commit gives the same bytes, in any folder and at any time: the file's
 * own name is the only thing besides the sources that gets in, so it never varies.
 */
export async function build({ target = null, entry, outfile, runtime = null }: BuildOptions = {}): Promise<string> {
	const out = outfile ?? join(root, "dist", ...(target ? [target] : []), "backup-monitor");
	const assets = await buildAssetsModule();
	mkdirSync(dirname(out), { recursive: true });
	// Bun leaves source maps of split chunks beside its output, and a running binary must not be written over.
	const workDir = mkdtempSync(join(dirname(out), ".build-"));
	const built = join(workDir, basename(out));
	try {
		await Bun.build({
			entrypoints: [entry ?? join(root, "src", "main.ts")],
			root: join(root, "src"),
			plugins: [assetsPlugin(assets), leaveOut, lean],
			target: "bun",
			// Elysia would load it to look into uploaded files. There are no uploads, and it is half a megabyte.
			external: ["file-type"],
			format: "esm",
			splitting: true,
			bytecode: true,
			// Never identifiers of ours: Elysia reads the source of handlers and would lose `body` without a word.
			minify: { whitespace: true, syntax: true, identifiers: false },
			// No source map: identifiers are kept, so a stack trace names its functions, and it would be 0.7 MB of 114.
			define: {
				"process.env.NODE_ENV": '"production"',
				BUILD_VERSION: JSON.stringify(packageJson.version),
				BUILD_COMMIT: JSON.stringify(process.env.BUILD_COMMIT || readCommit()),
			},
			compile: {
				outfile: built,
				execArgv: ["--smol"],
				// Both are read from the current folder, and bunfig.toml can run code: a service starts in its data folder.
				autoloadDotenv: false,
				autoloadBunfig: false,
				...(target ? { target: `bun-${target}` } : {}),
				...(runtime ? { executablePath: runtime } : {}),
			},
		});
		renameSync(built, out);
	} finally {
		rmSync(workDir, { recursive: true });
	}
	return out;
}

function readCommit(): string {
	const git = (...args: string[]) => {
		try {
			const result = Bun.spawnSync(["git", ...args], { cwd: root, stderr: "ignore" });
			return result.success ? result.stdout.toString().trim() : null;
		} catch {
			return null; // git is not installed
		}
	};
	const commit = git("rev-parse", "--short=12", "HEAD");
	if (!commit) return "unknown";
	return git("status", "--porcelain", "--untracked-files=no") ? `${commit}-dirty` : commit;
}

function isTarget(value: string): value is Target {
	return targets.some((target) => target === value);
}

/** The target on the command line, null where none is given; ends the process on anything else. */
function readTarget(): { target: Target | null; runtime: string | null } {
	const usage = `Expected: bun run build [--target ${targets.join("|")}] [--runtime path/to/that/bun]`;
	try {
		const { values } = parseArgs({
			args: process.argv.slice(2),
			options: { target: { type: "string" }, runtime: { type: "string" } },
		});
		const { target = null, runtime = null } = values;
		if (target === null || isTarget(target)) return { target, runtime };
		console.error(`There is no target "${target}". ${usage}`);
	} catch (error) {
		console.error(`${error instanceof Error ? error.message.split(". ")[0] : error}. ${usage}`);
	}
	process.exit(2);
}

if (import.meta.main) {
	const outfile = await build(readTarget());
	console.log(`${outfile} ${(Bun.file(outfile).size / 1e6).toFixed(1)} MB`);
}
