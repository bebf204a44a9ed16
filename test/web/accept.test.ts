// What a client gets that says what it likes.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { preferred } from "../../src/web/accept.ts";
import { openMetricsType as om, textType as text } from "../../src/web/exposition.ts";

const json = "application/json";

test.each<[string, string | null, string]>([
	["says nothing", null, json],
	["takes anything (curl, fetch)", "*/*", json],
	["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", json],
	["axios", "application/json, text/plain, */*", json],
	["asks for JSON", "application/json", json],
	["asks for plain text", "text/plain", text],
	["asks for the text format", "text/plain;version=0.0.4", text],
	["asks for it with more", 'text/plain; version="0.0.4"; charset=utf-8', text],
	["asks for text of another version", "text/plain;version=0.0.5", json],
	["takes any text", "text/*", text],
	["asks for OpenMetrics", "application/openmetrics-text", om],
	["OpenMetrics of a version there is not", "application/openmetrics-text;version=9.0.0", json],
	["prefers text to OpenMetrics", "application/openmetrics-text;q=0.3,text/plain;q=0.7", text],
	["prefers JSON to both", "application/openmetrics-text;q=0.3,text/plain;q=0.7,application/json;q=0.9", json],
	["likes both alike: the first offered", "text/plain,application/openmetrics-text", text],
	["a weight of zero is a refusal", "text/plain;q=0,*/*;q=0.1", json],
	["the more exact range counts", "*/*;q=0.9,text/plain;q=0.1,application/json;q=0.5", om],
	["a weight that is none", "text/plain;q=high", json],
	["fits nothing", "image/png", json],
	["empty", "", json],
	["capitals", "TEXT/PLAIN;VERSION=0.0.4;Q=0.5", text],
	[
		"Prometheus 3",
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		om,
	],
	["VictoriaMetrics", "text/plain;version=0.0.4;q=1,*/*;q=0.1", text],
])("%s", (_who, accept, form) => {
	expect(preferred(accept, [json, text, om])).toBe(form);
});

test.each(["2.42.0", "2.53.3"])("Prometheus %s, as it really asked: OpenMetrics, by either address", (version) => {
	const path = join(import.meta.dir, `../fixtures/prometheus/${version}-scrape.requests.jsonl`);
	for (const line of readFileSync(path, "utf8").trim().split("\n")) {
		const headers = new Headers(JSON.parse(line).headers);
		expect(preferred(headers.get("accept"), [json, text, om])).toBe(om);
		expect(preferred(headers.get("accept"), [text, om])).toBe(om);
	}
});
