// `bun run pictures`: the pictures of the documentation, taken from the built program with its sample data.
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContextOptions, chromium } from "playwright-core";

const root = join(import.meta.dir, "..");
const binary = process.env.MONITOR_BINARY ?? join(root, "dist/backup-monitor");
const folder = join(root, "docs/pictures");
/** So that a page of the documentation stays light. */
const largest = 150_000;

type Picture = { name: string; path: string } & BrowserContextOptions;

const wide = { viewport: { width: 1280, height: 720 } };
const phone = { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1.5 };

if (!existsSync(binary)) throw new Error(`${binary} is missing: bun run build`);
const place = mkdtempSync(join(tmpdir(), "pictures-"));
const demo = Bun.spawn([binary, "demo", "--port", "0", "--host", "127.0.0.1"], {
	env: { PATH: process.env.PATH, TZ: "Europe/Berlin", TMPDIR: place },
	stdio: ["ignore", "ignore", "pipe"],
});
try {
	const url = await addressOf(demo);
	mkdirSync(folder, { recursive: true });
	for (const picture of await picturesOf(url)) await take(url, picture);
} finally {
	demo.kill("SIGTERM");
	await demo.exited;
	rmSync(place, { recursive: true, force: true });
}

/** Once it has read its runs and the listings of the remotes. */
async function addressOf({ stderr }: Bun.Subprocess<"ignore", "ignore", "pipe">): Promise<string> {
	let said = "";
	for await (const chunk of stderr) {
		said += new TextDecoder().decode(chunk);
		const url = /serves (http:\/\/\S+) /.exec(said)?.[1];
		if (url === undefined) continue;
		for (let i = 0; i < 300; i++) {
			const { jobs } = (await (await fetch(`${url}/api/jobs`)).json()) as {
				jobs: { ladder: { present: { state: string } } }[];
			};
			if (jobs.filter(({ ladder }) => ladder.present.state === "ok").length >= 3) return url;
			await Bun.sleep(100);
		}
	}
	throw new Error(`The demo did not come up: ${said}`);
}

async function picturesOf(url: string): Promise<Picture[]> {
	const { runs } = (await (await fetch(`${url}/api/runs?outcome=failure&limit=1`)).json()) as {
		runs: { id: number }[];
	};
	return [
		{ name: "overview-light", path: "/", ...wide, colorScheme: "light" },
		{ name: "overview-dark", path: "/", ...wide, colorScheme: "dark" },
		{ name: "overview-phone", path: "/", ...phone, colorScheme: "light" },
		{ name: "job", path: "/jobs/docker-volumes", ...wide, colorScheme: "light" },
		{ name: "run", path: `/runs/${runs[0]?.id}`, ...wide, colorScheme: "dark" },
		{ name: "restore", path: "/restore", ...wide, colorScheme: "light" },
	];
}

async function take(url: string, { name, path, ...options }: Picture): Promise<void> {
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
		env: { ...process.env, ...fonts() },
	});
	try {
		const page = await (await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...options })).newPage();
		await page.goto(url + path);
		if ((await page.locator("canvas").count()) > 0) await page.waitForSelector("html[data-charts=drawn]");
		const file = join(folder, `${name}.png`);
		await page.screenshot({ path: file });
		const { size } = statSync(file);
		console.log(`${file}: ${Math.round(size / 1000)} kB`);
		if (size > largest) throw new Error(`${file} is larger than ${largest / 1000} kB`);
	} finally {
		await browser.close();
	}
}

/** A system's own font is what readers see; here Inter stands for it where it is installed (Debian: fonts-inter). */
function fonts(): Record<string, string> {
	const inter = "/usr/share/fonts/opentype/inter";
	if (!existsSync(inter)) return {};
	const file = join(place, "fonts.conf");
	const stands = (family: string, by: string) =>
		`<match target="pattern"><test qual="any" name="family"><string>${family}</string></test><edit name="family" mode="assign" binding="strong"><string>${by}</string></edit></match>`;
	writeFileSync(
		file,
		`<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig><dir>/usr/share/fonts</dir><cachedir>${place}</cachedir>${stands("system-ui", "Inter")}${stands("ui-monospace", "DejaVu Sans Mono")}</fontconfig>`,
	);
	return { FONTCONFIG_FILE: file };
}
