// One thing that the doctor looked at: good, to be known, or to be mended and how.

export type Finding = { state: "good" | "note" | "bad"; text: string; fix?: string };

export const good = (text: string): Finding => ({ state: "good", text });
/** Nothing is broken; somebody should know all the same. */
export const note = (text: string, fix: string): Finding => ({ state: "note", text, fix });
export const bad = (text: string, fix: string): Finding => ({ state: "bad", text, fix });

/** What no change of owner or permission of the last name in a path mends. */
export function unreachable(code: string): string {
	if (code === "ENOTDIR") return "cannot exist: a part of its path is a file";
	if (code === "ELOOP") return "is a symbolic link that leads to itself";
	if (code === "ENAMETOOLONG") return "has a name that is too long";
	if (code === "EACCES") return `lies in a folder that user ${user()} may not enter`;
	return `cannot be looked at (${code || "unknown error"})`;
}

export const user = (): number | "?" => process.getuid?.() ?? "?";
