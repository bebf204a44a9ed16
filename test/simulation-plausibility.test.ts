// How often healthy jobs are called odd, and how surely broken ones are: nine families of jobs, seeded, day by day.
import { beforeAll, describe, expect, test } from "bun:test";
import { judgePlausibility, type Measured, type PlausibilityLimits } from "../src/plausibility.ts";

const day = 86_400_000;
const firstAt = Date.UTC(2026, 0, 5, 2);
const mega = 1e6;
const perFamily = 84;
const runsOfJob = 90;

const limits: PlausibilityLimits = {
	minSize: null,
	maxSize: null,
	maxRuntime: null,
	sensitivity: "balanced",
	baselineFrom: null,
	zone: "Europe/Berlin",
};

type Chance = { uniform: (from: number, to: number) => number; normal: () => number };

/** mulberry32: small, and the same on every machine. */
function chanceOf(seed: number): Chance {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
	const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
	return { uniform: (from, to) => from + (to - from) * next(), normal };
}

type Values = Partial<Omit<Measured, "runId" | "startedAt" | "outcome">>;
/** Makes a job; what it makes gives the values of its i-th run. */
type Family = (chance: Chance) => (i: number) => Values;

const noisy = (value: number, spread: number, { normal }: Chance) => value * Math.exp(spread * normal());

/** A run of `size` at a rate, with a phase for each part of the work. */
function full(size: number, perSecond: number, chance: Chance): Values {
	const archive = 2 + noisy((size / perSecond) * 0.6, 0.12, chance);
	const upload = 1 + noisy((size / perSecond) * 0.4, 0.2, chance);
	return {
		size: Math.round(size),
		filesTotal: Math.max(1, Math.round(size / 250_000)),
		duration: archive + upload,
		phases: [
			{ name: "archive", seconds: archive },
			{ name: "upload", seconds: upload },
		],
	};
}

const families: Record<string, Family> = {
	"steady tar": (chance) => {
		const size = chance.uniform(50, 40_000) * mega;
		const growth = chance.uniform(0, 0.002);
		return (i) => full(noisy(size * (1 + growth) ** i, 0.02, chance), 20 * mega, chance);
	},
	"noisy full": (chance) => {
		const size = chance.uniform(50, 20_000) * mega;
		const spread = chance.uniform(0.1, 0.35);
		return () => full(noisy(size, spread, chance), 20 * mega, chance);
	},
	"growing dump": (chance) => {
		const size = chance.uniform(20, 2000) * mega;
		const growth = chance.uniform(0.005, 0.02);
		return (i) => full(noisy(size * (1 + growth) ** i, 0.04, chance), 8 * mega, chance);
	},
	incremental: (chance) => {
		const size = chance.uniform(5000, 500_000) * mega;
		const added = chance.uniform(0.002, 0.02) * size;
		const spread = chance.uniform(0.6, 1.2);
		const knowsSize = chance.uniform(0, 1) < 0.5;
		return (i) => {
			const bytesAdded = i === 0 ? size : noisy(added, spread, chance);
			return {
				size: knowsSize ? Math.round(noisy(size, 0.005, chance)) : null,
				bytesAdded: Math.round(bytesAdded),
				duration: noisy(120, 0.15, chance) + bytesAdded / (20 * mega),
			};
		};
	},
	constant: (chance) => {
		const size = Math.round(chance.uniform(1, 5000) * mega);
		return () => ({ size, filesTotal: 12, duration: noisy(60, 0.1, chance) });
	},
	"weekly full": (chance) => {
		const size = chance.uniform(1000, 50_000) * mega;
		const share = chance.uniform(0.03, 0.2);
		const fullDay = Math.floor(chance.uniform(0, 7));
		return (i) => {
			const isFull = i % 7 === fullDay;
			return full(isFull ? noisy(size, 0.03, chance) : noisy(size * share, 0.3, chance), 20 * mega, chance);
		};
	},
	step: (chance) => {
		const size = chance.uniform(100, 5000) * mega;
		const at = Math.floor(chance.uniform(20, 70));
		const factor = chance.uniform(0, 1) < 0.5 ? chance.uniform(1.3, 4) : chance.uniform(0.3, 0.9);
		return (i) => full(noisy(size * (i < at ? 1 : factor), 0.02, chance), 20 * mega, chance);
	},
	"noisy duration": (chance) => {
		const size = chance.uniform(1000, 20_000) * mega;
		const spread = chance.uniform(0.25, 0.6);
		return () => {
			const duration = noisy(1200, spread, chance) * (chance.uniform(0, 1) < 0.02 ? 2 : 1);
			return { size: Math.round(noisy(size, 0.02, chance)), duration };
		};
	},
	"5-second job": (chance) => {
		const size = chance.uniform(0.2, 5) * mega;
		return () => ({ size: Math.round(noisy(size, 0.08, chance)), duration: noisy(5, 0.5, chance) });
	},
};

