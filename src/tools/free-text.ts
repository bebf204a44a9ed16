// Sentences that a NAS or a check sends as free text: one message, no exit status, a few words that decide.
import type { Words } from "./ending.ts";

export type Sentence = { words: Words; text: string; job: string | null };

// Checked in this order: "not successful" and "completed with errors" contain the words of a success.
const bad =
	/\b(?:fail(?:ed|ure|s)?|unsuccessful(?:ly)?|not (?:successful|completed?)|could not|couldn't|cannot|can't|aborted|cancell?ed|interrupted|critical|errors?|fehlgeschlagen|nicht erfolgreich|abgebrochen|fehler|échoué|échec|erreur|fallado|fallido|fallita|mislukt)(?![\w-])/i;
const doubtful = /\b(?:warnings?|partial(?:ly)?|with (?:issues|exceptions)|warnung(?:en)?|teilweise)\b/i;
const good =
	/\b(?:success(?:ful(?:ly)?)?|succeeded|completed|finished|erfolgreich|abgeschlossen|réussie?|avec succès|correctamente|con éxito|completato|voltooid)(?![\w-])/i;
/** What the sentence has to be about before it may count as a success. */
const subject =
	/\b(?:back(?:ed)?[ -]?up|backup|task|job|replication|sync|snapshot|sicherung\w*|datensicherung\w*|aufgabe|sauvegarde|tâche|copia|respaldo|back-up|scrub|archive|dump)\b/i;
const none = /\b(?:0|no|without(?: any)?|keine?) (?:errors?|failures?|warnings?|fehler)\b/gi;

/** What a message says; null words where it says neither. */
export function readSentence(message: string): Sentence {
	const text = plain(message).slice(0, 4000);
	const judged = text.replace(none, "");
	const job = /(?:task|job|aufgabe) \[([^\]]{1,64})\]/i.exec(text)?.[1] ?? null;
	let words: Words = null;
	if (bad.test(judged)) words = "failure";
	else if (good.test(judged) && subject.test(judged)) words = doubtful.test(judged) ? "warning" : "success";
	else if (doubtful.test(judged) && subject.test(judged)) words = "warning";
	return { words, text, job };
}

/** Without markup; TrueNAS writes `<br>` and lists into its Slack messages. */
function plain(message: string): string {
	return message
		.slice(0, 20_000)
		.replace(/<(?:br|\/?li|\/?ul|\/?p)\b[^>]{0,80}>/gi, "\n")
		.replace(/<[^<>]{1,200}>/g, "")
		.replace(/[ \t]+/g, " ")
		.replace(/ ?\n\s*/g, "\n")
		.trim();
}

const status = /^(?:[\w .-]{1,40} )?(OK|WARN(?:ING)?|CRIT(?:ICAL)?|UNKNOWN)(?::| -) (.{1,4000})$/;

/**
 * The one line of a Nagios plugin: "CRIT: tank/data newest daily snapshot is 4d old (should be < 1d 8h)". Only where it
 * is all there is: a script may well begin with "OK: starting".
 */
export function readNagios(text: string): (Sentence & { isFreshness: boolean }) | null {
	const line = text.trim();
	const match = status.exec(line);
	if (match === null) return null;
	const level = match[1] ?? "";
	return {
		words: level === "OK" ? "success" : level.startsWith("WARN") ? "warning" : "failure",
		text: line,
		job: null,
		// sanoid --monitor-snapshots looks at what is there; it makes no backup.
		isFreshness: /snapshots?\b.*is .{1,80} old \(should be|have fresh snapshots$|all pools are healthy/i.test(line),
	};
}
