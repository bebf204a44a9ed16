// Who is told what: severities, jobs and labels of a channel, and who hears that it got worse or is over.
import { expect, test } from "bun:test";
import { recipientsOf, routesTo } from "../src/routing.ts";
import type { ChannelSettings } from "../src/settings.ts";
import { aJob, anEvent } from "./alert-events.ts";

function aChannel(name: string, some: Partial<ChannelSettings> = {}): ChannelSettings {
	return {
		name,
		url: "ntfy://example/topic",
		urlFile: null,
		minSeverity: "info",
		jobs: [],
		labels: {},
		template: null,
		secret: null,
		secretFile: null,
		...some,
	};
}

test("a channel hears of its severity and above", () => {
	const wants = (severity: "info" | "warning" | "critical") =>
		routesTo(aChannel("phone", { minSeverity: "warning" }), anEvent({ severity }));
	expect([wants("info"), wants("warning"), wants("critical")]).toEqual([false, true, true]);
});

test("a channel for some jobs hears of them by name or slug, and of nothing else", () => {
	const channel = aChannel("mail", { jobs: ["Family photos", "db-nas"] });
	expect(routesTo(channel, anEvent({ job: aJob("Family photos", { slug: "family-photos" }) }))).toBe(true);
	expect(routesTo(channel, anEvent({ job: aJob("db", { slug: "db-nas" }) }))).toBe(true);
	expect(routesTo(channel, anEvent({ job: aJob("db") }))).toBe(false);
	expect(routesTo(channel, anEvent({ job: null }))).toBe(false);
});

test("a channel for labels wants all of them", () => {
	const channel = aChannel("mail", { labels: { place: "attic", owner: "ann" } });
	const wants = (labels: Record<string, string>) => routesTo(channel, anEvent({ job: aJob("db", { labels }) }));
	expect(wants({ place: "attic", owner: "ann", more: "x" })).toBe(true);
	expect(wants({ place: "attic" })).toBe(false);
	expect(wants({ place: "attic", owner: "bob" })).toBe(false);
	expect(routesTo(aChannel("x", { labels: { toString: "x" } }), anEvent())).toBe(false);
	expect(routesTo(channel, anEvent({ job: null }))).toBe(false);
});

test("the monitor's own troubles go to channels without a filter, but not to the one that is broken", () => {
	const broken = anEvent({ job: null, kind: "channel_broken", key: "phone" });
	expect(routesTo(aChannel("mail"), broken)).toBe(true);
	expect(routesTo(aChannel("phone"), broken)).toBe(false);
});

test("only who was told of an alert hears that it is over, whatever the filters say by now", () => {
	const channels = [aChannel("phone", { minSeverity: "critical" }), aChannel("mail")];
	const event = anEvent({ event: "resolved", severity: "warning" });
	expect(recipientsOf(event, channels, ["phone", "gone"])).toEqual([{ channel: "phone", event: "resolved" }]);
});

test("whom an escalation or a reminder reaches for the first time is told of an opening", () => {
	const channels = [aChannel("pager", { minSeverity: "critical" }), aChannel("mail")];
	expect(recipientsOf(anEvent({ event: "escalated" }), channels, ["mail"])).toEqual([
		{ channel: "pager", event: "opened" },
		{ channel: "mail", event: "escalated" },
	]);
	expect(recipientsOf(anEvent({ event: "reminder" }), channels, ["pager"])).toEqual([
		{ channel: "pager", event: "reminder" },
		{ channel: "mail", event: "opened" },
	]);
});
