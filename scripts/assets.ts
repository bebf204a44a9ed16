// Builds what browsers load (public/) and hands it to the program as the virtual module `#assets`.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, extname, join, relative, resolve } from "node:path";
import type { BunPlugin } from "bun";
import type { Asset } from "#assets";

const root = join(import.meta.dir, "..");
const publicDir = join(root, "public");
const cacheDir = join(root, "node_modules", ".cache", "backup-monitor");

/** Entry files of the client's bundles; the others in public/ are reached from them or are copied. */
const entries = ["app.css", "pages.css", "app.js", "charts.js", "theme.js"];

const contentTypes: Record<string, string> = {
	".css": "text/css; charset=utf-8",
	".ico": "image/x-icon",
	".js": "text/javascript; charset=utf-8",
	".png": "image/png",
	".svg": "image/svg+xml",
	".webmanifest": "application/manifest+json",
	".woff2": "font/woff2",
};

/** Built assets as the source text of a module, from the cache where nothing that goes into them has changed. */
export async function buildAssetsModule(): Promise<string> {
	const file = cacheFile();
	if (existsSync(file)) return readFileSync(file, "utf8");
	const module = `export const assets = ${JSON.stringify(await buildAssets())};\n`;
	mkdirSync(cacheDir, { recursive: true });
	// Several test processes may build at once: each writes its own file, the rename decides.
	const own = `${file}.${process.pid}`;
	writeFileSync(own, module);
	renameSync(own, file);
	return module;
}

/**
 * The same, without a promise and in a process of its own: a module hook has to answer at once, and Bun.build called
 * inside one never returns.
 */
export function readAssetsModule(): string {
	const file = cacheFile();
	if (!existsSync(file)) {
		const built = Bun.spawnSync([process.execPath, import.meta.path], { cwd: root, stdout: "ignore", stderr: "pipe" });
		if (!built.success) throw new Error(`public/ could not be built: ${built.stderr.toString().trim()}`);
	}
	return readFileSync(file, "utf8");
}

/** For the server's bundle: `#assets` is the given source text, its bytes embedded as files. */
export function assetsPlugin(module: string): BunPlugin {
	return {
		name: "assets",
		setup(build) {
			build.onResolve({ filter: /^#assets$/ }, () => ({ path: "assets", namespace: "assets" }));
			build.onLoad({ filter: /.*/, namespace: "assets" }, () => ({ contents: embedded(module), loader: "js" }));
		},
	};
}

/** A text stands in an executable twice, as source and as bytecode; a file once. That is a tenth of a megabyte. */
function embedded(module: string): string {
	const assets: Asset[] = JSON.parse(module.slice(module.indexOf("["), module.lastIndexOf("]") + 1));
	mkdirSync(cacheDir, { recursive: true });
	const imports: string[] = ['import { readFileSync } from "node:fs";'];
	const items = assets.map(({ base64, ...asset }, index) => {
		const path = join(cacheDir, `${asset.hash}.bin`);
		writeFileSync(path, Buffer.from(base64, "base64"));
		imports.push(`import file${index} from ${JSON.stringify(path)} with { type: "file" };`);
		return `{ ...${JSON.stringify(asset)}, get base64() { return readFileSync(file${index}).toString("base64"); } }`;
	});
	return `${imports.join("\n")}\nexport const assets = [${items.join(", ")}];\n`;
}

async function buildAssets(): Promise<Asset[]> {
	// The stylesheet stays as written: for "browser" Bun turns light-dark() into variables that follow no theme switch.
	const outputs = [...(await bundle("browser", ".js")), ...(await bundle("bun", ".css"))];
	const bundled = await Promise.all(
		outputs.map(async (output) => {
			const name = output.path.replace(/^\.?\//, "");
			const bytes = name.endsWith(".css")
				? new TextEncoder().encode(orderLayersFirst(await output.text()))
				: new Uint8Array(await output.arrayBuffer());
			// A file that a stylesheet points at already carries the bundler's hash.
			return entries.includes(name) ? asset(name, bytes) : asset(name, bytes, `/assets/${name}`);
		}),
	);
	const copied = filesUnder(publicDir)
		.filter((path) => extname(path) in contentTypes && ![".css", ".js"].includes(extname(path)))
		.map((path) => asset(relative(publicDir, path), readFileSync(path)));
	return [...bundled, ...copied].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Bun puts `@layer a, b;` behind what is imported after it; by then the layers have the order in which they came. */
function orderLayersFirst(css: string): string {
	const order = css.match(/@layer [\w\s,-]+;/)?.[0] ?? "";
	return order + css.replace(order, "");
}

async function bundle(target: "browser" | "bun", extension: string): Promise<Bun.BuildArtifact[]> {
	const { outputs, metafile } = await Bun.build({
		entrypoints: entries.filter((name) => extname(name) === extension).map((name) => join(publicDir, name)),
		root: publicDir,
		target,
		// Wrapped, so that a bundle works as a classic script too and two of them share no names.
		format: "iife",
		minify: true,
		define: { "process.env.NODE_ENV": '"production"' },
		naming: { entry: "[dir]/[name].[ext]", asset: "[name]-[hash].[ext]" },
		publicPath: "/assets/",
		metafile: true,
	});
	const known = new Set(sources());
	for (const input of Object.keys(metafile?.inputs ?? {}).map((path) => resolve(path))) {
		if (known.has(input) || input.includes("/node_modules/")) continue;
		throw new Error(`${relative(root, input)} is in a browser's bundle: of src/, only the domain (src/*.ts) may be`);
	}
	return outputs;
}

function asset(name: string, bytes: Uint8Array<ArrayBuffer>, path?: string): Asset {
	const hash = new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 10);
	const extension = extname(name);
	const gzip = Bun.gzipSync(bytes, { level: 9 });
	// Pictures are compressed already: below a tenth saved, the second encoding is not worth its bytes.
	const isGzipped = gzip.length < bytes.length * 0.9;
	return {
		name,
		path: path ?? `/assets/${name.slice(0, name.length - extension.length)}-${hash}${extension}`,
		type: contentTypes[extension] ?? "application/octet-stream",
		hash,
		isGzipped,
		base64: Buffer.from(isGzipped ? gzip : bytes).toString("base64"),
	};
}

/** Our files that can be in a bundle: public/, and the domain, whose functions browsers and server share. */
function sources(): string[] {
	const domain = join(root, "src");
	return [...filesUnder(publicDir), ...readdirSync(domain).map((name) => join(domain, name))]
		.filter((path) => statSync(path).isFile())
		.sort();
}

function filesUnder(dir: string): string[] {
	if (!existsSync(dir)) return [];
	return (readdirSync(dir, { recursive: true }) as string[])
		.filter((path) => !basename(path).startsWith("."))
		.map((path) => join(dir, path))
		.filter((path) => statSync(path).isFile())
		.sort();
}

/** Named after everything that can change the result: our files, the libraries' versions, Bun's, and this script's text. */
function cacheFile(): string {
	const hasher = new Bun.CryptoHasher("sha256").update(Bun.version);
	for (const path of [...sources(), join(root, "bun.lock"), import.meta.path]) {
		hasher
			.update(`${relative(root, path)}\0`)
			.update(readFileSync(path))
			.update("\0");
	}
	return join(cacheDir, `assets-${hasher.digest("hex").slice(0, 16)}.js`);
}

if (import.meta.main) await buildAssetsModule();
