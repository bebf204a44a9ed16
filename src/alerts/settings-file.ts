// The configuration file on disk: read when it changes; what it said last, while it was good, stays in force.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../errors.ts";
import type { Problem } from "../overview.ts";
import { noSettings, type Settings } from "../settings.ts";
import type { SettingsProblem } from "../settings-field.ts";
import { maxSettingsBytes, parseSettings, problemText } from "../settings-parse.ts";

export const settingsName = "config.yaml";
/** What the file said when it was last good: a typing error must not silence the channels at the next start. */
const goodName = ".config.good.yaml";

const lookEveryMs = 1000;

/** `text` null: there is no such file, which is fine. `reason`: it is there and cannot be read. */
export type SettingsText = { ok: true; text: string | null } | { ok: false; reason: string };

export class SettingsFile {
	readonly path: string;
	readonly #good: string;
	readonly #keeps: boolean;
	readonly #zone: string;
	#settings: Settings = noSettings;
	#problem: Problem | null = null;
	#seen = "";
	#lookedAt = Number.NEGATIVE_INFINITY;
	#hasBeenGood = false;

	/** Reads the file at once. Never throws. `keeps`: what is good is kept for the next start; the server does that alone. */
	constructor(dataDir: string, zone: string, { keeps = false } = {}) {
		this.#keeps = keeps;
		this.path = join(dataDir, settingsName);
		this.#good = join(dataDir, goodName);
		this.#zone = zone;
		this.reload();
		if (this.#problem !== null) this.#fallBack();
	}

	/** What is in force: what the file says, or said when it was last good, or nothing. */
	get settings(): Settings {
		return this.#settings;
	}

	get problem(): Problem | null {
		return this.#problem;
	}

	/** Reads the file if it has changed; asks for that at most once a second. True when settings or problem are other ones. */
	look(now: number): boolean {
		// Also when the clock went back.
		if (Math.abs(now - this.#lookedAt) < lookEveryMs) return false;
		this.#lookedAt = now;
		if (stampOf(this.path) === this.#seen) return false;
		return this.reload();
	}

	/** Reads the file, changed or not. True when settings or problem are other ones. */
	reload(): boolean {
		const [settings, title] = [this.#settings, this.#problem?.title];
		// Looked at before it is read: what is written meanwhile is read again.
		this.#seen = stampOf(this.path);
		const read = readSettingsText(this.path);
		if (!read.ok) this.#problem = this.#unusable(`${settingsName} ${read.reason}.`, 1);
		else if (read.text === null) this.#adopt(noSettings);
		else this.#take(read.text);
		return settings !== this.#settings || title !== this.#problem?.title;
	}

	#take(text: string): void {
		const { settings, problems } = parseSettings(text, this.#zone);
		const [first] = problems;
		if (first === undefined) {
			this.#adopt(settings);
			this.#keepGood(text);
		} else this.#problem = this.#unusable(titleOf(first), problems.length);
	}

	/** At a start with a bad file: what was good before the stop. */
	#fallBack(): void {
		const kept = readSettingsText(this.#good);
		if (!kept.ok || kept.text === null) return;
		const { settings, problems } = parseSettings(kept.text, this.#zone);
		if (problems.length > 0) return;
		this.#settings = settings;
		this.#hasBeenGood = true;
		this.reload();
	}

	/** Holds what config.yaml holds, secrets too: for its owner alone. */
	#keepGood(text: string): void {
		if (!this.#keeps) return;
		try {
			const kept = readSettingsText(this.#good);
			if (kept.ok && kept.text === text) return;
			writeFileSync(this.#good, text, { mode: 0o600 });
		} catch {
			// A folder that cannot be written is said elsewhere.
		}
	}

	#adopt(settings: Settings): void {
		this.#settings = settings;
		this.#problem = null;
		this.#hasBeenGood = settings !== noSettings;
	}

	#unusable(title: string, count: number): Problem {
		const others = count > 1 ? ` It is the first of ${count} problems.` : "";
		const inForce = this.#hasBeenGood
			? "What it said when it was last good stays in force."
			: "Nothing of it is in force: schedules are learned, channels come from NOTIFY_URLS.";
		const detail = `${inForce}${others} backup-monitor check lists all that is wrong; a changed file is read again by itself.`;
		// Without it nobody may be told anything: that is as bad as a full disk.
		return { id: "config", severity: this.#hasBeenGood ? "warning" : "critical", title, detail };
	}
}

function titleOf(problem: SettingsProblem): string {
	const sign = problem.path === "" ? "" : ":";
	return `${settingsName} line ${problem.line}${sign} ${problemText(problem)}`;
}

/** What tells two versions of a file apart without reading it; "" where there is none. */
function stampOf(path: string): string {
	try {
		const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
		return [dev, ino, size, mtimeMs, ctimeMs].join(" ");
	} catch (error) {
		return codeOf(error) === "ENOENT" ? "" : codeOf(error);
	}
}

/** Never waits: a pipe in its place is refused, not read. */
export function readSettingsText(path: string): SettingsText {
	let file: number;
	try {
		file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	} catch (error) {
		const code = codeOf(error);
		if (code === "ENOENT") return { ok: true, text: null };
		if (code === "EACCES" || code === "EPERM") {
			return {
				ok: false,
				reason: `may not be read by user ${process.getuid?.() ?? "?"}: chmod 640, and the right owner`,
			};
		}
		return { ok: false, reason: `cannot be opened (${code || messageOf(error)})` };
	}
	try {
		const stat = fstatSync(file);
		if (!stat.isFile()) return { ok: false, reason: "is not a plain file" };
		return decode(readWhole(file, stat));
	} catch (error) {
		return { ok: false, reason: `cannot be read (${codeOf(error) || messageOf(error)})` };
	} finally {
		closeSync(file);
	}
}

/** At most one byte more than is allowed: it shows that there is more. */
function readWhole(file: number, { size }: Stats): Uint8Array {
	const bytes = new Uint8Array(Math.min(size, maxSettingsBytes) + 1);
	let length = 0;
	while (length < bytes.length) {
		const count = readSync(file, bytes, length, bytes.length - length, length);
		if (count === 0) break;
		length += count;
	}
	return bytes.subarray(0, length);
}

function decode(bytes: Uint8Array): SettingsText {
	if (bytes.length > maxSettingsBytes) return { ok: false, reason: "is larger than 256 KiB" };
	try {
		return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
	} catch {
		return { ok: false, reason: "is not UTF-8 text; save it as UTF-8" };
	}
}
