// The examples do what they say: each is read as its program reads it, over the answers of a real monitor.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { states } from "../../src/state.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { openApp, type TestApp } from "./app.ts";
import { sampleNow, writeSample } from "./sample.ts";

const examples = join(import.meta.dir, "../../examples");
const read = (name: string) => readFileSync(join(examples, name), "utf8");

type Fields = Record<string, unknown>;

let lab: TestApp;
let metrics: string;

beforeAll(async () => {
	const dataDir = makeFolder();
	writeSample(dataDir);
	lab = await openApp(dataDir, () => sampleNow);
	metrics = await (await lab.get("/metrics")).text();
});
afterAll(async () => {
	await lab.monitor.stop();
	await cleanUp();
});

/** What the monitor answers at the address that an example names. */
async function answerAt(url: unknown, app = lab): Promise<Fields> {
	const { pathname, search, port } = new URL(String(url));
	expect(port).toBe("5001");
	const response = await app.get(pathname + search);
	expect([url, response.status]).toEqual([url, 200]);
	return response.json();
}

describe("Homepage", () => {
	type Mapping = {
		field: string;
		label: string;
		format?: string;
		scale?: number;
		remap?: { value?: string; any?: boolean; to: string }[];
	};
	type Dynamic = { items: string; name: string; label: string };
	type Widget = { type: string; url: string; mappings: Mapping[] | Dynamic };

	function widgets(): Widget[] {
		const groups = Bun.YAML.parse(read("homepage.yaml")) as Record<string, Record<string, { widget: Widget }>[]>[];
		return groups.flatMap((group) =>
			Object.values(group).flatMap((services) =>
				services.flatMap((service) => Object.values(service).map((s) => s.widget)),
			),
		);
	}

	/** As Homepage's formats do it, in English; what it could not show throws. */
	function shown(value: unknown, { format = "text", scale = 1, remap }: Mapping): string {
		const mapped = remap?.find((rule) => rule.any === true || rule.value === value);
		if (mapped !== undefined) return mapped.to;
		if (format === "text") return String(value);
		if (format === "relativeDate") {
			const at = Date.parse(String(value));
			if (Number.isNaN(at)) throw new Error(`${value} is no date`);
			return `${Math.round((sampleNow - at) / 3_600_000)} hours ago`;
		}
		if (typeof value !== "number") throw new Error(`${value} is no number`);
		if (format === "bytes") return `${(value / 1e9).toFixed(1)} GB`;
		if (format === "percent") return `${(value * scale).toFixed(0)}%`;
		throw new Error(`${format} is not in this test`);
	}

	test("every field is there, and is shown as its format wants it", async () => {
		const [overview, list] = widgets();
		const summary = await answerAt(overview?.url);
		const mappings = (overview?.mappings ?? []) as Mapping[];
		expect(mappings.map((mapping) => [mapping.label, shown(summary[mapping.field], mapping)])).toEqual([
			["State", "Failed"],
			["Last success", "9 hours ago"],
			["Size", "48.1 GB"],
			["30 days", "94%"],
		]);
		const { items, name, label } = (list?.mappings ?? {}) as Dynamic;
		const rows = (await answerAt(list?.url))[items] as Fields[];
		expect(rows.slice(0, 2).map((row) => [row[name], row[label]])).toEqual([
			["postgres-dump", "failed"],
			["mail", "warning"],
		]);
	});

	test("every state has its word", () => {
		const [overview] = widgets();
		const [state] = (overview?.mappings ?? []) as Mapping[];
		const words = state?.remap?.map((rule) => rule.value).filter((word) => word !== undefined);
		expect(words?.sort()).toEqual([...states].sort());
	});
});

