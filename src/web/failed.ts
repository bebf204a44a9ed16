// What the client is told of an error that nobody thought of: a number, which the log has with the details.
import { logGrouped } from "../log.ts";
import { answerJson } from "./respond.ts";

export function failed(headers: Record<string, string>, error: unknown): Response {
	// Whoever hung up in the middle of his body made no error of ours, and hears no answer.
	if (error instanceof Error && error.name === "AbortError") {
		return answerJson(headers, 400, { error: "The request was broken off." });
	}
	const told = error instanceof Error ? error.stack || `${error.name}: ${error.message}` : String(error);
	// The same for the same error, so that it is found in the log where only the first of many is written.
	const id = Bun.hash.xxHash32(told).toString(16).padStart(8, "0");
	logGrouped(`internal error ${id}`, `internal error ${id}: ${told}`);
	return answerJson(headers, 500, { error: `Internal error ${id}; the log has the details.` });
}
