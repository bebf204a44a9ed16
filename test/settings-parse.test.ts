// The configuration file's text: what it may say, and every mistake with its path, line and what is allowed.
import { describe, expect, test } from "bun:test";
import { lineOfPath, parseSettings, problemText } from "../src/settings-parse.ts";

/** The example of the documentation. */
const whole = `jobs:
  photos:
    title: Photos to the NAS
    host: pi4
    labels: { place: attic }
    schedule: { cron: "0 2 * * *", zone: Europe/Berlin }   # or { every: 6h }, { age: 3d }, none
    start_grace: 45m
    max_runtime: 3h
    limits: { min_size: 10MB, max_size: 2TB }
    sensitivity: balanced            # strict, relaxed
    warning_exit_codes: [1]
    parent: nas-online
    keep: { daily: 7, weekly: 4, monthly: 12 }
    rpo: 26h
    rto: 8h
    inventory: { from: restic, every: 24h, command: [restic, snapshots, --json] }
channels:
  phone: { url: "ntfys://ntfy.example/backups", min_severity: warning }
  mail: { url_file: /run/secrets/mail_url, jobs: [photos] }
quiet_hours: { from: "22:00", to: "07:00", critical_passes: true }
digest: { weekly: mon 08:00 }
`;

const problemsOf = (text: string) =>
	parseSettings(text, "UTC").problems.map((problem) => `${problem.line}: ${problemText(problem)}`);
const settingsOf = (text: string) => {
	const { settings, problems } = parseSettings(text, "America/New_York");
	expect(problems).toEqual([]);
	return settings;
};
const jobOf = (yaml: string) => settingsOf(`jobs:\n  j: { ${yaml} }\n`).jobs[0];
const problemOf = (yaml: string) => problemsOf(`jobs:\n  j: { ${yaml} }\n`).join("\n");

describe("a good file", () => {
	test("is read as it is documented", () => {
		expect(settingsOf(whole)).toEqual({
			jobs: [
				{
					name: "photos",
					title: "Photos to the NAS",
					host: "pi4",
					labels: { place: "attic" },
					schedule: { type: "cron", cron: "0 2 * * *", zone: "Europe/Berlin" },
					startGrace: 2700,
					maxRuntime: 10_800,
					minSize: 10_000_000,
					maxSize: 2_000_000_000_000,
					sensitivity: "balanced",
					warningExitCodes: [1],
					parent: "nas-online",
					keep: { daily: 7, weekly: 4, monthly: 12 },
					rpo: 93_600,
					rto: 28_800,
					inventory: {
						from: "restic",
						every: 86_400,
						command: ["restic", "snapshots", "--json"],
						dir: null,
						s3: null,
					},
				},
			],
			channels: [
				expect.objectContaining({ name: "phone", url: "ntfys://ntfy.example/backups", urlFile: null, jobs: [] }),
				expect.objectContaining({ name: "mail", url: null, urlFile: "/run/secrets/mail_url", jobs: ["photos"] }),
			],
			quietHours: { from: 1320, to: 420, criticalPasses: true },
			digest: { weekday: 1, minute: 480 },
		});
	});

	for (const text of ["", "\n", "# nothing\n", "jobs:\n", "jobs: {}\nchannels:\n", "jobs:\n  photos:\n", "---\n"]) {
		test(`may say nothing: ${JSON.stringify(text)}`, () => {
			expect(settingsOf(text)).toMatchObject({ channels: [], quietHours: null, digest: null });
		});
	}

	test("may come from Windows: a byte order mark, CRLF", () => {
		expect(settingsOf(`\ufeff${whole.replaceAll("\n", "\r\n")}`)).toEqual(settingsOf(whole));
	});

	test("may write schedules in each form, and a cron expression alone", () => {
		const zone = "America/New_York";
		expect(jobOf("schedule: none")?.schedule).toEqual({ type: "none" });
		expect(jobOf("schedule: { every: 6h }")?.schedule).toEqual({ type: "every", seconds: 21_600 });
		expect(jobOf("schedule: { age: 3d }")?.schedule).toEqual({ type: "age", seconds: 259_200 });
		expect(jobOf('schedule: { cron: "0 2 * * *" }')?.schedule).toEqual({ type: "cron", cron: "0 2 * * *", zone });
		expect(jobOf("schedule: 30 4 * * 1-5")?.schedule).toEqual({ type: "cron", cron: "30 4 * * 1-5", zone });
		expect(jobOf('schedule: "@daily"')?.schedule).toEqual({ type: "cron", cron: "@daily", zone });
		expect(jobOf("schedule:")?.schedule).toBeNull();
	});

	test("may write sizes decimal or binary, times without quotes, numbers as text, yes for true", () => {
		expect(jobOf("limits: { min_size: 10MiB, max_size: 1.5 GB }")).toMatchObject({
			minSize: 10_485_760,
			maxSize: 1.5e9,
		});
		expect(jobOf("limits: { min_size: 1000 }")).toMatchObject({ minSize: 1000 });
		expect(jobOf("title: 007, labels: { v: 1.50 }")).toMatchObject({ title: "007", labels: { v: "1.50" } });
		expect(jobOf("warning_exit_codes: 3")?.warningExitCodes).toEqual([3]);
		const text = "quiet_hours: { from: 22:00, to: 7:30, critical_passes: no }\ndigest: { daily: 08:15 }\n";
		expect(settingsOf(text)).toMatchObject({
			quietHours: { from: 1320, to: 450, criticalPasses: false },
			digest: { weekday: null, minute: 495 },
		});
		expect(settingsOf("digest: { weekly: Sunday 23:59 }").digest).toEqual({ weekday: 7, minute: 1439 });
	});

	test("may share settings by anchors and merges, and name jobs as it likes", () => {
		const text = "jobs:\n  a: &usual { rpo: 26h, host: nas }\n  b: { <<: *usual, rto: 1h }\n  c: *usual\n";
		const { settings, problems } = parseSettings(text, "UTC");
		expect(problems).toEqual([]);
		expect(settings.jobs.map(({ rpo, host }) => [rpo, host])).toEqual(Array(3).fill([93_600, "nas"]));
		const names = ["__proto__", "constructor", "2026-01-01", "123", "no", "Büro a.b"];
		const { jobs } = settingsOf(`jobs:\n${names.map((name) => `  ${name}: { labels: { __proto__: x } }\n`).join("")}`);
		expect(jobs.map(({ name }) => name)).toEqual(names);
		expect(Object.entries(jobs[0]?.labels ?? {})).toEqual([["__proto__", "x"]]);
		expect(({} as Record<string, unknown>).x).toBeUndefined();
	});
});

