// The page Restore and its API, through their handlers: what is said, chosen, escaped and planned.
import { afterAll, expect, test } from "bun:test";
import { restoreOperation } from "../../src/web/restore-answers.ts";
import { deviations } from "./conforms.ts";
import { type Lab, openLab, sampleLab } from "./restore-lab.ts";

const labs: Lab[] = [];
afterAll(async () => {
	for (const lab of labs) await lab.close();
});

async function open(config = "") {
	const lab = await openLab(config);
	labs.push(lab);
	return lab;
}

async function sample(config = "") {
	const lab = await sampleLab(config);
	labs.push(lab);
	return lab;
}

test("one sentence for everything, a range, and that not all of it was tested", async () => {
	const { text } = await sample();
	const page = await text("/restore");
	expect(page).toContain("Everything back in ≈\u00a01\u00a0h one after the other, ≈\u00a047\u00a0min at once");
	expect(page).toContain("1 of 2\u00a0jobs tested");
	expect(page).toContain("Without 1\u00a0job of which nothing is known.");
	expect(page).toContain("from 1\u00a0drill, 12\u00a0d ago");
	expect(page).toContain("from backup speed, never tested");
	expect(page).toContain("Its size is not reported");
});

test("the drill stands beside what was said before it", async () => {
	const { text } = await sample();
	const page = await text("/restore");
	expect(page).toContain("1 of 1 within the range that was shown before them.");
	expect(page).toContain(
		"estimated 25\u00a0min (10\u00a0min to 1\u00a0h\u00a05\u00a0min), took 47\u00a0min\u00a01\u00a0s",
	);
});

test("jobs are chosen in the address, by slug or name, and only those are counted", async () => {
	const { text, json } = await sample();
	const page = await text("/restore?job=photos");
	expect(page).toContain("photos back in ≈\u00a047\u00a0min");
	expect(page).toMatch(/value="photos" checked/);
	expect(page).not.toMatch(/value="nas" checked/);
	expect(page).toContain('hx-get="/restore?job=photos"');
	expect(await json("/api/restore?job=nas")).toMatchObject({ jobs: [{ slug: "nas" }], serial: { seconds: 900 } });
	expect((await json("/api/restore?job=nowhere")).jobs).toHaveLength(3);
	expect(await text("/restore?job=nas&job=photos")).toContain("2\u00a0jobs back in");
});

test("a target that is not met is said, in the row and above", async () => {
	const { text, json } = await sample("jobs:\n  photos: { rto: 30m, title: Photos to the NAS }\n");
	const page = await text("/restore");
	expect(page).toContain("1\u00a0job would take longer than the target.");
	expect(page).toContain("Photos to the NAS");
	expect(page).toContain('data-over="yes"');
	expect(await json("/api/restore")).toMatchObject({ over_target: ["photos"] });
});

test("the plan begins with what was never tried, each with its tool's command and this server's address", async () => {
	const { text, json } = await sample();
	const { plan } = await json("/api/restore");
	expect(plan).toEqual(["nas", "b-odd-b", "photos"]);
	const page = await text("/restore");
	expect(page).toContain("--kind restore_test --from borg --to http://pi4.lan:5001");
	expect(page).toContain("restic restore latest --json --target /var/tmp/drill-photos");
	expect(page).toContain("borg extract --dry-run</code> brings nothing back: it is no drill");
	expect(page).toContain("PUSH_TOKEN=PASTE-TOKEN-HERE");
});

test("names are escaped, nothing is inline, and the fragment is a piece of the page", async () => {
	const { get, text } = await sample();
	const response = await get("/restore");
	expect(response.headers.get("x-test")).toBe("yes");
	expect(response.headers.get("etag")).not.toBeNull();
	const page = await response.text();
	expect(page).not.toContain("<b>odd");
	expect(page).toContain("&lt;b&gt;odd&lt;/b&gt;");
	expect(page).not.toMatch(/ style="|<script>|javascript:| on[a-z]+="/);
	const fragment = await text("/restore", { "hx-request": "true" });
	expect(fragment).toStartWith("<title>");
	expect(page).toContain(fragment.slice(fragment.indexOf("<main"), fragment.indexOf("</main>")));
});

test("the API gives numbers, and null for what is not known", async () => {
	const { json } = await sample();
	const { jobs, accuracy, unknown, serial } = await json("/api/restore");
	expect(accuracy).toEqual({ estimated: 1, inside: 1 });
	expect(unknown).toEqual(["b-odd-b"]);
	expect(serial.low_seconds).toBeLessThan(serial.seconds);
	expect(jobs.find((job: { slug: string }) => job.slug === "photos")).toMatchObject({
		estimate: { seconds: 2821, size_bytes: 148e9, basis: "from 1\u00a0drill, 12\u00a0d ago" },
		target_seconds: null,
		restorable: "ok",
		drills: [{ seconds: 2821, is_inside: true, estimated: { seconds: 1500 } }],
	});
	expect(jobs.find((job: { slug: string }) => job.slug === "b-odd-b")).toMatchObject({ estimate: null, drills: [] });
});

test("without a job there is something to read, and nothing to choose", async () => {
	const { text, json } = await open();
	const page = await text("/restore");
	expect(page).toContain("Nothing to restore yet");
	expect(page).not.toContain('<form class="card restore-form"');
	expect(await json("/api/restore")).toMatchObject({ serial: null, jobs: [], plan: [] });
});

test("the API answers as it is described, with and without jobs", async () => {
	const schema = restoreOperation.answers[200]?.types["application/json"] ?? {};
	const { json } = await sample("jobs:\n  photos: { rto: 30m }\n");
	expect(deviations(await json("/api/restore"), schema)).toEqual([]);
	const { json: none } = await open();
	expect(deviations(await none("/api/restore"), schema)).toEqual([]);
});
