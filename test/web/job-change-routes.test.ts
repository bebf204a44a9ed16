// Renaming, merging and deleting a job by its page: asked first, without a script, from our own origin alone.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTokens } from "../../src/web/tokens.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { openApp, type TestApp } from "./app.ts";

let opened: TestApp;
let dataDir: string;

beforeEach(async () => {
	dataDir = makeFolder();
	writeFileSync(
		join(dataDir, "metrics.jsonl"),
		someLines(0, 12, { job: "photos" }) +
			someLines(0, 3, { job: "old photos", host: "pi4", size_bytes: 5 }) +
			aLine(0, { job: "<b>x</b>" }),
	);
	opened = await openApp(dataDir, Date.now, { RETENTION_DAYS: "36500" });
});
afterAll(cleanUp);

const own = { origin: "http://localhost:5001", "sec-fetch-site": "same-origin" };

async function post(
	path: string,
	fields: Record<string, string>,
	headers: Record<string, string> = own,
): Promise<Response> {
	return opened.app.fetch(
		new Request(`http://localhost:5001${path}`, {
			method: "POST",
			headers: { host: "localhost:5001", "content-type": "application/x-www-form-urlencoded", ...headers },
			body: new URLSearchParams(fields).toString(),
		}),
	);
}

const text = async (path: string) => (await opened.get(path)).text();
const slugs = async () =>
	((await (await opened.get("/api/jobs")).json()) as { jobs: { slug: string }[] }).jobs
		.map(({ slug }) => slug)
		.toSorted();

/** The form of the page that does something, as a browser would send it. */
function formOf(page: string): { action: string; fields: Record<string, string> } {
	const [, action = "", body = ""] =
		/<form class="change-form" method="post" action="(\/jobs\/[^"]+)">([\s\S]*?)<\/form>/.exec(page) ?? [];
	const fields = [...body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
	return { action, fields: Object.fromEntries(fields.map(([, name, value]) => [name, value])) };
}

describe("each change is asked about first, with what it does", () => {
	test("a rename, whose old address and name lead to the new one", async () => {
		expect(await text("/jobs/photos")).toContain('href="/jobs/photos/change"');
		const page = await text("/jobs/photos/change?do=rename&to=Family+photos");
		expect(page).toContain("Rename photos to Family photos?");
		expect(page).toMatch(/Its 12\srun.*stay with it/s);
		const { action, fields } = formOf(page);
		const done = await post(action, fields);
		expect([done.status, done.headers.get("location")]).toEqual([303, "/jobs/family-photos"]);
		expect(await slugs()).toEqual(["b-x-b", "family-photos", "old-photos"]);
		const moved = await opened.get("/jobs/photos");
		expect([moved.status, moved.headers.get("location")]).toEqual([303, "/jobs/family-photos"]);
		expect(await text("/jobs/family-photos/change")).toContain("Reports of <bdi>photos</bdi> belong to this job too");
		const former = [{ job: "photos", host: "", slug: "photos" }];
		expect(await (await opened.get("/api/jobs/photos")).json()).toMatchObject({ job: "Family photos", former });
		const { jobs } = (await (await opened.get("/api/jobs")).json()) as { jobs: { slug: string; former: unknown[] }[] };
		expect(jobs.map((one) => [one.slug, one.former]).toSorted()).toEqual([
			["b-x-b", []],
			["family-photos", former],
			["old-photos", []],
		]);
	});

	test("a merge, with what both have", async () => {
		const page = await text("/jobs/old-photos/change?do=merge&into=photos");
		expect(page).toContain("Merge old photos on pi4 into photos?");
		expect(page).toMatch(/Its 3\sruns.*which has 12\sruns.*cannot be taken apart again/s);
		const { action, fields } = formOf(page);
		const done = await post(action, fields);
		expect([done.status, done.headers.get("location")]).toEqual([303, "/jobs/photos"]);
		expect(await slugs()).toEqual(["b-x-b", "photos"]);
	});

	test("a deletion, that undoes nothing of others", async () => {
		const page = await text("/jobs/photos/change?do=delete");
		expect(page).toContain("Delete photos?");
		expect(page).toMatch(/Its 12\sruns.*are gone.*cannot be undone/s);
		const { action, fields } = formOf(page);
		const done = await post(action, fields);
		expect([done.status, done.headers.get("location")]).toEqual([303, "/"]);
		expect(await slugs()).toEqual(["b-x-b", "old-photos"]);
		expect((await opened.get("/jobs/photos")).status).toBe(404);
	});
});