describe("Home Assistant", () => {
	type Sensor = {
		name: string;
		value_template: string;
		availability?: string;
		json_attributes?: string[];
		device_class?: string;
	};
	type Rest = { resource: string; sensor: Sensor[]; binary_sensor: Sensor[] };

	/** The few things of Jinja that the example uses. */
	function render(template: string, json: Fields): unknown {
		const [, expression = ""] = /^\{\{ (.+) \}\}$/.exec(template) ?? [];
		const [, field = "", rest = ""] = /^value_json\.(\w+)(.*)$/.exec(expression) ?? [];
		if (!(field in json)) throw new Error(`${field} is not in the answer`);
		if (rest === "") return json[field];
		if (rest === " is not none") return json[field] !== null;
		const [, list] = /^ in \[(.+)\]$/.exec(rest) ?? [];
		if (list === undefined) throw new Error(`${rest} is not in this test`);
		return list.split(", ").includes(`'${json[field]}'`);
	}

	function rest(): Rest {
		const [first] = (Bun.YAML.parse(read("home-assistant.yaml")) as { rest: Rest[] }).rest;
		if (first === undefined) throw new Error("no rest in the example");
		return first;
	}

	test("each sensor has its value and its attributes", async () => {
		const { resource, sensor, binary_sensor } = rest();
		const summary = await answerAt(resource);
		const values = [...sensor, ...binary_sensor].map((s) => [s.name, render(s.value_template, summary)]);
		expect(values).toEqual([
			["Backups", "failed"],
			["Backups last success", "2026-01-31T03:01:28+00:00"],
			["Backups oldest success", 201598],
			["Backups size", 48_114_200_000],
			["Backups need attention", true],
		]);
		for (const { json_attributes = [] } of sensor)
			for (const name of json_attributes) expect(summary).toHaveProperty(name);
		for (const [, value] of values) expect(String(value).length).toBeLessThan(256);
	});

	test("of an empty monitor the sensors are unavailable, not wrong", async () => {
		const empty = await openApp(makeFolder(), () => sampleNow);
		const { resource, sensor } = rest();
		const summary = await answerAt(resource, empty);
		for (const { value_template, availability } of sensor) {
			if (render(value_template, summary) === null) expect(render(availability ?? "", summary)).toBe(false);
		}
		await empty.monitor.stop();
	});
});

describe("Glance", () => {
	/** As much of Go's templates, and of what Glance adds to them, as the example uses. */
	function render(template: string, json: Fields): string {
		const tokens = template.split(/(\{\{.*?\}\})/);
		let at = 0;
		return block(json);

		function block(context: Fields, isShown = true): string {
			let out = "";
			while (at < tokens.length) {
				const token = tokens[at] ?? "";
				const action = /^\{\{ (.+) \}\}$/.exec(token)?.[1];
				if (action === "end" || action === "else") return out;
				at++;
				if (action === undefined) out += isShown ? token : "";
				else if (action.startsWith("range ")) out += range(action, isShown);
				else if (action.startsWith("if ")) out += branch(action, context, isShown);
				else if (isShown) out += print(action, context);
			}
			return out;
		}

		function range(action: string, isShown: boolean): string {
			const name = /^range \.JSON\.Array "(\w+)"$/.exec(action)?.[1] ?? "";
			const list = json[name];
			if (!Array.isArray(list)) throw new Error(`${action}: no such list`);
			const start = at;
			let out = "";
			for (const item of list) {
				at = start;
				out += block(item, isShown);
			}
			if (list.length === 0) block({}, false);
			at++;
			return out;
		}

		function branch(action: string, context: Fields, isShown: boolean): string {
			const isTrue = isShown && condition(action, context);
			let out = block(context, isTrue);
			if (tokens[at] === "{{ else }}") {
				at++;
				out += block(context, isShown && !isTrue);
			}
			at++;
			return out;
		}

		function condition(action: string, context: Fields): boolean {
			const exists = /^if \.Exists "(\w+)"$/.exec(action)?.[1];
			if (exists !== undefined) return exists in context;
			const [, operator, value = "", other] = /^if (eq|ne) \((.+?)\) "(.*)"$/.exec(action) ?? [];
			const isSame = print(value, context) === other;
			return operator === "eq" ? isSame : !isSame;
		}

		function print(action: string, context: Fields): string {
			const [value = "", ...filters] = action.split(" | ");
			const [, from, name = ""] = /^(\.JSON)?\.String "(\w+)"$/.exec(value) ?? [];
			const source = from === undefined ? context : json;
			if (!(name in source)) throw new Error(`${action}: there is no ${name}`);
			// gjson's String() of null is empty.
			const text = source[name] === null ? "" : String(source[name]);
			if (filters.length === 0) return Bun.escapeHTML(text);
			expect(filters).toEqual(['parseTime "rfc3339"', "toRelativeTime"]);
			expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);
			return `data-dynamic-relative-time="${Date.parse(text) / 1000}"`;
		}
	}

	test("the template shows the sentence, and each job with its state", async () => {
		const [widget] = Bun.YAML.parse(read("glance.yml")) as { type: string; url: string; template: string }[];
		expect(widget?.type).toBe("custom-api");
		const shown = render(widget?.template ?? "", await answerAt(widget?.url));
		expect(shown).not.toContain("{{");
		expect(shown).toContain('<p class="size-h4 color-negative">postgres-dump failed and mail ended with a warning</p>');
		expect(shown.match(/<li /g)?.length).toBe(5);
		expect(shown).toContain('<span>failed, <span data-dynamic-relative-time="1769735193"></span></span>');
		expect(shown).toContain("<span>restore drill</span>\n    <span>new</span>");
	});
});

