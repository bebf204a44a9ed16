// From the store to people: the configuration file, the watch, the outbox and the heartbeat, looked at once a second.
import type { Database } from "bun:sqlite";
import type { Finding } from "../alert.ts";
import type { Config } from "../config.ts";
import { codeOf, messageOf } from "../errors.ts";
import type { Outage } from "../judge.ts";
import { log, logGrouped } from "../log.ts";
import type { MessageContext } from "../message.ts";
import type { Problem } from "../overview.ts";
import type { Settings } from "../settings.ts";
import { readOldestUndelivered } from "../store/deliveries.ts";
import { readMeta, writeMeta } from "../store/meta.ts";
import { type Channels, channelsOf } from "./channel-list.ts";
import { Deliverer } from "./deliver.ts";
import { DigestMaker } from "./digest-maker.ts";
import { Heartbeat } from "./heartbeat.ts";
import { readLinkKey } from "./link-key.ts";
import { brokenChannels, rejectedInput } from "./own-findings.ts";
import { heartbeatUntaken, undelivered, unjudgeable, unjudgedFor } from "./own-problems.ts";
import { SettingsFile } from "./settings-file.ts";
import { Watch, type WatchLook } from "./watch.ts";

const tickMs = 1000;
const ownFindingsForMs = 30_000;
const channelsAgainMs = 60_000;

export type AlertingOptions = {
	config: Config;
	clock: () => number;
	/** Milliseconds of a clock that never jumps. */
	monotonic?: () => number;
	/** The open, writable database once everything that came meanwhile is read; else null. */
	db: () => Database | null;
	outages: () => readonly Outage[];
	/** Whether nothing critical is wrong with the monitor itself. */
	isWell: () => boolean;
	/** Reports that are refused at the door, as a finding. */
	refused: (now: number) => Finding[];
	/** Something that a page shows has changed. */
	onChange: () => void;
};

export class Alerting {
	readonly #options: AlertingOptions;
	readonly #monotonic: () => number;
	/** When the jobs were looked at last, by the clock that never jumps. */
	#judgedAt: number;
	/** What the channels refused before is to be tried once more. */
	#isReviving = false;
	readonly #file: SettingsFile;
	readonly #watch: Watch;
	readonly #deliverer: Deliverer;
	readonly #digest: DigestMaker;
	readonly #heartbeat: Heartbeat;
	#channels: Channels;
	/** When those that cannot be used were tried last. */
	#channelsAt = Number.NEGATIVE_INFINITY;
	#db: Database | null = null;
	#announced = 0;
	#own: { at: number; findings: Finding[] } = { at: Number.NEGATIVE_INFINITY, findings: [] };
	#undeliveredSince: number | null = null;
	#address: string | null = null;
	#linkKey: Uint8Array | null = null;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#isStopped = false;