test("asking changes nothing, and a form without the word that it is meant neither", async () => {
	for (const path of ["?do=rename&to=x", "?do=merge&into=photos", "?do=delete", "?do=nonsense", ""])
		expect([path, (await opened.get(`/jobs/old-photos/change${path}`)).status]).toEqual([path, 200]);
	const bare = await post("/jobs/photos/delete", {});
	expect([bare.status, await bare.json()]).toEqual([422, { error: "Say that it is meant: confirm=yes" }]);
	expect(await slugs()).toEqual(["b-x-b", "old-photos", "photos"]);
});

test("another site's page is refused, also with everything filled in", async () => {
	for (const verb of ["rename", "merge", "delete"]) {
		const fields = { to: "x", into: "old-photos", confirm: "yes" };
		const foreign = await post(`/jobs/photos/${verb}`, fields, {
			origin: "http://evil.example",
			"sec-fetch-site": "cross-site",
		});
		expect([verb, foreign.status]).toEqual([verb, 403]);
	}
	expect(await slugs()).toEqual(["b-x-b", "old-photos", "photos"]);
});

test("what cannot be done is said: on the page, and to a shell with its status", async () => {
	const page = await opened.get("/jobs/photos/change?do=rename&to=old+photos");
	// Another host's job has that name: that is no hindrance.
	expect(page.status).toBe(200);
	const taken = await post("/jobs/photos/rename", { to: "<b>x</b>", confirm: "yes", path: "/jobs/photos/change" });
	expect(taken.status).toBe(422);
	expect(await taken.text()).toContain("There is a job &lt;b&gt;x&lt;/b&gt; already");
	const wrong: [string, Record<string, string>, number, string][] = [
		["/jobs/photos/rename", { to: "" }, 422, "1 to 64 characters"],
		["/jobs/photos/rename", { to: "<b>x</b>" }, 409, "merge photos into b-x-b"],
		["/jobs/photos/merge", { into: "photos" }, 422, "into itself"],
		["/jobs/photos/merge", { into: "nobody" }, 404, "nobody"],
		["/jobs/nobody/delete", {}, 404, "No job has this name"],
	];
	for (const [path, fields, status, said] of wrong) {
		const response = await post(path, { ...fields, confirm: "yes" }, {});
		const { error } = (await response.json()) as { error: string };
		expect([path, fields, response.status, error]).toEqual([path, fields, status, expect.stringContaining(said)]);
	}
	expect((await opened.get("/jobs/nobody/change")).status).toBe(404);
});

test("the addresses and tokens that a job had before it was renamed go on to be taken, and make no other job", async () => {
	const tokens = readTokens(opened.monitor.config);
	const before = { name: "old photos", host: "pi4" };
	await post("/jobs/old-photos/rename", { to: "album", confirm: "yes" });
	const send = (path: string, body?: string) =>
		opened.app.fetch(
			new Request(`http://localhost:5001${path}`, {
				method: body === undefined ? "GET" : "POST",
				headers: { host: "localhost:5001", authorization: `Bearer ${tokens.token}` },
				...(body !== undefined && { body }),
			}),
		);
	const roads: [string, string?][] = [
		[`/ping/${tokens.uuidOf(before)}`],
		[`/ping/${tokens.token}/old-photos`],
		[`/api/push/${tokens.kumaTokenOf(before)}?status=up`],
		["/api/jobs/old-photos/runs", aLine(50, { job: "old photos", host: "pi4" })],
		["/api/runs", aLine(51, { job: "old photos", host: "pi4" })],
		[`/ping/${tokens.uuidOf({ name: "album", host: "pi4" })}`],
	];
	for (const [path, body] of roads) expect([path, (await send(path, body)).status]).toEqual([path, 200]);
	expect(await slugs()).toEqual(["album", "b-x-b", "photos"]);
	const { runs } = (await (await opened.get("/api/runs?job=album&limit=100")).json()) as { runs: unknown[] };
	expect(runs.length).toBe(3 + roads.length);
});
