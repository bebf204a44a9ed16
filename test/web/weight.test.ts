// What a browser has to fetch, in bytes over the wire.
import { expect, test } from "bun:test";
import { assets } from "#assets";
import { decimal } from "../../src/units.ts";
import { overviewPage } from "../../src/web/pages/overview.ts";
import { sampleOverview } from "./pages/sample-overview.ts";

const stored = new Map(assets.map((asset) => [asset.name, Buffer.from(asset.base64, "base64").length]));
const page = Bun.gzipSync(overviewPage(sampleOverview(), { theme: "auto", units: decimal }).text).length;
const sum = (...names: string[]) => names.reduce((bytes, name) => bytes + (stored.get(name) ?? Number.NaN), page);

// The scripts are deferred: the first picture is drawn from the page and its style alone.
test("what is needed before the first picture is at most 25 KB", () => {
	const { text } = overviewPage(sampleOverview(), { theme: "auto", units: decimal });
	for (const [tag] of text.matchAll(/<script [^>]*src=[^>]*>/g)) expect(tag).toMatch(/ (?:defer|async|type="module")/);
	expect(sum("app.css")).toBeLessThanOrEqual(25 * 1024);
});

test("everything together is at most 110 KB", () => {
	expect(sum("app.css", "app.js", "charts.js", "favicon.svg")).toBeLessThanOrEqual(110 * 1024);
});
