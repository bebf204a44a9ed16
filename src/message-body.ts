// What stands in a message below its title, before it is written as text or as HTML: the same facts for both.
import type { Severity } from "./alert.ts";
import type { AlertEvent, Message, MessageContext } from "./message.ts";
import { lastLines, oneLine } from "./message-clean.ts";
import { isOver, type Story, type StoryTurn } from "./message-story.ts";
import { formatMoment, formatMomentAndAge } from "./message-time.ts";
import { nameOf } from "./message-words.ts";
import { formatBytes, formatDuration } from "./units.ts";

export type Section = {
	/** null where the title says it already. */
	heading: string | null;
	/** Finished sentences. */
	lead: string[];
	facts: [label: string, value: string][];
	log: string[];
	severity: Severity;
	isOver: boolean;
	url: string | null;
};

export type Body = {
	intro: string | null;
	sections: Section[];
	/** "and 3 more", or null. */
	more: string | null;
	/** What else is open, and the words above it. */
	also: string[];
	alsoHeading: string;
	url: string | null;
	actions: Message["actions"];
};

const mostSections = 15;
/** With more than these, a message is a list: logs would make it unreadable. */
const mostWithLogs = 4;
const mostAlso = 6;
const longestSentence = 400;
/** In a list, what sets a section apart from an opening. */
const marks: Record<StoryTurn, string> = {
	opened: "",
	escalated: "Worse: ",
	reminder: "Still open: ",
	resolved: "Resolved: ",
	over: "Resolved: ",
};

/** Everything in it is clean and bounded; what renders it only has to escape. */
export function bodyOf(
	stories: Story[],
	context: MessageContext,
): Pick<Body, "sections" | "more" | "also" | "alsoHeading"> {
	const shown = stories.slice(0, mostSections);
	const logLines = stories.length === 1 ? 10 : stories.length <= mostWithLogs ? 3 : 0;
	const left = stories.length - shown.length;
	return {
		sections: shown.map((story) => sectionOf(story, context, stories.length === 1, logLines)),
		more: left === 0 ? null : `and ${left} more`,
		also: alsoOpen(stories),
		alsoHeading: "Also open",
	};
}

function sectionOf(story: Story, context: MessageContext, isAlone: boolean, logLines: number): Section {
	const { event, trouble } = story;
	const over = isOver(story);
	return {
		heading: isAlone ? null : marks[story.turn] + nameOf(event, context.labName ?? null),
		lead: leadOf(story),
		facts: factsOf(story, context, isAlone),
		log: over ? [] : lastLines(trouble.run?.log ?? null, logLines, logLines * 80),
		severity: event.severity,
		isOver: over,
		url: urlOf(event, context.publicUrl),
	};
}

function leadOf({ turn, event, trouble }: Story): string[] {
	const sentence = oneLine(trouble.sentence, longestSentence);
	const resolution = oneLine(event.resolution ?? "", longestSentence) || "It is over.";
	const lead = turn === "resolved" ? [resolution] : turn === "over" ? [sentence, resolution] : [sentence];
	return lead.filter((text) => text !== "");
}

function factsOf(story: Story, context: MessageContext, isAlone: boolean): [string, string][] {
	const { turn, event, trouble } = story;
	const { now, zone } = context;
	const facts: [string, string][] = [];
	if (isAlone && event.job !== null) {
		const { name, title, host } = event.job;
		const called = oneLine(title ?? "", 80);
		const place = host === "" ? "" : ` on ${oneLine(host, 64)}`;
		facts.push(["Job", (called === "" ? oneLine(name, 64) : `${called} (${oneLine(name, 64)})`) + place]);
	}
	if (isOver(story)) {
		if (turn === "resolved" && isAlone) facts.push(["It was", oneLine(trouble.sentence, longestSentence)]);
		const open = formatDuration(Math.max(0, event.at - event.openedAt) / 1000);
		const span = `${formatMoment(event.openedAt, now, zone)} to ${formatMoment(event.at, now, zone)}`;
		facts.push(["Open", `${open}, ${span}`]);
		return facts;
	}
	const began = turn === "escalated" ? event.at : event.openedAt;
	facts.push([turn === "reminder" ? "Open since" : "When", formatMomentAndAge(began, now, zone)]);
	const run = runOf(trouble, context);
	if (isAlone && run !== "") facts.push(["This run", run]);
	if (event.job !== null) {
		const { lastGood } = event;
		facts.push(["Last good run", lastGood === null ? "none yet" : formatMomentAndAge(lastGood.at, now, zone)]);
	}
	return facts;
}

function runOf({ run }: AlertEvent, { now, zone, units }: MessageContext): string {
	if (run === null) return "";
	const parts = [`began ${formatMoment(run.startedAt, now, zone)}`];
	if (run.duration !== null) parts.push(`took ${formatDuration(run.duration)}`);
	if (run.size !== null) parts.push(formatBytes(run.size, units));
	return parts.join(", ");
}

/** As the newest event knew it, without what the message itself tells. */
function alsoOpen(stories: Story[]): string[] {
	const newest = stories.map(({ event }) => event).reduce((a, b) => (b.at >= a.at ? b : a));
	const told = stories.flatMap(({ event, trouble }) =>
		[event.job?.name, event.job?.title].map((name) => ({
			name: oneLine(name ?? "", longestSentence),
			sentence: oneLine(trouble.sentence, longestSentence),
		})),
	);
	const isNew = (text: string) =>
		!told.some(({ name, sentence }) => sentence !== "" && text.startsWith(name) && text.endsWith(sentence));
	const all = newest.alsoOpen
		.map((text) => oneLine(text, longestSentence))
		.filter((text) => text !== "" && isNew(text));
	const shown = all.length <= mostAlso + 1 ? all : all.slice(0, mostAlso);
	return all.length > shown.length ? [...shown, `and ${all.length - shown.length} more`] : shown;
}

/** The page that says more: the job's, or that of all alerts. */
export function urlOf({ job }: Pick<AlertEvent, "job">, publicUrl: string | null): string | null {
	if (publicUrl === null) return null;
	return publicUrl + (job === null ? "/alerts" : `/jobs/${encodeURIComponent(job.slug.toWellFormed())}`);
}
