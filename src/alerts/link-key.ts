// The key that signs the links in messages: made once, kept in the data folder, readable by its owner only.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import { readIfThere, syncFile } from "../store/files.ts";

const keyFile = "link-key";

/** 32 bytes; null where the folder holds none and cannot be written: messages have no such links then. */
export function readLinkKey(dataDir: string): Uint8Array | null {
	const path = join(dataDir, keyFile);
	try {
		const kept = Buffer.from((readIfThere(path) ?? "").trim(), "hex");
		if (kept.length === 32) return kept;
		const key = crypto.getRandomValues(new Uint8Array(32));
		writeFileSync(path, `${Buffer.from(key).toString("hex")}\n`, { mode: 0o600 });
		syncFile(path);
		return key;
	} catch (error) {
		logGrouped("link-key", `messages carry no links to acknowledge with: ${messageOf(error)}`);
		return null;
	}
}
