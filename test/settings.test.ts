// Which entry of the configuration file a job follows, and what of the file a page may show.
import { describe, expect, test } from "bun:test";
import { settingsOf, shownSettings } from "../src/settings.ts";
import { parseSettings } from "../src/settings-parse.ts";

const parse = (text: string) => {
	const { settings, problems } = parseSettings(text, "UTC");
	expect(problems).toEqual([]);
	return settings;
};

describe("a job follows", () => {
	const photos = { name: "Photos", slug: "photos", host: "pi4" };
	const titleFor = (yaml: string, job = photos) => settingsOf(parse(`jobs:\n${yaml}`), job)?.title ?? null;

	test("the entry with its name or its slug, for its host or for any", () => {
		expect(titleFor("  Photos: { title: a }")).toBe("a");
		expect(titleFor("  photos: { title: a }")).toBe("a");
		expect(titleFor("  photos: { title: a, host: pi4 }")).toBe("a");
		expect(titleFor("  photos: { title: a, host: nas }")).toBeNull();
		expect(titleFor("  music: { title: a }")).toBeNull();
	});

	test("the more specific of two: its host before any, its name before its slug, a slug of its own before a shared name", () => {
		const both = "  Photos: { title: any }\n  photos: { title: pi, host: pi4 }\n";
		expect(titleFor(both)).toBe("pi");
		expect(titleFor(both, { ...photos, host: "nas", slug: "photos-nas" })).toBe("any");
		expect(titleFor("  photos: { title: slug }\n  Photos: { title: name }\n")).toBe("name");
		const second = { name: "photos", slug: "photos-nas", host: "nas" };
		expect(titleFor("  photos-nas: { title: slug }\n  photos: { title: name }\n", second)).toBe("slug");
	});
});

test("a page is shown schemes and hosts, but no password, topic, token, key or argument", () => {
	const text = `jobs:
  j: { inventory: { from: restic, command: [restic, --password, hunter2] } }
channels:
  a: { url: "ntfys://u:hunter2@ntfy.example:8443/hunter2", secret: hunter2, template: "{title} hunter2" }
  b: { url: "discord://hunter2/hunter2" }
  c: { url: "ntfy://hunter2" }
  d: { url: "mailtos://me@hunter2:hunter2@mail.example?to=hunter2" }
  e: { url: "tgram://123.hunter2:hunter2/1" }
  f: { url: hunter2 }
  g: { url_file: /run/secrets/g, secret_file: /run/secrets/key }
`;
	const shown = shownSettings(parse(text));
	expect(JSON.stringify(shown)).not.toContain("hunter2");
	expect(shown.channels.map(({ address, secret, template }) => [address, secret, template])).toEqual([
		["ntfys://ntfy.example:8443", "set", "set"],
		["discord://…", "not set", "not set"],
		["ntfy://…", "not set", "not set"],
		["mailtos://mail.example", "not set", "not set"],
		["tgram://…", "not set", "not set"],
		["…", "not set", "not set"],
		["in /run/secrets/g", "set", "not set"],
	]);
	expect(shown.jobs[0]?.inventory).toEqual({ from: "restic", every: 86_400, source: "command restic and 2 arguments" });
});
