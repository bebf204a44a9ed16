// What axe-core finds on a page, as lines of text: none is wanted.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

const axe = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");

type Axe = { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };

export async function violations(page: Page): Promise<string[]> {
	await page.evaluate(axe);
	return page.evaluate(async () => {
		const { violations } = await (window as unknown as { axe: Axe }).axe.run();
		return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
	});
}
