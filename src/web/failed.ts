// What the client is told of an error that nobody thought of: a number, which the log has with the details.
import { messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import { answerJson } from "./respond.ts";

export function failed(headers: Record<string, string>, error: unknown): Response {
	const told = error instanceof Error ? (error.stack ?? messageOf(error)) : String(error);
	// The same for the same error, so that it is found in the log where only the first of many is written.
	const id = Bun.hash.xxHash32(told).toString(16).padStart(8, "0");
	logGrouped(`internal error ${id}`, `internal error ${id}: ${told}`);
	return answerJson(headers, 500, { error: `Internal error ${id}; the log has the details.` });
}