function runsOf(family: Family, seed: number): Measured[] {
	const chance = chanceOf(seed);
	const valuesOf = family(chance);
	return Array.from({ length: runsOfJob }, (_, i) => ({
		runId: i + 1,
		startedAt: Math.round(firstAt + i * day + chance.uniform(0, 600_000)),
		outcome: "success",
		size: null,
		bytesAdded: null,
		duration: null,
		filesTotal: null,
		phases: [],
		...valuesOf(i),
	}));
}

/** What a watch does: judges each run by those before, opens and resolves alerts, takes a new normal. Counts openings. */
function openingsOf(runs: Measured[]): { run: number; name: string }[] {
	const openings: { run: number; name: string }[] = [];
	let open = new Set<string>();
	let baselineFrom: number | null = null;
	runs.forEach((run, i) => {
		const past = runs.slice(Math.max(0, i - 45), i).reverse();
		const { findings, proposal } = judgePlausibility(run, past, { ...limits, baselineFrom });
		const found = new Set(
			findings.map(({ kind, key, severity }) => `${kind} ${key} ${severity === "info" ? "info" : ""}`),
		);
		for (const name of found) if (!open.has(name)) openings.push({ run: i, name });
		open = found;
		if (proposal?.taken === true) baselineFrom = proposal.from;
	});
	return openings;
}

const everyJob = Object.entries(families).flatMap(([name, family], f) =>
	Array.from({ length: perFamily }, (_, j) => ({ name, runs: runsOf(family, 1000 * f + j + 1) })),
);
const jobsOf = (name: string) => everyJob.filter((job) => job.name === name);

/** The share of runs (from the sixth on, every fourth) that are called odd when only that run is changed. */
function foundShare(name: string, change: (run: Measured) => Measured): number {
	let found = 0;
	let tried = 0;
	for (const { runs } of jobsOf(name)) {
		for (let i = 5; i < runs.length; i += 4) {
			const run = runs[i];
			if (run === undefined) continue;
			const { findings } = judgePlausibility(change(run), runs.slice(Math.max(0, i - 45), i).reverse(), limits);
			tried++;
			if (findings.some(({ kind, severity }) => kind === "size" && severity !== "info")) found++;
		}
	}
	return found / tried;
}

function scaled(factor: number) {
	const times = (value: number | null) => (value === null ? null : Math.round(value * factor));
	return (run: Measured): Measured => ({ ...run, size: times(run.size), bytesAdded: times(run.bytesAdded) });
}

describe("twelve healthy daily jobs", () => {
	const openings = new Map<string, { run: number; name: string }[]>();
	/** Openings of twelve jobs in thirty days. */
	const aMonth = (count: number, jobs: number) => (count / (jobs * runsOfJob)) * 12 * 30;

	beforeAll(() => {
		for (const { name, runs } of everyJob) openings.set(name, [...(openings.get(name) ?? []), ...openingsOf(runs)]);
	});

	test("raise at most 1.3 false alarms a month, one for each real step and notes that wake nobody included", () => {
		for (const [name, found] of openings) {
			console.log(`${name}: ${aMonth(found.length, perFamily).toFixed(2)} a month for twelve of them`);
		}
		const all = [...openings.values()].flat();
		const alarms = all.filter(({ name }) => !name.endsWith("info"));
		const rate = aMonth(all.length, everyJob.length);
		console.log(`all: ${rate.toFixed(2)}, without notes ${aMonth(alarms.length, everyJob.length).toFixed(2)}`);
		expect(rate).toBeLessThanOrEqual(1.3);
	});
});

describe("broken runs", () => {
	test.each(Object.keys(families))("an empty run of a job of the family %s is always found", (name) => {
		expect(foundShare(name, scaled(0))).toBe(1);
	});

	// A job that is 8 % up or down from day to day, or grows, may have a large day halved: that is more than half.
	const halved: [string, number][] = [
		["steady tar", 1],
		["constant", 1],
		["noisy duration", 1],
		["growing dump", 0.997],
		["5-second job", 0.98],
	];
	test.each(halved)("a halved run of the family %s is found from five runs on", (name, least) => {
		const shares = [foundShare(name, scaled(0.49)), foundShare(name, scaled(0.5))];
		console.log(`halved ${name}: ${shares.map((share) => `${(100 * share).toFixed(2)} %`).join(", ")}`);
		expect(Math.min(...shares)).toBeGreaterThanOrEqual(least);
	});

	const lessened: [string, number][] = [
		["steady tar", 0.99],
		["constant", 1],
		["noisy duration", 1],
		["growing dump", 0.75],
		["5-second job", 0.5],
	];
	test.each(lessened)("0.7 of a run of the family %s is found at least this often: %p", (name, least) => {
		const share = foundShare(name, scaled(0.7));
		console.log(`0.7 of ${name}: ${(100 * share).toFixed(1)} %`);
		expect(share).toBeGreaterThanOrEqual(least);
	});
});
