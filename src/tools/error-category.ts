// Sorts the sentence that explains a failure into one of a few categories that a person can act on.
import { inEnglish } from "./system-errors.ts";

export const errorCategories = [
	"interrupted",
	"hook_failed",
	"auth",
	"repo_locked",
	"dest_full",
	"limit_reached",
	"network",
	"repo_corrupt",
	"repo_missing",
	"archive_exists",
	"config",
	"dest_unwritable",
	"source_changed",
	"source_missing",
	"source_unreadable",
	"unknown",
] as const;
export type ErrorCategory = (typeof errorCategories)[number];

/**
 * Signs in the text. The order is the verdict: "permission denied" and "no such file" also occur inside the sentences of
 * the categories above them. Where a tool's message is translated, the number of the system error still stands in it.
 */
const signs: [ErrorCategory, RegExp][] = [
	[
		"interrupted",
		/context cancell?ed|was sent [A-Z]{3,6} signal|signal (?:interrupt|terminated|killed|SIG\w+)|signal: (?:killed|terminated|interrupt)|got ctrl-c|keyboard ?interrupt|received SIG(?:TERM|INT|HUP)|SIG(?:TERM|INT|KILL) received|returned non-zero exit status (?:-\d+|1(?:30|37|43))\b|died with <Signals|out of memory|oom-kill|code 20\)|SignalException: \d|thread cancellation requested|\binterrupted by (?:user|signal)|operation (?:was )?aborted|backup aborted|^killed$/im,
	],
	[
		"hook_failed",
		/command failed: exit status|subprocess (?!ssh: )[^\n]{0,200}: |command '[^\n]{1,400}' exited with status [1-9]|(?:cmd_(?:pre|post)exec|backup_script) [^\n]{1,400} returned [1-9]|(?<![\w./-])hook\b[^\n]{0,200}(?:fail|error|exit)|(?:fail|error)[^\n]{0,80} hook\b|run-before|run-script [^\n]{0,80}(?:fail|exit)/i,
	],
	[
		"auth",
		/wrong password|no key found|empty password is not a password|resolving password failed|can ?not acquire a passphrase|passphrase[^\n]{0,200}(?:incorrect|wrong|denied)|incorrect passphrase|invalid password|password is (?:incorrect|wrong)|\b401\b[^\n]{0,40}unauthorized|unauthorized[^\n]{0,10}401|\bunauthorized\b|\b403 forbidden\b|decryption failed|bad session key|authentication fail|authentication error|unable to authenticate|permission denied \((?:publickey|password|keyboard)|no supported (?:authentication )?methods|access ?denied|accessdenied|invalid ?access ?key|signaturedoesnotmatch|invalid_grant|couldn't fetch token|token expired|host key verification failed|nodecryptionkey|encryption key (?:is )?(?:wrong|missing)/i,
	],
	[
		"repo_locked",
		/already locked|failed to create\/acquire the lock(?![^\n]{0,800}\[Errno)|locktimeout|lock ?file [^\n]{0,400}exists|(?:vm|ct) is locked|is locked \(|repository is (?:exclusively )?locked|could not acquire lock|can't acquire lock|another (?:instance|process|backup)[^\n]{0,80}(?:running|in progress|lock)|already (?:running|in progress)/i,
	],
	[
		"dest_full",
		/no space left on device|\[?errno 28\b|\bENOSPC\b|\(28\)|file too big for remaining disk space|wrote only \d+ of \d+ bytes|insufficient free space|not enough (?:free |disk )?space|disk (?:is )?full|quota (?:has been )?exceeded|disk quota|\[?errno 122\b|\bEDQUOT\b|storage ?(?:quota|limit) ?exceeded|insufficient storage/i,
	],
	[
		"limit_reached",
		/(?:max(?:imum)?|--max)[- ](?:transfer|duration|delete)[^\n]{0,80}(?:reached|exceeded)|--max-delete threshold/i,
	],
	[
		"network",
		/connection (?:refused|reset|timed out|closed|lost|aborted)|dial (?:tcp|udp)|(?<![\w./-])timed? ?out|(?:couldn't|could not|failed to) connect to|could not resolve|no such host|name or service not known|temporary failure in name resolution|network is unreachable|no route to host|host is down|broken pipe|tls handshake|certificate (?:has expired|signed by|verify)|x509:|unexpected eof|\bECONN(?:REFUSED|RESET|ABORTED)\b|\bETIMEDOUT\b|\bEHOSTUNREACH\b|\bENOTFOUND\b|connectionclosed|remote host is unreachable|error in socket|\[errno (?:32|101|104|110|111|113)\]|\b50[234] (?:bad gateway|service unavailable|gateway)/i,
	],
	[
		"repo_corrupt",
		/repository contains errors|ciphertext verification failed|verif(?:y|ication) (?:failed|error)|integrity ?error|data integrity|checksum mismatch|(?<![\w./-])corrupt|invalid data returned|hash (?:does not match|mismatch)|(?:pack|index|blob|segment|chunk)[^\n]{0,120}(?:missing|damaged|not found|truncated|invalid)|invalid segment|the repository is damaged/i,
	],
	[
		"repo_missing",
		/repository (?:[^\n]{0,400} )?(?:does not exist|not found)|is there a repository at|is not a valid repository|not a valid (?:borg )?repository|repository\.doesnotexist|unable to open config file|repository [^\n]{0,200}not (?:initialized|connected)|not connected to a repository|no such (?:bucket|datastore)|nosuchbucket|bucket [^\n]{0,80}does not exist|destination folder [^\n]{0,80}(?:missing|does not exist)/i,
	],
	["archive_exists", /archive [^\n]{0,400}already exists|archive\.alreadyexists/i],
	[
		"config",
		/didn'?t find section in config file|no valid configuration files|unknown (?:flag|option|command|shorthand)|unrecognized (?:arguments?|option)|nothing to backup, please|refusing to create an empty archive|invalid (?:option|argument|choice|configuration)|error: argument|the following arguments are required|usage: |bad config|configuration error|schema validation|please specify (?:a )?(?:repository|password)|missing (?:required )?(?:option|argument|parameter)|syntax error|\bERROR: [^\n]{0,80}\b(?:config|not defined)|command line (?:error|syntax)/i,
	],
	[
		"dest_unwritable",
		/read-only file ?system|\[?errno 30\b|\bEROFS\b|(?:mkdir|create|save|open) [^\n]{0,200}\/(?:mnt|backup|repo)[^\n]{0,300}permission denied|(?:failed|unable|cannot) to (?:write|create|save)[^\n]{0,300}permission denied|failed to create\/acquire the lock[^\n]{0,800}\[Errno 13\]|mkdir(?:at)? [^\n]{0,400}permission denied|destination [^\n]{0,120}not writable|unable to delete and\/or create directory|insufficient permissions? (?:on|to)/i,
	],
	[
		"source_changed",
		/file changed (?:while|as) we|filechanged|file has vanished|(?<![\w./-])vanished|file (?:size )?(?:has )?changed (?:during|while)|file shrank|file removed before we read|fileremoved/i,
	],
	[
		"source_missing",
		/does not exist, skipping|dataset does not exist|snapshot is empty|no data read|all (?:source|target) (?:directories|files|directories\/files)[^\n]{0,40}(?:do not|don't) exist|backup ?filenotfound|\[?errno 2\]|no such file or directory|cannot stat|link_stat [^\n]{0,400}failed|director(?:y|ies) [^\n]{0,200}not found|director(?:y|ies) [^\n]{0,200}(?:do|does) not exist|(?:source|path|file|folder)s? [^\n]{0,400}(?:do|does) not exist|the system cannot find the (?:file|path)|object not found|no (?:such )?source|not found: |\bENOENT\b|\(2\)/i,
	],
	[
		"source_unreadable",
		/permission denied|\[?errno 13\b|backuppermissionerror|possibly locked file|operation not permitted|\[?errno [15]\]|input\/output error|backup(?:io|os)?error|could not be read|being used by another process|access is denied|at least one (?:source )?file could not|cannot open|can't open|failed to open|\bE(?:ACCES|PERM|IO)\b|\(13\)/i,
	],
];

/** The category of a sentence; "unknown" is an honest answer. Only the first and last 4,000 characters are looked at. */
export function errorCategory(message: string): ErrorCategory {
	const text = inEnglish(message.length <= 8000 ? message : `${message.slice(0, 4000)}\n${message.slice(-4000)}`);
	return signs.find(([, sign]) => sign.test(text))?.[0] ?? "unknown";
}

/**
 * The category of a message about one file of the sources, told by the end of it: the path in front may be named anything.
 * "unknown" only where nothing tells why the file is not in the backup.
 */
export function sourceCategory(message: string): ErrorCategory {
	const text = inEnglish(message.slice(-600));
	return signs.find(([category, sign]) => category.startsWith("source_") && sign.test(text))?.[0] ?? "unknown";
}

/** Which of two is the more telling: the earlier in the order; null and "unknown" tell nothing. */
export function worseCategory(one: ErrorCategory | null, other: ErrorCategory | null): ErrorCategory | null {
	if (one === null) return other;
	if (other === null) return one;
	return errorCategories.indexOf(one) <= errorCategories.indexOf(other) ? one : other;
}
