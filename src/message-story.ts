// What several events of the same alert come to when they are told in one message.
import { compareSeverities } from "./alert.ts";
import type { AlertEvent } from "./message.ts";

/** `over`: it began and ended before anything of it was told. The others are what the event's name says. */
export type StoryTurn = AlertEvent["event"] | "over";

export type Story = {
	turn: StoryTurn;
	/** The newest event: its words are what is true now. */
	event: AlertEvent;
	/** Words of the trouble itself: of the newest event that is not its end. */
	trouble: AlertEvent;
};

/**
 * One story for each alert, in the order in which they began. What was overtaken while it waited is not told as if it were
 * news: opened and worse is an opening of the worse, opened and resolved is one sentence with both.
 */
export function combine(events: readonly AlertEvent[]): Story[] {
	const byAlert = new Map<number, AlertEvent[]>();
	for (const event of events) byAlert.set(event.alertId, [...(byAlert.get(event.alertId) ?? []), event]);
	return [...byAlert.values()].map((own) => storyOf(own.toSorted((a, b) => a.at - b.at)));
}

function storyOf(events: AlertEvent[]): Story {
	const event = events.find((one) => one.event === "resolved") ?? events.at(-1);
	if (event === undefined) throw new Error("A story has at least one event");
	const trouble = events.findLast((one) => one.event !== "resolved") ?? event;
	const has = (name: AlertEvent["event"]) => events.some((one) => one.event === name);
	return { event, trouble, turn: turnOf(has) };
}

function turnOf(has: (name: AlertEvent["event"]) => boolean): StoryTurn {
	if (has("resolved")) return has("opened") ? "over" : "resolved";
	if (has("opened")) return "opened";
	return has("escalated") ? "escalated" : "reminder";
}

export function isOver({ turn }: Story): boolean {
	return turn === "over" || turn === "resolved";
}

/** What is open before what is over, the worst first; else as they came. */
export function worstFirst(stories: readonly Story[]): Story[] {
	return stories.toSorted(
		(a, b) => Number(isOver(a)) - Number(isOver(b)) || compareSeverities(b.event.severity, a.event.severity),
	);
}
