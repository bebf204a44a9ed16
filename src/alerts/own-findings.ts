// What is wrong around the monitor itself and worth a message: lines that cannot be read, channels that do not work.
import type { Database } from "bun:sqlite";
import type { Alert, AlertEventName, AlertKind, Finding } from "../alert.ts";
import { readOpenAlertsOf } from "../store/alerts.ts";
import { readChannelHealth } from "../store/deliveries.ts";
import { readNewestRejected } from "../store/rejected.ts";
import { plural } from "../units.ts";
import { applyFindings } from "./apply-findings.ts";
import type { Said } from "./silent-hosts.ts";

const dayMs = 86_400_000;
/** A channel that fails for a moment is tried again; one that fails this long is broken. */
const brokenAfterMs = 600_000;

/** Open for a day after the newest such line: whoever mends the script is told so by silence. */
export function rejectedInput(db: Database, watchedSince: number, now: number): Finding[] {
	const newest = readNewestRejected(db, Math.max(watchedSince, now - dayMs));
	if (newest === null || newest.seenAt > now + dayMs) return [];
	const { count, source, line, reason, firstAt } = newest;
	const name = source.split("/").at(-1) ?? source;
	const others = count === 1 ? "" : ` ${plural(count - 1, "other")} in the last 24\u00a0h.`;
	const sentence = `Line ${line} of ${name} could not be read: it ${reason.slice(0, 200)}.${others}`;
	return [{ kind: "rejected_input", key: source, severity: "warning", sentence, runId: null, since: firstAt }];
}

export function brokenChannels(db: Database, names: ReadonlySet<string>, now: number): Finding[] {
	return readChannelHealth(db).flatMap(({ name, failingSince, error, isRefused }) => {
		if (failingSince === null || !names.has(name)) return [];
		if (!isRefused && now - failingSince < brokenAfterMs) return [];
		const sentence = `Channel ${name} does not take messages: ${error ?? "no reason was given"}`;
		return [{ kind: "channel_broken", key: name, severity: "critical", sentence, runId: null, since: failingSince }];
	});
}

const ownKinds: readonly AlertKind[] = ["rejected_input", "refused_reports", "channel_broken"];

/** Brings the alerts about the monitor itself into line with what is wrong; what is to be told. Needs a transaction. */
export function applyOwnFindings(db: Database, findings: Finding[], now: number): Said[] {
	const open = readOpenAlertsOf(db, 0).filter(({ kind }) => ownKinds.includes(kind));
	const said: Said[] = [];
	const how = {
		isHistory: false,
		isSilent: false,
		ended: () => "It has not happened again.",
		announce: (alert: Alert, event: AlertEventName) => said.push({ alertId: alert.id, event }),
	};
	applyFindings(db, 0, open, findings, how, now);
	return said;
}
