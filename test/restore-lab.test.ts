// Several jobs: one after the other, and at once over the links they share.
import { expect, test } from "bun:test";
import type { Estimate } from "../src/restore.ts";
import { estimateLab, type LabJob, linkOf } from "../src/restore-lab.ts";
import { labSentence } from "../src/restore-words.ts";

function aJob(slug: string, bytes: number, throughput: number, about: Partial<LabJob> = {}): LabJob {
	const seconds = bytes / throughput;
	const basis = { from: "drills" as const, drills: 3, testedAt: 0 };
	const estimate: Estimate = { seconds, low: seconds / 2, high: seconds * 2, bytes, throughput, latency: 0, basis };
	return { slug, estimate, link: "nas", rto: null, ...about };
}

function lab(jobs: LabJob[], selection: string[] | null = null) {
	const made = estimateLab(jobs, selection === null ? null : new Set(selection));
	if (made === null) throw new Error("nothing is known");
	return made;
}

test("one after the other is the sum, and its range narrower than the sum of ranges", () => {
	const { serial } = lab([aJob("a", 1e9, 1e7), aJob("b", 3e9, 1e7)]);
	expect(serial.seconds).toBe(400);
	expect(serial.low).toBeGreaterThan(200);
	expect(serial.high).toBeLessThan(800);
	expect(serial.high).toBeGreaterThan(400 + 300);
});

test("at once over one link takes as long as the link needs for all bytes", () => {
	expect(lab([aJob("a", 1e9, 1e7), aJob("b", 1e9, 1e7)]).parallel.seconds).toBe(200);
	// The fast job shows what the link carries: while the slow one dawdles the rest is free.
	expect(lab([aJob("a", 1e9, 1e7), aJob("b", 1e9, 1e8)]).parallel.seconds).toBe(100);
});

test("over two links the slower of them counts", () => {
	const jobs = [aJob("a", 1e9, 1e7), aJob("b", 3e9, 1e7, { link: "cloud" }), aJob("c", 1e9, 1e7)];
	expect(lab(jobs).parallel.seconds).toBe(300);
	expect(lab(jobs).serial.seconds).toBe(500);
});

test("at once never takes longer than one after the other, nor less than the slowest", () => {
	const jobs = [aJob("a", 5e9, 3e7), aJob("b", 8e9, 9e6), aJob("c", 2e8, 6e7)];
	const { serial, parallel } = lab(jobs);
	expect(parallel.seconds).toBeLessThanOrEqual(serial.seconds);
	expect(parallel.seconds).toBeGreaterThanOrEqual(8e9 / 9e6);
	expect(parallel.low).toBeLessThanOrEqual(parallel.seconds);
	expect(parallel.high).toBeGreaterThanOrEqual(parallel.seconds);
});

test("only the chosen jobs count; what is not known is named, what is over its target too", () => {
	const jobs = [
		aJob("a", 1e9, 1e7, { rto: 90 }),
		aJob("b", 1e9, 1e7, { rto: 110 }),
		aJob("c", 0, 1, { estimate: null }),
	];
	expect(lab(jobs)).toMatchObject({ counted: ["a", "b"], unknown: ["c"], late: ["a"] });
	expect(lab(jobs, ["b"])).toMatchObject({ counted: ["b"], unknown: [], late: [], serial: { seconds: 100 } });
	expect(estimateLab(jobs, new Set(["c"]))).toBeNull();
});

test("the sentence says both, and one time for one job", () => {
	const jobs = [aJob("a", 11.1e11, 5e7), aJob("b", 5e9, 1e7, { link: "cloud" })];
	expect(labSentence(lab(jobs), null)).toBe(
		"Everything back in \u2248\u00a06\u00a0h\u00a020\u00a0min one after the other, \u2248\u00a06\u00a0h\u00a010\u00a0min at once",
	);
	expect(labSentence(lab(jobs, ["b"]), "b")).toBe("b back in \u2248\u00a08\u00a0min\u00a020\u00a0s");
	expect(labSentence(null, null)).toBe("Nobody can say how long it takes to get everything back");
});

test("jobs share a link where their repositories lie on one host", () => {
	expect(linkOf("ssh://borg@nas.lan:22/./photos", "pi")).toBe("nas.lan");
	expect(linkOf("borg@nas.lan:photos", "pi")).toBe("nas.lan");
	expect(linkOf("sftp:me@nas.lan:/srv/restic", "pi")).toBe("nas.lan");
	expect(linkOf("rest:https://user@nas.lan:8000/photos", "pi")).toBe("nas.lan");
	expect(linkOf("s3:https://s3.example/bucket", "pi")).toBe("s3.example");
	expect(linkOf("s3:s3.example/bucket", "pi")).toBe("s3.example");
	expect(linkOf("remote:backup", "pi")).toBe("remote");
	expect(linkOf("/mnt/backup", "pi")).toBe("disk of pi");
	expect(linkOf(null, "pi")).toBe("");
});
