// Who gets a piece of the page, and who the whole.
import { expect, test } from "bun:test";
import { wantsFragment } from "../../src/web/fragment.ts";

const asked: [string, Record<string, string>, boolean][] = [
	["a browser", {}, false],
	["htmx, for a region", { "HX-Request": "true", "HX-Request-Type": "partial" }, true],
	["htmx, for the body", { "HX-Request": "true", "HX-Request-Type": "full" }, false],
	[
		"htmx, going back",
		{ "HX-Request": "true", "HX-Request-Type": "partial", "HX-History-Restore-Request": "true" },
		false,
	],
];

test.each(asked)("%s", (_who, headers, isFragment) => {
	expect(wantsFragment(new Headers(headers))).toBe(isFragment);
});