	constructor(options: AlertingOptions) {
		this.#options = options;
		const { config, clock } = options;
		this.#monotonic = options.monotonic ?? (() => performance.now());
		this.#judgedAt = this.#monotonic();
		this.#file = new SettingsFile(config.dataDir, config.zone, { keeps: true });
		this.#sayProblems();
		this.#channels = channelsOf(config, this.#file.settings);
		this.#watch = new Watch({
			zone: config.zone,
			units: { iec: config.units === "iec" },
			retentionDays: config.retentionDays,
			audience: () => ({ settings: this.settings, channels: this.#channels.settings }),
			outages: options.outages,
			ownFindings: (db, now) => this.#ownFindings(db, now),
		});
		this.#deliverer = new Deliverer({
			channels: () => this.#channels.byName,
			context: () => this.context(),
			clock,
			onChange: () => {
				// A channel that works again, or does not any more, is a finding.
				this.#own.at = Number.NEGATIVE_INFINITY;
				this.#watch.wake();
				options.onChange();
			},
		});
		this.#digest = new DigestMaker(config.zone);
		this.#heartbeat = new Heartbeat(config.heartbeatUrl);
	}

	/** What the configuration file says, or said when it was last good. */
	get settings(): Settings {
		return this.#file.settings;
	}

	/** All channels there are: of the file, then of NOTIFY_URLS. */
	get channels(): Channels {
		return this.#channels;
	}

	/** What is wrong with the file, the channels or the outbox. */
	problems(now: number): Problem[] {
		const problems: Problem[] = [...this.#channels.problems];
		if (this.#file.problem !== null) problems.push(this.#file.problem);
		problems.push(
			...unjudgeable(this.#watch.unjudgeable),
			...unjudgedFor(this.#monotonic() - this.#judgedAt),
			...undelivered(this.#undeliveredSince, now),
			...heartbeatUntaken(this.#heartbeat.error),
		);
		return problems;
	}

	/** Where and how messages are written. */
	context(): MessageContext {
		const { config, clock } = this.#options;
		return {
			now: clock(),
			zone: config.zone,
			units: { iec: config.units === "iec" },
			publicUrl: config.publicUrl ?? this.#address,
			linkKey: this.#linkKey,
		};
	}

	get linkKey(): Uint8Array | null {
		return this.#linkKey;
	}

	/** Remembers the address that a browser reached this server at, for the links in messages. */
	noteAddress(address: string): void {
		if (address === this.#address || this.#options.config.publicUrl !== null) return;
		this.#address = address;
		const db = this.#options.db();
		if (db === null) return;
		try {
			writeMeta(db, "address", address);
		} catch (error) {
			logGrouped("address", `cannot keep the address of this server: ${messageOf(error)}`);
		}
	}

	/** Reads what it needs; then `tick` may be called. */
	open(): void {
		this.#linkKey = readLinkKey(this.#options.config.dataDir);
	}

	/** Looks once a second until it is stopped. */
	start(): void {
		this.open();
		this.#schedule(0);
	}

	/** Resolves when nothing is being sent. */
	sent(): Promise<void> {
		return this.#deliverer.sent();
	}

	/** Looks as soon as nothing else is to be done: something was stored or decided. */
	wake(): void {
		this.#watch.wake();
		this.#own.at = Number.NEGATIVE_INFINITY;
		if (this.#isStopped || this.#timer === null) return;
		clearTimeout(this.#timer);
		this.#schedule(0);
	}

	/** A test was taken: what the channel refused before may go now. */
	noteWorks(channel: string): void {
		if (this.#db !== null) this.#deliverer.revive(this.#db, channel, this.#options.clock());
	}

	/** Reads the configuration file now, changed or not. */
	reload(): void {
		this.#file.reload();
		this.#adoptSettings();
	}

	async stop(): Promise<void> {
		this.#isStopped = true;
		if (this.#timer !== null) clearTimeout(this.#timer);
		await this.#deliverer.stop(500);
	}

	#schedule(delay: number): void {
		if (this.#isStopped) return;
		this.#timer = setTimeout(() => {
			let more = false;
			try {
				more = this.tick();
			} catch (error) {
				// A locked or full database: looked at again in a second. What nobody thought of must not end the watch.
				const isStore = codeOf(error).startsWith("SQLITE");
				const what = isStore || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
				logGrouped(`watch ${codeOf(error)}`, `${isStore ? "cannot judge" : "internal error"}: ${what}`);
			}
			this.#schedule(more ? 0 : tickMs);
		}, delay);
	}

	/** One look at everything. True when there is more to do at once. */
	tick(): boolean {
		const { clock, db: open, isWell, onChange } = this.#options;
		const now = clock();
		if (this.#file.look(now)) this.#adoptSettings();
		this.#lookAtUnusable(now);
		this.#heartbeat.tick(isWell(), this.#monotonic());
		const db = open();
		if (db === null) {
			this.#db = null;
			return false;
		}
		if (db !== this.#db) this.#adopt(db);
		if (this.#isReviving) {
			this.#deliverer.revive(db, null, now);
			this.#isReviving = false;
		}
		const { changed, more } = this.judge(now) ?? { changed: false, more: false };
		if (this.#digest.tick(db, this.settings, this.#channels.settings, now)) this.#deliverer.wake();
		if (this.#watch.announced !== this.#announced) {
			this.#announced = this.#watch.announced;
			this.#deliverer.wake();
		}
		this.#deliverer.tick(db, now);
		this.#judgedAt = this.#monotonic();
		if (changed) onChange();
		return more;
	}

	/** What one look at the jobs costs and does; null while no database is open. */
	judge(now: number): WatchLook | null {
		return this.#db === null ? null : this.#watch.tick(this.#db, now);
	}

	#adopt(db: Database): void {
		this.#db = db;
		this.#address ??= readMeta<string>(db, "address");
		this.#watch.restart();
		this.#deliverer.forget();
		this.#isReviving = true;
		this.#own.at = Number.NEGATIVE_INFINITY;
	}

	/** In the log too: who edits a file over ssh does not look at a page. */
	#sayProblems(): void {
		const problem = this.#file.problem;
		if (problem !== null) log(`${problem.title} ${problem.detail}`);
	}

	/** Called when the configuration file says something else. */
	onSettings: () => void = () => {};

	#adoptSettings(): void {
		this.onSettings();
		this.#sayProblems();
		this.#useChannels(channelsOf(this.#options.config, this.#file.settings));
	}

	/** A secret that was not there yet, at the start of a machine, may be by now. */
	#lookAtUnusable(now: number): void {
		if (this.#channels.problems.length === 0 || Math.abs(now - this.#channelsAt) < channelsAgainMs) return;
		this.#channelsAt = now;
		const channels = channelsOf(this.#options.config, this.#file.settings);
		if (channels.problems.length < this.#channels.problems.length) this.#useChannels(channels);
	}

	#useChannels(channels: Channels): void {
		this.#channels = channels;
		this.#watch.restart();
		this.#deliverer.wake();
		this.#isReviving = true;
		this.#options.onChange();
	}

	/** Asked every second, looked up every few: they are not urgent and the database need not be asked. */
	#ownFindings(db: Database, now: number): Finding[] {
		if (Math.abs(now - this.#own.at) < ownFindingsForMs) return this.#own.findings;
		this.#undeliveredSince = readOldestUndelivered(db);
		const names = new Set(this.#channels.byName.keys());
		const watchedSince = readMeta<number>(db, "watched") ?? now;
		const findings = [
			...rejectedInput(db, watchedSince, now),
			...brokenChannels(db, names, now),
			...this.#options.refused(now),
		];
		this.#own = { at: now, findings };
		return findings;
	}
}
