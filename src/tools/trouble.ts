// What a text complains of beside an exit status of 0: a script's status is its last command's, a pipe's is its last part's. Pure.
import { errorCategory } from "./error-category.ts";
import { edgesOf, readLines } from "./text.ts";

export type Trouble = { message: string; category: string };

/** Programs that scripts tidy up with: that something is not there is no trouble of theirs. */
const tidying =
	/^(?:\/\S*\/)?(?:rm|rmdir|ls|mkdir|umount|mountpoint|ln|test|\[|which|kill|pkill|killall|chown|chmod|stat|find|systemctl|docker|crontab|logger|modprobe): /;
/** "bash: line 1: restic: command not found", "./backup.sh: 3: pg_dump: not found". */
const notFound =
	/^(?:[^:：\n]{1,100}(?:: |：)){1,4}(?:(?:command )?not found|(?:Befehl|Kommando) nicht gefunden\.?|commande introuvable|orden no encontrada|comando non trovato|команда не найдена|未找到命令|コマンドが見つかりません|polecenie nie odnalezione|opdracht niet gevonden|comando não encontrado|kommandot finns inte)$/;
const killed =
	/^(?:Killed|Terminated|Aborted|Segmentation fault|Bus error|Out of memory|Keyboard ?interrupt|Received SIG[A-Z]+\.?)(?: \(core dumped\))?$|: (?:\d+ )?Killed\s{2,}\S/i;
const crashed = /^(?:.*: )?Traceback \((?:most recent call|innermost) last\):$|^panic: |^Exception in thread "/;
const levelled =
	/^(?:\[?(?:(?:CRITICAL |FATAL )?ERROR|FATAL|CRITICAL|EMERG|Fatal|DANGER)\]?(?:[:!]| -| \[|(?<=ERROR|FATAL) )|(?:(?:Fatal )?[Ee]rror(?: =>| response from daemon)?|fatal|[a-z]+ failed): |Fatal error => |!!! )\s*(.+)$/;
/** A sentence about the work as a whole, in a script's own words. */
const undone =
	/^\W{0,8}(?:[\p{L}\d'"/.:_-]{1,60} ){0,6}?(?:back-?ups?|\p{L}{0,12}sicherung|sauvegarde|copia|respaldo|dump|sync(?:hroni[sz]ation)?|replication|snapshot|upload|archive)\b[^.:\n]{0,60}\b(?:failed|unsuccessful|not successful|aborted|fehlgeschlagen|abgebrochen|gescheitert|fallido|fallita|mislukt)(?![\p{L}]|: ?0)/iu;
const unable =
	/^(?:can(?:not|'t)|could(?: not|n't)|unable to|failed to (?!stop|start|restart|disable|enable|kill|reset|get unit|connect to bus)) ?\S/i;
/** A program's name, or a call of the system that failed, before its sentence. */
const named =
	/^(?:(?:\/\S*\/)?[\w.+-]{2,40}(?: [\w-]{1,20})?(?:\[\d+\])?|(?:open|l?stat|mkdir|read|write|dial) \S{1,400}): \S/;
const usage = /^(?:unknown (?:command|flag|shorthand)|[^\s:]+: (?:unrecognized|invalid|unknown|illegal) option)\b/i;
const nothing = /^(?:0|none|no(?: \w+)? errors?|keine)\b/i;
const grave = new Set([
	"auth",
	"repo_locked",
	"dest_full",
	"network",
	"repo_corrupt",
	"repo_missing",
	"dest_unwritable",
	"source_missing",
	"source_unreadable",
]);

/** What scripts call besides a backup tool to make what is backed up, or to bring it away. */
const helpers =
	/^(?:\/\S*\/)?(?:pg_dump(?:all)?|pg_basebackup|psql|mysqldump|mariadb-dump|mariadb-backup|mysql|xtrabackup|mongodump|redis-cli|sqlite3|influxd?|gpg2?|curl|wget|aws|mount(?:\.\w+)?|slapcat|virsh|vzdump|zfs|zpool|lvcreate|btrfs|cp|dd|gzip|pigz|zstd|xz|bzip2|lz4|openssl|age|scp|sftp|tar|docker)(?:\[\d+\])?: \S/;

/**
 * A complaint of something else that a script called, beside the words of a tool that found nothing wrong. Null where
 * there is none, or where it may be the tool's own.
 */
export function scriptTroubleIn(text: string): Trouble | null {
	for (const line of readLines(edgesOf(text))) {
		if (line.length > 2000 || line.startsWith("{")) continue;
		if (notFound.test(line)) return { message: line, category: "config" };
		if (helpers.test(line) && isComplaint(line)) return troubleOf(line);
	}
	return null;
}

/** The first complaint that cannot be meant well, or null. Looks at both ends of the text only. */
export function troubleIn(text: string): Trouble | null {
	let crash: string | null = null;
	for (const line of readLines(edgesOf(text))) {
		if (crash !== null) {
			// The reason of a traceback is its last line.
			if (/^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt)\b/.test(line)) return troubleOf(line);
			continue;
		}
		if (line.length > 2000 || line.startsWith("{")) continue;
		if (notFound.test(line)) return { message: line, category: "config" };
		if (killed.test(line)) return { message: line, category: "interrupted" };
		if (crashed.test(line)) crash = line;
		else if (isComplaint(line)) return troubleOf(line);
	}
	return crash === null ? null : troubleOf(crash);
}

function isComplaint(line: string): boolean {
	const said = levelled.exec(line)?.[1];
	if (said !== undefined) return !nothing.test(said);
	if (tidying.test(line)) return false;
	if (
		unable.test(line) ||
		(undone.test(line) && !/\b(?:0|no|none|without|not?hing|never|if|when|keine?)\b/i.test(line))
	)
		return true;
	if (
		helpers.test(line) &&
		/\b(?:errors?|fail(?:ed|ure)|cannot|can't|could ?n[o']t|unable|denied|refused|does not exist)\b/i.test(line)
	)
		return true;
	if (/Permission denied \((?:publickey|password|keyboard)|^Host key verification failed|^lost connection$/.test(line))
		return true;
	const isNamed = named.test(line);
	if (/^[\w.-]{2,30} error: \S/.test(line)) return true;
	if (isNamed && /^[^\s:]+(?: [\w-]+)?: (?:error|fatal|FATAL|ERROR)\b/.test(line)) return true;
	if (usage.test(line) || /^Command '.{1,400}' (?:exited with|returned non-zero)/.test(line)) return true;
	if (/\bfailed: exit status [1-9]|^(?:\w+\.)*[A-Z]\w*(?:Error|Exception): \S/.test(line)) return true;
	const category = errorCategory(line);
	return category === "dest_full"
		? /no space left|\[?errno 28/i.test(line) || isNamed
		: (isNamed || /\[Errno \d+\]/.test(line)) && grave.has(category);
}

function troubleOf(line: string): Trouble {
	return { message: line, category: errorCategory(line) };
}
