// The title of a message: short and with the job in front, for a phone's locked screen.
import type { MessageContext } from "./message.ts";
import { cut, firstClause } from "./message-clean.ts";
import { isOver, type Story } from "./message-story.ts";
import { formatClock, formatNear } from "./message-time.ts";
import { isWellAgain, nameOf, phraseOf, troubleTitle } from "./message-words.ts";
import { formatAge, formatDuration } from "./units.ts";

const longestTitle = 140;
/** Older news than this says so: it was kept back, or its channel could not be reached. */
const isOldAfter = 15 * 60;

export function titleOf(stories: Story[], context: MessageContext): string {
	const [first] = stories;
	if (first === undefined) return "No news";
	const title = stories.length === 1 ? titleOfOne(first, context) : titleOfMany(stories, context);
	// No-break spaces are for flowing text; a title often travels in a header.
	return cut(title.replaceAll("\u00a0", " "), longestTitle);
}

function titleOfOne(story: Story, context: MessageContext): string {
	const { event, trouble, turn } = story;
	const { now, zone } = context;
	const name = nameOf(event, context.labName ?? null);
	const seconds = (now - (turn === "escalated" ? event.at : event.openedAt)) / 1000;
	const age = seconds > isOldAfter ? ` (${formatAge(seconds)} ago)` : "";
	const what = () => cut(troubleTitle(trouble, context.labName ?? null, now, zone), longestTitle - age.length - 12);
	switch (turn) {
		case "opened":
			return what() + age;
		case "escalated":
			return `Worse: ${what()}${age}`;
		case "reminder":
			return `Still open: ${what()}`;
		case "over": {
			const began = `${name} ${phraseOf(event).was} at ${formatNear(event.openedAt, now, zone)}`;
			return isWellAgain(event)
				? `${began} and ${phraseOf(event).again} since ${formatClock(event.at, zone)}`
				: `${began}, over since ${formatClock(event.at, zone)}`;
		}
		case "resolved": {
			const open = ` (was open ${formatDuration(Math.max(0, event.at - event.openedAt) / 1000)})`;
			return cut(`Resolved: ${endOf(story, name)}`, longestTitle - open.length) + open;
		}
	}
}

/** "photos works again", or why it is over where nobody can say that. */
function endOf({ event }: Story, name: string): string {
	if (isWellAgain(event)) return `${name} ${phraseOf(event).again}`;
	const why = firstClause(event.resolution ?? "", 80);
	if (why === "") return `${name} (${event.kind.replaceAll("_", " ")})`;
	return why.startsWith(name) ? why : `${name}: ${why}`;
}

/** "3 problems: photos, db, mail", "1 problem: photos; 2 resolved: db, mail". */
function titleOfMany(stories: Story[], context: MessageContext): string {
	const open = stories.filter((story) => !isOver(story));
	const over = stories.filter(isOver);
	const parts: string[] = [];
	if (open.length > 0) parts.push(`${open.length} problem${open.length === 1 ? "" : "s"}: ${names(open, context)}`);
	if (over.length > 0) parts.push(`${over.length} resolved: ${names(over, context)}`);
	return parts.join("; ");
}

function names(stories: Story[], { labName }: MessageContext): string {
	const all = [...new Set(stories.map(({ event }) => cut(nameOf(event, labName ?? null), 24)))];
	const shown = all.length <= 4 ? all : all.slice(0, 3);
	return shown.join(", ") + (all.length > shown.length ? ` and ${all.length - shown.length} more` : "");
}
