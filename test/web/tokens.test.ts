// Every pair of colours that meets on the page can be told apart, in both themes.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

const css = readFileSync(`${import.meta.dir}/../../public/css/tokens.css`, "utf8");
const tokens = new Map<string, [light: string, dark: string]>();
for (const [, name, light, dark] of css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)) {
	if (name && light && dark) tokens.set(name, [light, dark]);
}
tokens.set("on-accent", ["#ffffff", "#ffffff"]);

function luminance(colour: string): number {
	const channel = (at: number) => {
		const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
		return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
	};
	return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string, theme: 0 | 1): number {
	const [one, two] = [tokens.get(a), tokens.get(b)];
	if (!one || !two) throw new Error(`No token ${one ? b : a}`);
	const [light, dark] = [luminance(one[theme]), luminance(two[theme])].sort((x, y) => y - x);
	return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

const states = ["ok", "failed", "warning", "running", "idle"];
const texts: [string, string][] = [
	...["text", "text-2", "text-3"].flatMap((text): [string, string][] =>
		["bg", "surface", "sunken", "hover"].map((on) => [text, on]),
	),
	...states.flatMap((state): [string, string][] => [
		[state, "surface"],
		[state, `${state}-soft`],
		["text", `${state}-soft`],
		["text-2", `${state}-soft`],
	]),
	["accent", "surface"],
	["accent", "accent-soft"],
	["on-accent", "accent-solid"],
];
const marks: [string, string][] = [
	...states.map((state): [string, string] => [`${state}-mark`, "surface"]),
	["control", "surface"],
	["focus", "bg"],
	...[1, 2, 3, 4, 5, 6].map((hue): [string, string] => [`hue-${hue}`, "surface"]),
];

describe.each(["light", "dark"] as const)("in the %s theme", (name) => {
	const theme = name === "light" ? 0 : 1;
	test.each(texts)("%s can be read on %s", (text, ground) => {
		expect(contrast(text, ground, theme)).toBeGreaterThanOrEqual(4.5);
	});
	test.each(marks)("the mark %s stands out on %s", (mark, ground) => {
		expect(contrast(mark, ground, theme)).toBeGreaterThanOrEqual(3);
	});
});
