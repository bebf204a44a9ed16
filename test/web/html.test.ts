// What is interpolated into HTML stays data, wherever it stands.
import { describe, expect, test } from "bun:test";
import { html, json, raw } from "../../src/web/html.ts";

const evil = `"><img src=x onerror=alert(1)>'&`;

describe("the html tag", () => {
	test("escapes text and quoted attributes", () => {
		expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
			`<p title="${Bun.escapeHTML(evil)}">${Bun.escapeHTML(evil)}</p>`,
		);
		expect(html`<p>${evil}</p>`.text).not.toContain("<img");
	});

	test("keeps finished HTML, joins lists, leaves nothing of nothing", () => {
		expect(html`<ul>${["<", html`<li>${1}</li>`, [html`<b/>`]]}</ul>`.text).toBe("<ul>&lt;<li>1</li><b/></ul>");
		expect(html`[${null}${undefined}${false}${true}${0}${10n}${""}]`.text).toBe("[010]");
		expect(html`${raw("<svg/>")}`.text).toBe("<svg/>");
	});

	test("refuses an attribute value without quotes", () => {
		expect(() => html`<a class=${"x"}>`).toThrow("Put quotes");
		expect(() => html`<a id="${1}" class=${"x"}>`).toThrow("Put quotes");
		expect(html`<a href="/?job=${"a b"}">`.text).toBe('<a href="/?job=a b">');
	});

	test("takes only HTML between attributes", () => {
		const attribute: string = "onclick=alert(1)";
		expect(() => html`<a ${attribute}>`).toThrow("Between attributes");
		expect(html`<a${html` class="${evil}"`}${false}>`.text).toBe(`<a class="${Bun.escapeHTML(evil)}">`);
	});

	test("interpolates nothing into script or style", () => {
		expect(() => html`<script>${"1"}</script>`).toThrow("Nothing is interpolated");
		expect(() => html`<style>p{color:${"red"}}</style>`).toThrow("Nothing is interpolated");
		expect(html`<script src="${"/app.js"}"></script><p>${1}</p>`.text).toContain("<p>1</p>");
	});

	const urls: [string, string][] = [
		["/?job=a&range=7", "/?job=a&amp;range=7"],
		["#main", "#main"],
		["https://example.org/", "https://example.org/"],
		["javascript:alert(1)", "#refused"],
		[" javascript:alert(1)", "#refused"],
		["JaVaScRiPt:alert(1)", "#refused"],
		["data:text/html,x", "#refused"],
		["//evil.example", "#refused"],
		["/\\evil.example", "#refused"],
		["vbscript:x", "#refused"],
	];
	test.each(urls)("an address %p becomes %p", (url, written) => {
		expect(html`<a href="${url}">x</a>`.text).toBe(`<a href="${written}">x</a>`);
		expect(html`<form action="${url}" hx-get="${url}">`.text).toBe(`<form action="${written}" hx-get="${written}">`);
	});

	test("a data block cannot be ended by its data", () => {
		const text = json("d", { message: "</script><script>alert(1)</script><!--" }).text;
		expect(text.match(/<\//g)).toHaveLength(1);
		expect(JSON.parse(text.replace(/^<script[^>]*>|<\/script>$/g, ""))).toEqual({
			message: "</script><script>alert(1)</script><!--",
		});
	});
});
