// The page of all runs: what its filters find and hide, its pages, its files, and what it says when there is nothing.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cleanUp } from "../../binary.ts";
import { labLines, night, openRunLab, type RunLab } from "./run-lab.ts";

let lab: RunLab;
const evil = `</script><img src=x onerror="window.__pwn=1">`;

beforeAll(async () => {
	const odd = night("evil", 31, { job: evil, host: evil, backup_id: "evil", success: false, error_message: evil });
	lab = await openRunLab([odd, ...labLines()]);
});

afterAll(async () => {
	await lab.close();
	await cleanUp();
});

async function show(path: string, headers: Record<string, string> = {}): Promise<string> {
	const answer = await lab.get(path, headers);
	expect(answer.status).toBe(200);
	return (await answer.text()).replaceAll("\u00a0", " ");
}

function words(text: string): string {
	return text
		.replace(/<[^>]+>/g, " ")
		.replace(/\s+/g, " ")
		.trim();
}

const idsIn = (text: string) =>
	[...text.matchAll(/<td role="cell" class="c-id end"><code><bdi>(.*?)<\/bdi>/g)].map(([, id = ""]) => words(id));
const found = (text: string) => words(/<p class="run-sub" id="found".*?<\/p>/s.exec(text)?.[0] ?? "");
const box = (text: string) => words(/<div class="box">.*?<\/div>/s.exec(text)?.[0] ?? "");

describe("what is shown", () => {
	test("every run, newest first, by day, each with a link, its reason or its phases", async () => {
		const text = await show("/runs");
		expect(found(text)).toBe("126 runs kept, newest first");
		expect(idsIn(text)).toHaveLength(50);
		expect(idsIn(text)[0]).toBe("media-now");
		expect([...text.matchAll(/scope="rowgroup"[^>]*>(.*?)<\/th>/g)].slice(0, 3).map(([, day]) => day)).toEqual([
			"today, 24 Nov",
			"yesterday, 23 Nov",
			"Sun 22 Nov",
		]);
		expect(text).toContain(`<a href="/runs/${lab.idOf("media-now")}">`);
		expect(text).toContain('<span class="reason"><bdi>rclone: dial tcp 203.0.113.9:443: i/o timeout</bdi></span>');
		expect(text).toContain("snapshot 7 s, archive ");
	});

	test("a day is named once, in every locale", async () => {
		for (const locale of ["en-US", "en-GB", "de", "fr", "ja"]) {
			const answer = await lab.get("/runs", { "accept-language": locale });
			const days = [...(await answer.text()).matchAll(/scope="rowgroup"[^>]*>(.*?)<\/th>/g)].map(
				([, day]) => day ?? "",
			);
			for (const day of days) {
				const numbers = day.match(/\d+/g) ?? [];
				expect([locale, day, new Set(numbers).size]).toEqual([locale, day, numbers.length]);
			}
		}
	});

	test.each([
		["?job=mail&kind=check", "5 of 126 runs", ["check-0", "check-7", "check-14", "check-21", "check-28"]],
		["?outcome=failure&host=db01", "2 of 126 runs", ["postgres-dump-0", "postgres-dump-9"]],
		["?outcome=running", "1 of 126 runs", ["media-now"]],
		["?q=TIMEOUT", "2 of 126 runs", ["postgres-dump-0", "postgres-dump-9"]],
		["?from=2026-11-24&to=2026-11-24&job=mail", "2 of 126 runs", ["check-0", "mail-0"]],
		["?to=2026-10-26&job=docker-volumes", "1 of 126 runs", ["docker-volumes-29"]],
		["?label=place%3Dattic&from=2026-11-23", "2 of 126 runs", ["docker-volumes-0", "docker-volumes-1"]],
		["?label=tier&to=2026-10-26", "1 of 126 runs", ["docker-volumes-29"]],
	])("%s finds %s", async (query, count, ids) => {
		const text = await show(`/runs${query}`);
		expect(found(text)).toBe(count);
		expect(idsIn(text)).toEqual(ids);
	});

	test("where the text was found is shown around it", async () => {
		expect(await show("/runs?q=timeout")).toContain("i/o <mark>timeout</mark>");
		expect(await show("/runs?q=Dumping")).toContain("<mark>dumping</mark> 14 databases");
	});

	test("what is filtered stands in the form and as words that can be taken back one by one", async () => {
		const text = await show("/runs?q=timeout&outcome=failure");
		expect(text).toContain('name="q" id="filter-q" value="timeout"');
		expect(text).toContain('value="failure" checked>');
		expect(text).toContain('<a class="chip" href="/runs?outcome=failure">');
		expect(text).toContain('<a class="chip" href="/runs?q=timeout">');
	});
});

describe("pages", () => {
	test("lead to older and back to newer over every run once", async () => {
		const seen: string[] = [];
		const back: string[] = [];
		let path: string | undefined = "/runs";
		let last = "";
		for (let n = 0; path !== undefined && n < 10; n++) {
			last = path;
			const text = await show(path);
			seen.push(...idsIn(text));
			path = /id="page-older" rel="next" href="([^"]+)"/.exec(text)?.[1];
		}
		expect(new Set(seen).size).toBe(126);
		expect(seen).toHaveLength(126);
		for (let at: string | undefined = last, n = 0; at !== undefined && n < 10; n++) {
			const text = await show(at);
			back.unshift(...idsIn(text));
			at = /id="page-newer" rel="prev" href="([^"]+)"/.exec(text)?.[1];
		}
		// The first page is whole again, so what stands on it and on the second is met twice.
		expect([...new Set(back)]).toEqual(seen);
	});

	test("keep the filter, and a refresh asks for the same page", async () => {
		const first = await show("/runs?kind=backup");
		const older = /id="page-older" rel="next" href="([^"]+)"/.exec(first)?.[1] ?? "";
		expect(older).toStartWith("/runs?kind=backup&amp;older=");
		const second = await show(older.replace("&amp;", "&"));
		expect(second).toContain(`hx-get="${older}"`);
	});

	test("a cursor that is none is the first page", async () => {
		expect(idsIn(await show("/runs?older=nonsense%27"))[0]).toBe("media-now");
	});
});

