// What axe-core finds on a page, as lines of text: none is wanted.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

const axe = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");

type Axe = { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };

/** Rows that come in portions have no cells for anybody before their turn, and none would be looked at. */
async function portionsLaidOut(): Promise<void> {
	const portions = document
		.getAnimations()
		.filter((one) => one instanceof CSSAnimation && one.animationName === "later");
	await Promise.allSettled(portions.map(({ finished }) => finished));
}

export async function violations(page: Page): Promise<string[]> {
	await page.evaluate(axe);
	await page.evaluate(portionsLaidOut);
	return page.evaluate(async () => {
		const { violations } = await (window as unknown as { axe: Axe }).axe.run();
		return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
	});
}
