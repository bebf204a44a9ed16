// `bun run release`: the same bytes from two runs in two folders, sums that fit, and a list of what is inside.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json";
import { release } from "../../scripts/release.ts";
import { formatSbom } from "../../scripts/sbom.ts";
import { isHard } from "../binary.ts";
import { createBuilder } from "./image.ts";

const dir = mkdtempSync(join(tmpdir(), "release-"));
afterAll(() => rmSync(dir, { recursive: true }));
const { version } = packageJson;
const origin = { commit: "0123456789ab", epoch: 1_790_000_000 };
const isRoot = process.getuid?.() === 0;
let names: string[] = [];
let sums = "";

// xz packs for minutes, and images need a stand-in of their bases: only in the long version.
const compression = isHard ? "xz" : "none";

beforeAll(async () => {
	mkdirSync(join(dir, "one"));
	// What lay there before is gone.
	writeFileSync(join(dir, "one/old.deb"), "");
	names = await release({ folder: join(dir, "one"), ...origin, compression, images: null });
	sums = readFileSync(join(dir, "one/SHA256SUMS"), "utf8");
}, 1_200_000);

test("everything that is published is there, and nothing else", () => {
	const tar = isHard ? ".tar.xz" : ".tar";
	const expected = ["amd64", "arm64"].flatMap((architecture) => [
		`backup-monitor_${version}_${architecture}.deb`,
		`backup-monitor_${version}_linux-${architecture}${tar}`,
	]);
	expect(names).toEqual(["SHA256SUMS", `backup-monitor_${version}.cdx.json`, ...expected].toSorted());
	expect(Bun.spawnSync(["sha256sum", "--check", "--strict", "SHA256SUMS"], { cwd: join(dir, "one") }).exitCode).toBe(0);
	expect(sums.trim().split("\n").length).toBe(names.length - 1);
});

test("a second run in another folder gives the same bytes", async () => {
	await release({ folder: join(dir, "two/deeper"), ...origin, compression, images: null });
	expect(readFileSync(join(dir, "two/deeper/SHA256SUMS"), "utf8")).toBe(sums);
}, 1_200_000);

test("a failed run leaves the earlier one in its place", async () => {
	const options = ["--no-such-option"];
	const failing = release({
		folder: join(dir, "one"),
		...origin,
		compression: "none",
		images: { variants: ["scratch"], options },
	});
	await expect(failing).rejects.toThrow("buildah");
	expect(readFileSync(join(dir, "one/SHA256SUMS"), "utf8")).toBe(sums);
}, 60_000);

test("the bill of materials names what is bundled with its checksum and licence, and no tool of the developers", () => {
	const { components, metadata, specVersion } = JSON.parse(formatSbom({ version, ...origin }));
	expect(specVersion).toBe("1.5");
	expect(metadata.timestamp).toBe("2026-09-21T14:13:20.000Z");
	const found = new Map(components.map((component: { name: string }) => [component.name, component]));
	for (const name of Object.keys(packageJson.dependencies)) {
		expect(found.get(name)).toMatchObject({
			hashes: [{ alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) }],
			licenses: [{ license: { id: expect.any(String) } }],
		});
	}
	expect(found.get("bun")).toMatchObject({ version: Bun.version });
	expect([...found.keys()]).toContain("sqlite");
	for (const name of Object.keys(packageJson.devDependencies)) expect([...found.keys()]).not.toContain(name);
	const refs = components.map((component: Record<string, string>) => component["bom-ref"]);
	expect(new Set(refs).size).toBe(refs.length);
});

test.skipIf(!isHard || !isRoot)(
	"with images: an archive for each processor",
	async () => {
		const cache = Bun.spawnSync([process.execPath, "pm", "cache"]).stdout.toString().trim();
		const work = mkdtempSync(join(dir, "builder-"));
		const builder = createBuilder(work, join(cache, `bun-linux-aarch64-v${Bun.version}`));
		try {
			const images = { variants: ["scratch"] as "scratch"[], ...builder.place };
			const all = await release({ folder: join(dir, "all"), ...origin, compression: "none", images });
			const archives = all.filter((name) => name.endsWith(".oci.tar"));
			expect(archives).toEqual(["amd64", "arm64"].map((kind) => `backup-monitor_${version}_${kind}.oci.tar`));
		} finally {
			builder.remove();
		}
	},
	1_200_000,
);
