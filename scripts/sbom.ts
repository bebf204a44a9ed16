// What is inside the executable, as CycloneDX: the packages of the lock file that get in, and the runtime.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

type Dependencies = Record<string, string>;
type Needs = { dependencies?: Dependencies; peerDependencies?: Dependencies; optionalPeers?: string[] };
/** Name and version, registry ("" is the default one), what it needs, and its checksum. */
type Locked = [id: string, registry: string, needs: Needs, integrity: string];
type Lock = { workspaces: Record<string, { dependencies?: Dependencies }>; packages: Record<string, Locked> };

type Component = {
	type: "application" | "library" | "platform";
	"bom-ref": string;
	name: string;
	version: string;
	purl?: string;
	description?: string;
	hashes?: { alg: "SHA-512"; content: string }[];
	licenses?: { license: { id: string } }[] | { expression: string }[];
};

/** The document's text: the same for the same lock file, runtime, version and time. */
export function formatSbom({ version, commit, epoch }: { version: string; commit: string; epoch: number }): string {
	const lock = readLock();
	const direct = Object.keys(lock.workspaces[""]?.dependencies ?? {});
	const bundled = reachable(lock, direct);
	const runtime = runtimeComponents();
	const main: Component = {
		type: "application",
		"bom-ref": "backup-monitor",
		name: "backup-monitor",
		version,
		description: `Built from commit ${commit}`,
		licenses: [{ license: { id: "MIT" } }],
	};
	const refOf = (name: string) => purlOf(...nameAndVersion(lock, name));
	const document = {
		bomFormat: "CycloneDX",
		specVersion: "1.5",
		version: 1,
		metadata: { timestamp: new Date(epoch * 1000).toISOString(), component: main },
		components: [...bundled.map((name) => packageComponent(lock, name)), ...runtime],
		dependencies: [
			{ ref: main["bom-ref"], dependsOn: [...direct.toSorted().map(refOf), "bun"] },
			...bundled.map((name) => ({ ref: refOf(name), dependsOn: needsOf(lock, name).map(refOf) })),
			{ ref: "bun", dependsOn: runtime.slice(1).map((component) => component["bom-ref"]) },
		],
	};
	return `${JSON.stringify(document, null, "\t")}\n`;
}

/** JSON with commas before closing brackets. */
function readLock(): Lock {
	return JSON.parse(readFileSync(join(root, "bun.lock"), "utf8").replace(/,(?=\s*[\]}])/g, ""));
}

/** Names of all that the given packages need, themselves included, in order. */
function reachable(lock: Lock, names: string[]): string[] {
	const found = new Set<string>();
	const waiting = [...names];
	for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
		if (found.has(name)) continue;
		found.add(name);
		waiting.push(...needsOf(lock, name));
	}
	return [...found].toSorted();
}

/** Asked for by Elysia and not in the executable: types, and what scripts/build.ts leaves out. */
const leftOut = ["typescript", "@types/bun", "@types/node", "openapi-types", "file-type"];

function needsOf(lock: Lock, name: string): string[] {
	const { dependencies = {}, peerDependencies = {} } = lock.packages[name]?.[2] ?? {};
	return Object.keys({ ...dependencies, ...peerDependencies })
		.filter((need) => lock.packages[need] !== undefined && !leftOut.includes(need))
		.toSorted();
}

function nameAndVersion(lock: Lock, name: string): [name: string, version: string] {
	const id = lock.packages[name]?.[0] ?? name;
	const at = id.lastIndexOf("@");
	return [id.slice(0, at), id.slice(at + 1)];
}

function purlOf(name: string, version: string): string {
	return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function packageComponent(lock: Lock, key: string): Component {
	const [name, version] = nameAndVersion(lock, key);
	const purl = purlOf(name, version);
	const [algorithm, checksum = ""] = (lock.packages[key]?.[3] ?? "").split(/-(.*)/s);
	const license = licenseOf(name);
	return {
		type: "library",
		"bom-ref": purl,
		name,
		version,
		purl,
		...(algorithm === "sha512" && {
			hashes: [{ alg: "SHA-512" as const, content: Buffer.from(checksum, "base64").toString("hex") }],
		}),
		...(license !== null && {
			licenses: /[ ()]/.test(license) ? [{ expression: license }] : [{ license: { id: license } }],
		}),
	};
}

function licenseOf(name: string): string | null {
	const path = join(root, "node_modules", name, "package.json");
	if (!existsSync(path)) return null;
	const { license } = JSON.parse(readFileSync(path, "utf8"));
	return typeof license === "string" ? license : null;
}

/** Bun, and what it says that it is made of. Its own licence is MIT; WebKit in it is LGPL-2.1. */
function runtimeComponents(): Component[] {
	const bun: Component = {
		type: "platform",
		"bom-ref": "bun",
		name: "bun",
		version: Bun.version,
		purl: `pkg:github/oven-sh/bun@bun-v${Bun.version}`,
		licenses: [{ license: { id: "MIT" } }],
	};
	// Not parts, but what it claims to be compatible with.
	const claims = ["bun", "node", "modules", "napi", "v8", "uv", "openssl", "unicode"];
	const parts = Object.entries(process.versions)
		.flatMap(([name, version]): [string, string][] => (version === undefined ? [] : [[name, version]]))
		.filter(([name]) => !claims.includes(name));
	return [
		bun,
		...parts
			.toSorted(([a], [b]) => (a < b ? -1 : 1))
			.map(([name, version]): Component => ({ type: "library", "bom-ref": `bun/${name}`, name, version })),
	];
}