describe("a mistake is said with its path, value, what is allowed and its line:", () => {
	test("a cron expression and a zone that do not exist, with the nearest that do", () => {
		const text = 'jobs:\n  photos:\n    schedule:\n      cron: "61 2 * * *"\n      zone: Europe/Berln\n';
		const [cron, zone] = problemsOf(text);
		expect(cron).toStartWith('4: jobs.photos.schedule.cron is "61 2 * * *": the minute "61" is not valid');
		expect(cron).toContain("0–59");
		expect(cron).toMatch(/; did you mean "\d+ 2 \* \* \*"\?$/);
		expect(zone).toStartWith('5: jobs.photos.schedule.zone is "Europe/Berln"');
		expect(zone).toEndWith('did you mean "Europe/Berlin"?');
	});

	const cases: [yaml: string, said: string][] = [
		["start_grce: 45m", "2: jobs.j.start_grce is not known; did you mean start_grace?"],
		["start-grace: 45m", "2: jobs.j.start-grace is not known; did you mean start_grace?"],
		["min_size: 1MB", "2: jobs.j.min_size is not known; it stands under limits"],
		[
			"start_grace: 45",
			"2: jobs.j.start_grace is 45, which has no unit; expected a duration such as 90s, 5m, 6h or 3d",
		],
		["rpo: soon", '2: jobs.j.rpo is "soon"; expected a duration such as 90s, 5m, 6h or 3d'],
		["rpo: -1h", '2: jobs.j.rpo is "-1h"; expected a duration such as 90s, 5m, 6h or 3d'],
		[
			"limits: { min_size: 10M }",
			'2: jobs.j.limits.min_size is "10M"; expected a size such as 10MB (decimal) or 10MiB',
		],
		["limits: { min_size: 2MB, max_size: 1MB }", '2: jobs.j.limits.max_size is "1MB"; expected more than min_size'],
		[
			"sensitivity: balancd",
			'2: jobs.j.sensitivity is "balancd"; expected strict, balanced, relaxed; did you mean balanced?',
		],
		["warning_exit_codes: [1, 256]", "2: jobs.j.warning_exit_codes[1] is 256; expected a whole number from 1 to 255"],
		["warning_exit_codes: [0]", "2: jobs.j.warning_exit_codes[0] is 0; expected a whole number from 1 to 255"],
		["keep: { daly: 7 }", "2: jobs.j.keep.daly is not known; did you mean daily?"],
		["keep: { daily: 0 }", "2: jobs.j.keep.daily is 0; expected a whole number from 1 to 100000"],
		["schedule: 6h", '2: jobs.j.schedule is "6h"; write { every: 6h } for a rhythm or { age: 6h } for a greatest age'],
		["schedule: no", '2: jobs.j.schedule is "no"; expected none, if nothing is to be expected'],
		["schedule: { every: 5s }", '2: jobs.j.schedule.every is "5s"; expected at least 1m'],
		["schedule: { every: 6h, age: 3d }", "2: jobs.j.schedule says more than one of cron, every and age; expected one"],
		["schedule: { every: 6h, zone: UTC }", "2: jobs.j.schedule.zone belongs to cron; every and age need none"],
		["schedule: {}", "2: jobs.j.schedule is empty; expected cron, every or age in it"],
		[
			"inventory: { dir: /mnt, s3: { bucket: b } }",
			"2: jobs.j.inventory says more than one of command, dir and s3; expected one",
		],
		[
			"inventory: { every: 1h }",
			"2: jobs.j.inventory misses from; expected restic, borg, rclone, kopia, s3, find, jsonl",
		],
		["inventory: { from: s3, s3: {} }", "2: jobs.j.inventory.s3 misses bucket"],
		["labels: [a]", "2: jobs.j.labels is a list; expected a mapping of names to text"],
		["title: { a: 1 }", "2: jobs.j.title is a mapping; expected text"],
		['title: "a\\nb"', "2: jobs.j.title has control characters or a line break in it"],
		["rpo:26h", '2: jobs.j["rpo:26h"] is not known; write a space behind the colon'],
		["parent: J", ""],
		["parent: j", "2: jobs.j.parent goes in a circle: j → j"],
	];
	for (const [yaml, said] of cases) test(yaml, () => expect(problemOf(yaml)).toBe(said));

	test("keys that stand twice, sections that do not exist, names that YAML changes", () => {
		expect(problemsOf("jobs:\n  a: { rpo: 1h }\n  a: { rpo: 2h }\njbos:\n")).toEqual([
			"3: jobs.a is said twice, first in line 2",
			"4: jbos is not known; did you mean jobs?",
		]);
		expect(problemsOf("jobs:\n  0123: {}\n")).toEqual([
			'2: jobs.123 is written 0123 and read as 123; put it in quotes: "0123"',
		]);
	});

	test("parents that go in a circle, once; unknown parents are fine", () => {
		expect(
			problemsOf("jobs:\n  a: { parent: b }\n  b: { parent: c }\n  c: { parent: A }\n  A: { parent: a }\n"),
		).toEqual(["2: jobs.a.parent goes in a circle: a → b → c → A → a"]);
		expect(problemsOf("jobs:\n  a: { parent: elsewhere }\n")).toEqual([]);
	});

	test("times of day and weekdays", () => {
		expect(problemsOf("quiet_hours: { from: 22, to: 24:00 }\ndigest: { weekly: mno 08:00 }\n")).toEqual([
			'1: quiet_hours.from is 22; expected a time from "00:00" to "23:59"',
			'1: quiet_hours.to is "24:00"; expected a time from "00:00" to "23:59"',
			'2: digest.weekly is "mno 08:00"; expected a weekday and a time such as mon 08:00; did you mean mon?',
		]);
		expect(problemsOf("quiet_hours: { from: 22:00 }\n")).toEqual([
			'1: quiet_hours misses to; expected { from: "22:00", to: "07:00" }',
		]);
	});

	test("all of them at once, in the order of the file, fifty at most; the good jobs are read", () => {
		const text = "jobs:\n  a: { rpo: 1 }\n  b: { rpo: 1h }\n  c: 5\nchannels:\n  d: {}\n";
		expect(problemsOf(text).map((line) => line.slice(0, 12))).toEqual(["2: jobs.a.rp", "4: jobs.c is", "6: channels."]);
		expect(parseSettings(text, "UTC").settings.jobs.map(({ rpo }) => rpo)).toEqual([null, 3600]);
		const many = `jobs:\n${Array.from({ length: 90 }, (_, n) => `  j${n}: { rpo: 1 }\n`).join("")}`;
		expect(problemsOf(many)).toHaveLength(50);
		const jobs = `jobs:\n${Array.from({ length: 1001 }, (_, n) => `  j${n}: {}\n`).join("")}`;
		expect(problemsOf(jobs)).toEqual(["1: jobs has 1001 jobs; at most 1000 are allowed"]);
	});
});

