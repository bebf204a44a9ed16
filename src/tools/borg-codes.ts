// What borg's own names of errors and its "modern" exit statuses (1.4 on request, 2.x always) stand for.
import type { ErrorCategory } from "./error-category.ts";

const ranges: [from: number, to: number, category: ErrorCategory][] = [
	[12, 12, "repo_corrupt"],
	[13, 13, "repo_missing"],
	[14, 14, "dest_full"],
	[15, 15, "repo_missing"],
	[16, 17, "repo_corrupt"],
	[18, 18, "repo_missing"],
	[20, 20, "dest_full"],
	[21, 21, "dest_unwritable"],
	[26, 26, "repo_corrupt"],
	[30, 30, "archive_exists"],
	[40, 53, "auth"],
	[70, 75, "repo_locked"],
	[80, 87, "network"],
	[90, 92, "repo_corrupt"],
	[100, 100, "source_changed"],
	[102, 102, "source_changed"],
	[104, 106, "source_unreadable"],
	[107, 107, "source_missing"],
	[130, 130, "interrupted"],
	[137, 137, "interrupted"],
	[143, 143, "interrupted"],
];

/** null for the legacy statuses 0, 1 and 2, which name no reason. */
export function categoryOfStatus(exit: number | null): ErrorCategory | null {
	return exit === null ? null : (ranges.find(([from, to]) => exit >= from && exit <= to)?.[2] ?? null);
}

const names: [RegExp, ErrorCategory][] = [
	[/^Signal\.|^(?:SIG|Keyboard)/, "interrupted"],
	[/Passphrase|Passcommand|PasswordRetries|Key(?:file)?|^UnencryptedRepo/, "auth"],
	[/Lock/, "repo_locked"],
	[/InsufficientFreeSpace|StorageQuota/, "dest_full"],
	[/PathPermissionDenied/, "dest_unwritable"],
	[/^Connection|RPC|^PathNotAllowed/, "network"],
	[/Integrity|CheckNeeded|InvalidRepositoryConfig|ObjectNotFound|Decompression|NoManifest/, "repo_corrupt"],
	[/^Repository\.(?:DoesNotExist|InvalidRepository)|ParentPathDoesNotExist/, "repo_missing"],
	[/^Archive\.AlreadyExists/, "archive_exists"],
	[/^FileChanged|RaceCondition/, "source_changed"],
	[/^BackupFileNotFound/, "source_missing"],
	[/^Backup(?:Permission|IO|OS)?Error/, "source_unreadable"],
	[/^CommandError|^Configuration/, "config"],
];

export function categoryOfName(msgid: string | null): ErrorCategory | null {
	return msgid === null ? null : (names.find(([name]) => name.test(msgid))?.[1] ?? null);
}

/** 1, and 100 to 127 of the modern statuses, say that the archive was written and something needs a look. */
export function isWarningStatus(exit: number | null): boolean {
	return exit === 1 || (exit !== null && exit >= 100 && exit <= 127);
}
