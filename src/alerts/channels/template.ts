// A user's own wording of a message: placeholders without logic, checked before the first message needs it.
import type { EventData, Message, MessageData } from "../../message.ts";
import { usage } from "./channel.ts";

/** Names that a template may use, each with its value for one message. */
const values: Record<string, (message: Message, first: EventData | undefined) => string> = {
	title: ({ title }) => title,
	text: ({ text }) => text,
	severity: ({ severity }) => severity,
	resolved: ({ isResolved }) => String(isResolved),
	url: ({ url }) => url ?? "",
	type: ({ data }) => data.type,
	job: (_, first) => first?.job ?? "",
	host: (_, first) => first?.host ?? "",
	event: (_, first) => first?.event ?? "",
	kind: (_, first) => first?.kind ?? "",
	sentence: (_, first) => first?.sentence ?? "",
	resolution: (_, first) => first?.resolution ?? "",
	at: (_, first) => first?.at ?? "",
	opened_at: (_, first) => first?.opened_at ?? "",
	last_success_at: (_, first) => first?.last_success_at ?? "",
	acknowledge_url: ({ actions }) => actions?.acknowledge ?? "",
	snooze_url: ({ actions }) => actions?.snooze ?? "",
};

const placeholder = /\{([a-z_]+)\}/g;

export type Template = { isJson: boolean; render: (message: Message) => string };

/**
 * Reads a template. One that begins with { or [ is JSON, and stays JSON whatever a job is called; its placeholders stand
 * inside quotes. Throws AppError "usage" where a placeholder does not exist or the JSON is none.
 */
export function parseTemplate(text: string): Template {
	for (const [, name = ""] of text.matchAll(placeholder)) {
		if (!Object.hasOwn(values, name)) {
			throw usage(`There is no placeholder {${name}} for a template: ${Object.keys(values).join(", ")}`);
		}
	}
	const isJson = /^\s*(?:\{\s*["}]|\[)/.test(text);
	const encode = isJson
		? (value: string) => JSON.stringify(value.toWellFormed()).slice(1, -1)
		: (value: string) => value;
	const render = (message: Message) => {
		const [first] = message.data.events;
		return text.replace(placeholder, (_, name: string) => encode(values[name]?.(message, first) ?? ""));
	};
	if (isJson) {
		try {
			JSON.parse(render(sample));
		} catch {
			throw usage('The template begins as JSON and is none: placeholders stand inside quotes ("{title}")');
		}
	}
	return { isJson, render };
}

const data: MessageData = {
	version: 1,
	type: "test",
	title: "",
	severity: "info",
	resolved: false,
	url: null,
	events: [],
};
const sample: Message = {
	title: 'a "title"',
	text: "two\nlines",
	html: "",
	severity: "info",
	isResolved: false,
	threadId: "",
	url: null,
	actions: null,
	data,
};
