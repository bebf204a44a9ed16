// What may be sent when: back-off, gathering, reminders, silence, and what several events of one alert come to.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { AlertEvent } from "../src/message.ts";
import { combine } from "../src/message-story.ts";
import { givesUpAfter, isSilent, isTold, nextTryAt, reminderAt, sendAt } from "../src/outbox.ts";
import { anAlert, anEvent, day, hour, minute, now } from "./alert-events.ts";

const second = 1000;

/** The waits of a delivery that nobody ever takes, in milliseconds. */
function waitsOf(seed: number): number[] {
	const waits: number[] = [];
	let at = now;
	for (let attempts = 1; ; attempts++) {
		const next = nextTryAt({ attempts, createdAt: now }, at, seed);
		if (next === null) return waits;
		waits.push(next - at);
		at = next;
	}
}

describe("tries", () => {
	test("come after 10 s, 30 s, 2 min, then twice as long each time up to 50 min, each a fifth off at most", () => {
		const plan = [
			10 * second,
			30 * second,
			2 * minute,
			4 * minute,
			8 * minute,
			16 * minute,
			32 * minute,
			50 * minute,
			50 * minute,
		];
		for (let seed = 0; seed < 200; seed++) {
			for (const [n, wait] of plan.entries()) {
				const own = waitsOf(seed)[n] ?? 0;
				expect(own).toBeGreaterThanOrEqual(0.8 * wait - 1);
				expect(own).toBeLessThanOrEqual(1.2 * wait + 1);
			}
		}
	});

	test("end exactly three days after the delivery was made, and there are some ninety of them", () => {
		const waits = waitsOf(3);
		expect(waits.reduce((a, b) => a + b)).toBe(givesUpAfter);
		expect(waits.length).toBeGreaterThan(70);
		expect(waits.length).toBeLessThan(110);
		expect(nextTryAt({ attempts: 1, createdAt: now }, now + 3 * day, 1)).toBeNull();
	});

	test("of deliveries that failed together do not come together, and are the same when asked again", () => {
		const first = Array.from({ length: 50 }, (_, seed) => nextTryAt({ attempts: 8, createdAt: now }, now, seed));
		expect(new Set(first).size).toBeGreaterThan(48);
		const low = first.filter((at) => (at ?? 0) - now < 45 * minute).length;
		expect(low).toBeGreaterThan(5);
		expect(nextTryAt({ attempts: 4, createdAt: now }, now, 9)).toBe(nextTryAt({ attempts: 4, createdAt: now }, now, 9));
	});

	test("wait as long as the receiver asks, an hour at most, and never shorter than they would", () => {
		const wait = (retryAfter: number | null) =>
			(nextTryAt({ attempts: 1, createdAt: now }, now, 1, retryAfter) ?? 0) - now;
		expect(wait(300)).toBe(300 * second);
		expect(wait(86_400)).toBe(hour);
		expect(wait(1)).toBe(wait(null));
		expect(wait(-5)).toBe(wait(null));
	});

	test("are not put off for years by a clock that was set back", () => {
		const next = nextTryAt({ attempts: 20, createdAt: now + 4000 * day }, now, 1);
		expect(next).toBeLessThanOrEqual(now + hour);
	});
});

test("the first message goes at once, what follows within a minute waits for its end", () => {
	expect(sendAt(null, now)).toBe(now);
	expect(sendAt(now - 10 * second, now)).toBe(now + 50 * second);
	expect(sendAt(now - minute, now)).toBe(now);
	expect(sendAt(now - day, now)).toBe(now);
	expect(sendAt(now + 5 * second, now)).toBe(now + 65 * second);
	expect(sendAt(now + day, now)).toBe(now);
});

describe("reminders", () => {
	test("come a day after the opening, the last one, or the worsening", () => {
		expect(reminderAt(anAlert())).toBe(now + day);
		expect(reminderAt(anAlert({ remindedAt: now + day, reminders: 1 }))).toBe(now + 2 * day);
		expect(reminderAt(anAlert({ escalatedAt: now + 5 * hour }))).toBe(now + 5 * hour + day);
	});

	test("become weekly after seven and do not end", () => {
		expect(reminderAt(anAlert({ remindedAt: now, reminders: 6 }))).toBe(now + day);
		expect(reminderAt(anAlert({ remindedAt: now, reminders: 7 }))).toBe(now + 7 * day);
		expect(reminderAt(anAlert({ remindedAt: now, reminders: 90 }))).toBe(now + 7 * day);
	});

	test("do not come of what is over, under another alert, mild or acknowledged until it is over", () => {
		const silent = [
			anAlert({ resolvedAt: now }),
			anAlert({ parentId: 3 }),
			anAlert({ severity: "info" }),
			anAlert({ acknowledgedAt: now }),
		];
		expect(silent.map(reminderAt)).toEqual([null, null, null, null]);
	});

	test("come of what was there before the monitor, a day later: it is still open", () => {
		expect(reminderAt(anAlert({ isMuted: true, openedAt: now }))).toBe(now + day);
	});

	test("come at the end of a snooze and of a dated acknowledgement, once", () => {
		expect(reminderAt(anAlert({ snoozedUntil: now + 3 * day }))).toBe(now + 3 * day);
		expect(reminderAt(anAlert({ acknowledgedAt: now, acknowledgedUntil: now + 9 * day }))).toBe(now + 9 * day);
		const reminded = anAlert({ snoozedUntil: now + 3 * day, remindedAt: now + 3 * day, reminders: 1 });
		expect(reminderAt(reminded)).toBe(now + 4 * day);
	});
});

