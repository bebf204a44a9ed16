// The built monitor in one of its states, and the addresses of its pages there.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../binary.ts";
import { type StartedMonitor, startMonitor } from "../deploy/monitor.ts";
import { states } from "./states.ts";

const binary = process.env.MONITOR_BINARY ?? join(import.meta.dir, "../../dist/backup-monitor");

export type Lab = StartedMonitor & { dir: string; pages: { name: string; path: string }[]; close: () => Promise<void> };

export async function openLab(name: string): Promise<Lab> {
	const state = states.find((one) => one.name === name);
	if (state === undefined) throw new Error(`no state ${name}`);
	const dir = mkdtempSync(join(tmpdir(), `monitor-${name}-`));
	state.write(dir, Date.now());
	const monitor = await startMonitor([binary], { DATA_DIR: dir, TZ: "Europe/Berlin", ...state.env });
	const json = async (path: string) => (await fetch(monitor.url + path)).json() as Promise<never>;
	const close = async () => {
		await monitor.stop();
		rmSync(dir, { recursive: true, force: true });
	};
	try {
		await until(async () => (await runsOf(json)) >= state.runs, 30_000, `${state.runs} runs in ${name}`);
		return { ...monitor, dir, pages: await pagesOf(json), close };
	} catch (error) {
		await close();
		throw error;
	}
}

async function runsOf(json: (path: string) => Promise<never>): Promise<number> {
	const { jobs } = (await json("/api/jobs")) as { jobs: { runs: Record<string, number> }[] };
	return jobs.reduce((sum, { runs }) => sum + Object.values(runs).reduce((a, b) => a + b, 0), 0);
}

/** Every page there is; of jobs and runs the worst, a good one, and the oddest. */
async function pagesOf(json: (path: string) => Promise<never>): Promise<Lab["pages"]> {
	const { jobs } = (await json("/api/jobs")) as { jobs: { slug: string; state: string }[] };
	const { runs } = (await json("/api/runs?limit=50")) as { runs: { id: number; outcome: string }[] };
	const distinct = <T>(items: (T | undefined)[]) => [...new Set(items.filter((item) => item !== undefined))];
	const shownJobs = distinct([
		jobs.find(({ state }) => state === "failed"),
		jobs.find(({ state }) => state === "running"),
		jobs.find(({ state }) => state === "ok"),
		jobs.at(-1),
	]);
	const shownRuns = distinct(
		["failure", "running", "warning", "success"].map((one) => runs.find(({ outcome }) => outcome === one)),
	);
	const fixed = ["runs", "alerts", "inventory", "restore", "settings", "setup"];
	return [
		{ name: "overview", path: "/" },
		...shownJobs.map(({ slug, state }) => ({ name: `job-${state}`, path: `/jobs/${encodeURIComponent(slug)}` })),
		...shownRuns.map(({ id, outcome }) => ({ name: `run-${outcome}`, path: `/runs/${id}` })),
		...fixed.map((name) => ({ name, path: `/${name}` })),
		{ name: "overview-no-match", path: "/?q=nothing-is-called-so" },
		{ name: "runs-no-match", path: "/runs?q=nothing-says-so" },
		{ name: "link-too-old", path: "/alerts/link/made-up" },
		{ name: "not-found", path: "/nothing" },
	];
}