describe("a secret is in no message", () => {
	const channels = [
		"ntfys://hunter2@host/topic",
		"{ url: ntfys://u:hunter2@host, url_file: /x }",
		"{ url: [hunter2] }",
		"{ url: { hunter2: 1 } }",
		"{ url: 5, secret: { hunter2: 1 } }",
		"{ url: mailto://u:pw,hunter2@host }",
		"{ url: discord://1/tok,hunter2 }",
		"{ url: x, url_file: hunter2, secret_file: hunter2 }",
		"{ url: x, secret: hunter2, secret_file: /hunter2 }",
		"{ url: x, passwd: hunter2, min_severity: ntfys://hunter2 }",
		"{ url: x, template: [hunter2] }",
		'{ url: x, secret: "hunter2\\n2" }',
		'{ url: "ntfys://hunter2 }',
		"{ url: ntfys://hunter2]x }",
		"{ url: x: hunter2 }",
		"[ntfys://hunter2@host]",
		"{ url: x, url: hunter2 }",
		"{ url: @hunter2 }",
		"{ url: *hunter2 }",
		"{ url: !hunter2 x }",
	];
	for (const channel of channels) {
		test(`of a channel: ${channel}`, () => {
			const said = problemsOf(`channels:\n  phone: ${channel}\n`);
			expect(said.length).toBeGreaterThan(0);
			expect(said.join("\n")).not.toContain("hunter2");
		});
	}

	test("of a channel's name, a list of channels, a command, an S3 endpoint", () => {
		for (const text of [
			"channels:\n  ntfys://hunter2@host: { url: x, y: 1 }\n",
			"channels: [ntfys://hunter2@host]\n",
			"channels: ntfys://hunter2@host\n",
			"jobs: { j: { inventory: { from: s3, s3: { bucket: b, endpoint: https://u:hunter2@host } } } }\n",
			"jobs: { j: { inventory: { from: restic, command: restic --password hunter2 } } }\n",
			"ntfys://hunter2@host: 1\n",
		]) {
			const said = problemsOf(text).join("\n");
			expect([text, said === "", said.includes("hunter2")]).toEqual([text, false, false]);
		}
	});
});