describe("silence", () => {
	test("lasts while an alert is acknowledged or snoozed, and while another one speaks for it", () => {
		expect(isSilent(anAlert(), now)).toBe(false);
		expect(isSilent(anAlert({ acknowledgedAt: now - day }), now)).toBe(true);
		expect(isSilent(anAlert({ acknowledgedAt: now - day, acknowledgedUntil: now + 1 }), now)).toBe(true);
		expect(isSilent(anAlert({ acknowledgedAt: now - day, acknowledgedUntil: now }), now)).toBe(false);
		expect(isSilent(anAlert({ snoozedUntil: now + 1 }), now)).toBe(true);
		expect(isSilent(anAlert({ snoozedUntil: now }), now)).toBe(false);
		expect(isSilent(anAlert({ parentId: 1 }), now)).toBe(true);
		expect(isSilent(anAlert({ isMuted: true }), now)).toBe(true);
	});

	test("is broken by worse news and by the end, not by a reminder", () => {
		const told = (alert: ReturnType<typeof anAlert>) =>
			(["opened", "escalated", "reminder", "resolved"] as const).filter((event) => isTold(event, alert, now));
		expect(told(anAlert())).toEqual(["opened", "escalated", "reminder", "resolved"]);
		expect(told(anAlert({ acknowledgedAt: now - day }))).toEqual(["escalated", "resolved"]);
		expect(told(anAlert({ snoozedUntil: now + day }))).toEqual(["escalated", "resolved"]);
		expect(told(anAlert({ parentId: 4 }))).toEqual(["resolved"]);
		expect(told(anAlert({ isMuted: true }))).toEqual([]);
	});
});

describe("events of one alert that wait together", () => {
	const turns = (...names: AlertEvent["event"][]) =>
		combine(names.map((event, n) => anEvent({ event, at: now + n, sentence: event }))).map(({ turn }) => turn);

	test("come to what is true at their end", () => {
		expect(turns("opened")).toEqual(["opened"]);
		expect(turns("opened", "escalated")).toEqual(["opened"]);
		expect(turns("opened", "reminder", "reminder")).toEqual(["opened"]);
		expect(turns("escalated", "reminder")).toEqual(["escalated"]);
		expect(turns("reminder", "reminder")).toEqual(["reminder"]);
		expect(turns("opened", "resolved")).toEqual(["over"]);
		expect(turns("opened", "escalated", "reminder", "resolved")).toEqual(["over"]);
		expect(turns("reminder", "resolved")).toEqual(["resolved"]);
	});

	test("are told in the words of the newest, whatever their order", () => {
		const events = [
			anEvent({ event: "escalated", at: now, sentence: "worse", severity: "critical" }),
			anEvent({ event: "opened", at: now - hour, sentence: "bad", severity: "warning" }),
		];
		expect(combine(events)).toMatchObject([{ turn: "opened", event: { sentence: "worse", severity: "critical" } }]);
		const [story] = combine([anEvent({ event: "resolved", at: now, sentence: "x" }), ...events]);
		expect(story).toMatchObject({ turn: "over", event: { event: "resolved" }, trouble: { sentence: "worse" } });
	});

	test("never swallow an alert, and make one story each", () => {
		const eventArb = fc.record({
			alertId: fc.integer({ min: 1, max: 5 }),
			event: fc.constantFrom<AlertEvent["event"]>("opened", "escalated", "reminder", "resolved"),
			at: fc.integer({ min: now - day, max: now }),
		});
		fc.assert(
			fc.property(fc.array(eventArb, { maxLength: 20 }), (some) => {
				const stories = combine(some.map((one) => anEvent(one)));
				expect(stories.map(({ event }) => event.alertId)).toEqual([...new Set(some.map(({ alertId }) => alertId))]);
			}),
			{ numRuns: 300 },
		);
	});
});