test("files hold exactly what is shown, with days as instants of the zone", async () => {
	const text = await show("/runs?job=mail&q=mail&label=a%3Db&from=2026-11-01&to=2026-11-24");
	expect(text).not.toContain("download href");
	const good = await show("/runs?job=mail&from=2026-11-01&to=2026-11-24");
	const query = "?job=mail&amp;since=2026-11-01T00%3A00%3A00%2B01%3A00&amp;until=2026-11-25T00%3A00%3A00%2B01%3A00";
	expect(good).toContain(`download href="/api/runs.csv${query}"`);
	expect(good).toContain(`download href="/api/runs.jsonl${query}"`);
});

describe("when nothing is found", () => {
	test("it says how many runs are hidden, and offers to clear", async () => {
		const text = await show("/runs?q=posgres");
		expect(box(text)).toBe("No run matches “ posgres ” 126 runs are hidden by this filter. Clear all filters");
		expect(box(await show("/runs?q=posgres&kind=prune"))).toContain("hidden by these 2 filters");
	});

	test.each([
		["?outcome=bad", "bad", "It is not one of success, warning, failure, running."],
		["?kind=%3Cimg%3E", "img", "It is not one of backup"],
		["?job=nobody", "nobody", "No job has this name."],
		["?from=2026-02-30", "2026-02-30", "It is not a day such as 2026-01-31."],
		["?from=2026-02-02&to=2026-02-01", "2026-02-01", "It lies before the first day."],
		["?label=%3Dx", "=x", "A label has a name"],
	])("%s is not left out but said", async (query, value, reason) => {
		const text = await show(`/runs${query}`);
		expect(idsIn(text)).toEqual([]);
		expect(box(text)).toContain(value);
		expect(box(text)).toContain(reason);
		expect(text).not.toContain("<img");
	});

	test("before the first run it leads to the setup", async () => {
		const empty = await openRunLab([]);
		const text = await (await empty.get("/runs")).text();
		expect(box(text)).toContain("No run yet");
		expect(text).toContain('href="/setup"');
		await empty.close();
	});

	test("while the database is closed both pages say that, and the run's asks again", async () => {
		const closed = await openRunLab([night("a", 1)]);
		await closed.close();
		const list = await closed.get("/runs");
		expect(list.status).toBe(200);
		expect(box(await list.text())).toStartWith("Runs cannot be shown");
		const one = await closed.get("/runs/1");
		expect(one.status).toBe(503);
		const text = await one.text();
		expect(box(text)).toStartWith("The run cannot be shown");
		expect(text).toContain('hx-get="/runs/1"');
		expect((await closed.get("/runs/1/report")).status).toBe(404);
	});
});

describe("the page", () => {
	test("stays inside its policy, gives every id once, and shows what was sent as text", async () => {
		for (const path of ["/runs", `/runs?q=${encodeURIComponent(evil)}`, `/runs?host=${encodeURIComponent(evil)}`]) {
			const text = await show(path);
			expect(text).not.toMatch(/\sstyle=|<style|<img|\bhx-on|https?:\/\//i);
			for (const [, body] of text.matchAll(/<script[^>]*>(.*?)<\/script>/gs)) expect(body).toBe("");
			const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map(([, name]) => name);
			expect(ids.filter((name, i) => ids.indexOf(name) !== i)).toEqual([]);
		}
	});

	test("works as a plain form: empty fields are left out of the address", async () => {
		const answer = await lab.get("/runs?q=&job=mail&kind=&outcome=&label=&from=&to=");
		expect(answer.status).toBe(303);
		expect(answer.headers.get("location")).toBe("/runs?job=mail");
	});

	test("tells htmx the short address: a choice is a step back, typing on is none", async () => {
		const ask = async (query: string, from: string) => {
			const answer = await lab.get(query, {
				"hx-request": "true",
				"hx-source": "form#filter",
				"hx-current-url": `http://localhost:5001${from}`,
			});
			return [answer.headers.get("hx-push-url"), answer.headers.get("hx-replace-url")];
		};
		expect(await ask("/runs?q=&job=mail&kind=", "/runs")).toEqual(["/runs?job=mail", null]);
		expect(await ask("/runs?q=t", "/runs")).toEqual(["/runs?q=t", null]);
		expect(await ask("/runs?q=ti", "/runs?q=t")).toEqual([null, "/runs?q=ti"]);
		expect(await ask("/runs?q=ti", "/runs?q=ti")).toEqual([null, "/runs?q=ti"]);
		expect(await ask("/runs?q=", "/runs?q=t")).toEqual(["/runs", null]);
	});

	test("is answered with a tag and 304, and as a fragment to htmx", async () => {
		const first = await lab.get("/runs?job=mail");
		const etag = first.headers.get("etag") ?? "";
		expect((await lab.get("/runs?job=mail", { "if-none-match": etag })).status).toBe(304);
		const fragment = await (await lab.get("/runs?job=mail", { "hx-request": "true" })).text();
		expect(await first.text()).toContain(fragment.slice(fragment.indexOf("<div")));
	});
});
