// Errors that are meant for people. Anything else that is thrown is a bug.

export type ErrorCode = "usage" | "invalid" | "denied" | "conflict" | "missing" | "unavailable" | "full";

/** Says what was expected, what came, and what to do. `code` is mapped to an exit code or a status once, at the door. */
export class AppError extends Error {
	readonly code: ErrorCode;

	constructor(code: ErrorCode, message: string, cause?: unknown) {
		super(message, { cause });
		this.code = code;
	}
}

/** A report that cannot be taken: which one of several (from 0), which field, and why. */
export class InvalidReport extends AppError {
	readonly details: { index: number | null; field: string | null; reason: string };

	constructor(details: InvalidReport["details"]) {
		const where = details.index === null ? "" : `element ${details.index}: `;
		super("invalid", `${where}${[details.field, details.reason].filter(Boolean).join(" ")}`);
		this.details = details;
	}
}

export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system or SQLite error ("ENOENT", "SQLITE_BUSY"), or "". */
export function codeOf(error: unknown): string {
	return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}