describe("Prometheus and Grafana", () => {
	function promtool(...args: string[]): [code: number, said: string] {
		const { exitCode, stdout, stderr } = Bun.spawnSync(["promtool", ...args], { cwd: examples });
		return [exitCode, `${stdout}${stderr}`];
	}

	test("promtool takes the configuration and the rules, and their tests pass", () => {
		expect(promtool("check", "config", "prometheus.yml")).toEqual([0, expect.stringContaining("SUCCESS")]);
		expect(promtool("check", "rules", "alert-rules.yml")).toEqual([0, expect.stringContaining("11 rules found")]);
		expect(promtool("test", "rules", "alert-rules.test.yml")).toEqual([0, expect.stringContaining("SUCCESS")]);
	}, 30_000);

	type Panel = {
		id: number;
		title: string;
		gridPos: { x: number; y: number; w: number; h: number };
		targets: { expr: string }[];
	};
	type Dashboard = { panels: Panel[]; templating: { list: { name: string; query: string | { query: string } }[] } };
	const dashboard = () => JSON.parse(read("grafana-dashboard.json")) as Dashboard;

	/** Names of ours in an expression: what stands before a brace, a bracket, an operator or the end. */
	const namesIn = (expression: string) => expression.match(/\b(?:backup|process)_[a-z_]+\b(?=[{[\s),]|$)/g) ?? [];

	test("each rule and panel asks for metrics and labels that there are", () => {
		const families = new Set([...metrics.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
		const labels = new Set([...metrics.matchAll(/[{,](\w+)="/g)].map(([, name]) => name));
		labels.add("instance").add("job");
		const { groups } = Bun.YAML.parse(read("alert-rules.yml")) as { groups: { rules: { expr: string }[] }[] };
		const expressions = [
			...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
			...dashboard().panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
			...dashboard().templating.list.flatMap(({ query }) => (typeof query === "string" ? [] : [query.query])),
		];
		expect(expressions.length).toBeGreaterThan(20);
		for (const expression of expressions) {
			for (const name of namesIn(expression)) expect([expression, families.has(name)]).toEqual([expression, true]);
			for (const [, name] of expression.matchAll(/[{,]\s*(\w+)\s*=~?"/g)) {
				expect([expression, labels.has(name)]).toEqual([expression, true]);
			}
		}
	});

	test("the dashboard's expressions are PromQL, its panels do not overlap", () => {
		const { panels } = dashboard();
		const rules = panels.flatMap(({ id, targets }) =>
			targets.map(({ expr }, n) => ({ record: `panel:${id}:${n}`, expr })),
		);
		const path = join(makeFolder(), "rules.yml");
		writeFileSync(path, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
		expect(promtool("check", "rules", path)).toEqual([0, expect.stringContaining(`${rules.length} rules found`)]);
		const taken = new Set<string>();
		for (const { id, gridPos } of panels) {
			expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
			for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
				for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
					expect([id, taken.has(`${x} ${y}`)]).toEqual([id, false]);
					taken.add(`${x} ${y}`);
				}
			}
		}
		expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
	});
});