describe("hostile text", () => {
	const laughs = Array.from(
		{ length: 30 },
		(_, n) =>
			`a${n}: &a${n} [${Array(9)
				.fill(n ? `*a${n - 1}` : "x")
				.join()}]\n`,
	);
	const merges = `a: &a {${Array.from({ length: 2000 }, (_, n) => `k${n}: 1`).join()}}\n${"b: {<<: *a}\n".repeat(9000)}`;
	const texts: [name: string, text: string, said: RegExp][] = [
		["a billion laughs", laughs.join(""), /^\d+: has one alias/],
		["merges that fill the memory", merges, /^\d+: has one alias/],
		["a megabyte", `a: ${"x".repeat(1_000_000)}\n`, /^1: is larger than 256 KiB/],
		["deep nesting", "[".repeat(100_000), /^1: is nested deeper/],
		["a circle of anchors", "jobs: &a\n  x: *a\n", /^2: jobs\.x\.x is not known/],
		["tabs", "jobs:\n\tphotos:\n", /^2: is indented with a tab/],
		["NUL and other controls", "jobs:\n  a: x\u0000y\n", /^2: has control characters/],
		["a tag of JavaScript", "jobs: !!js/function 'x'\n", /^1: has a tag/],
		["a list", "- a\n", /^1: .*expected a mapping with jobs, channels/],
		["a word", "hello\n", /^1: .*expected a mapping/],
		["two documents", "jobs:\n---\njobs:\n", /^2: begins a second document/],
		["a lone surrogate", 'jobs: { "\\ud800": {} }\n', /^1: /],
	];
	for (const [name, text, said] of texts) {
		test(`is refused in a sentence, soon: ${name}`, () => {
			const start = performance.now();
			const problems = problemsOf(text);
			expect(problems[0]).toMatch(said);
			expect(performance.now() - start).toBeLessThan(1000);
			for (const problem of problems) expect(problem.length).toBeLessThan(500);
		});
	}

	test("never throws, whatever is cut out of, doubled in or changed in a good file", () => {
		let seed = 11;
		const random = (below: number) => {
			seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
			return Math.floor((seed / 2_147_483_648) * below);
		};
		const pieces = [
			"{",
			"}",
			"[",
			":",
			": ",
			"\n",
			"\t",
			'"',
			"'",
			"*",
			"&a ",
			"!",
			"|",
			">",
			"- ",
			"#",
			"?",
			"%",
			"\n---\n",
			"\u0000",
			"<<: ",
		];
		for (let n = 0; n < 3000; n++) {
			const [at, to] = [random(whole.length), random(40)];
			const text = whole.slice(0, at) + (pieces[random(pieces.length)] ?? "").repeat(random(3)) + whole.slice(at + to);
			for (const { line, message } of parseSettings(text, "UTC").problems) {
				expect([text, line >= 1 && line <= text.split("\n").length, message !== ""]).toEqual([text, true, true]);
			}
		}
	});
});

test("the line of a key is known for those who find more wrong with it", () => {
	expect(lineOfPath(whole, ["channels", "mail", "url_file"])).toBe(19);
	expect(lineOfPath(whole, ["channels", "mail", "nothing"])).toBe(19);
});
