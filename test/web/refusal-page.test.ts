// What is refused: a page for people, JSON for programs, with the same words and the same status.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cleanUp, makeFolder } from "../binary.ts";
import { openApp, type TestApp } from "./app.ts";

const browser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
let lab: TestApp;

beforeAll(async () => {
	lab = await openApp(makeFolder(), () => Date.UTC(2026, 10, 23));
});

afterAll(async () => {
	await lab.monitor.stop();
	await cleanUp();
});

test("an address that is none is a page with a way back, in the reader's theme", async () => {
	const answer = await lab.get("/nothing", { ...browser, cookie: "theme=dark" });
	expect(answer.status).toBe(404);
	expect(answer.headers.get("content-type")).toStartWith("text/html");
	expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
	const text = await answer.text();
	expect(text).toContain("There is nothing here</h1>");
	expect(text).toContain("There is nothing at this address.");
	expect(text).toContain('data-theme="dark"');
	expect(text).toContain('class="button" href="/"');
	expect(text).toContain('name="path" value="/nothing"');
});

test("what was asked for is text in it, whatever it is", async () => {
	const answer = await lab.get("/%3Cimg%20src=x%20onerror=alert(1)%3E/<svg>", browser);
	const text = await answer.text();
	expect(text).not.toContain("<svg>/");
	expect(text).not.toContain("<img");
});

test("programs and htmx get JSON as before", async () => {
	const asked: [string, Record<string, string>][] = [
		["/nothing", {}],
		["/nothing", { accept: "*/*" }],
		["/nothing", { ...browser, "hx-request": "true" }],
		["/api/nothing", browser],
		["/ping/nobody/nothing/1/2/3", browser],
	];
	for (const [path, headers] of asked) {
		const answer = await lab.get(path, headers);
		expect(answer.status).toBe(404);
		expect(answer.headers.get("content-type")).not.toContain("html");
	}
});

test("a form of another site and a wrong method are refused in words, with their headers", async () => {
	const foreign = await lab.get("/theme", { ...browser, "sec-fetch-site": "cross-site" }, "POST");
	expect(foreign.status).toBe(403);
	expect(await foreign.text()).toContain("not from other sites");
	const method = await lab.get("/theme", browser);
	expect(method.status).toBe(405);
	expect(method.headers.get("allow")).toBe("POST");
	expect(await method.text()).toContain("This address takes POST.");
});

test("a name that is not ours is told how to become one", async () => {
	const answer = await lab.get("/", { ...browser, host: "backup.example.org" });
	expect(answer.status).toBe(421);
	expect(await answer.text()).toContain("ALLOWED_HOSTS=backup.example.org");
});
