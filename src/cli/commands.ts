// Every command in one table: what it is called, what its help says, and the file that runs it, loaded when it is.

/** What a command is for, in the order in which help lists them. */
const groups = {
	run: "Running it",
	report: "Reporting",
	look: "Jobs and their runs",
	data: "Its own data",
} as const;

export type Command = {
	name: string;
	group: keyof typeof groups;
	summary: string;
	/** What stands behind the name. */
	usage: string;
	/** Options and exit codes, as `--help` prints them. */
	details: string;
	run: (args: string[]) => Promise<number>;
	/** Called by the program itself, not by people: left out of the list. */
	isInner?: true;
};

export const commands: Command[] = [
	{
		name: "serve",
		group: "run",
		summary: "follow the metrics file and serve the dashboard (what happens without a command)",
		usage: "[--port N] [--host ADDRESS]",
		details: `  --port N         port to listen on (PORT, default 5001; 0 takes a free one)
  --host ADDRESS   address to listen on (HOST, default 0.0.0.0)

Exit codes: 0 stopped by a signal, 1 cannot serve, 2 wrong flag or variable.`,
		run: async (args) => (await import("./serve.ts")).serve(args),
	},
	{
		name: "run",
		group: "report",
		summary: "run a command unchanged, and record how it went",
		usage: "--job NAME [OPTIONS] -- COMMAND…",
		details: `  --job NAME           the job it belongs to (made with its first run)
  --host NAME          the machine, where several have a job of this name
  --kind KIND          backup (default), check, prune, sync or restore_test
  --from TOOL          whose output it is; auto (default) finds out
  --label NAME=VALUE   kept with the run; may be repeated
  --phase NAME         times the command as a phase; further phases: … --phase NAME -- COMMAND…
  --script FILE        runs a shell script whose lines "#phase: NAME" begin phases; its arguments behind --
  --warning-exit 1,3   exit statuses that are a warning
  --size-of FILE       the size is that of a file it writes (pg_dump nas > FILE); may be repeated
  --no-log             do not keep the end of the output
  --to URL             report to a monitor elsewhere; kept on disk while it cannot be reached
  --token-file FILE    its push token (or PUSH_TOKEN, PUSH_TOKEN_FILE)

Output, exit status and signals are the command's. Phases run in order until one fails.
Exit codes: the command's; 127 it was not found, 126 it could not be started, 2 wrong usage (nothing was run).`,
		run: async (args) => (await import("./run.ts")).runCommand(args),
	},
	{
		name: "record",
		group: "report",
		summary: "record a run that is over, by flags or from a tool's output",
		usage: "--job NAME --success|--warning|--failure|--running|--exit N|--from TOOL [OPTIONS]",
		details: `  --from TOOL          read the tool's output from standard input (auto finds out which tool)
  --stdout FILE --stderr FILE   read it from files instead, kept apart
  --exit N, --signal S how the tool ended
  --timestamp T, --started-at T, --ended-at T   ISO 8601; without an offset in the zone TZ
  --duration SECONDS   --phase NAME=SECONDS   --metric NAME=NUMBER   --label NAME=VALUE
  --size BYTES, --volume-bytes N, --bytes-added N, --files-total N, --files-new N, --files-changed N
  --backup-id ID, --snapshot-id ID, --repository TEXT, --kind KIND, --host NAME
  --error-category WORD, --error-message TEXT, --warnings N, --warning-message TEXT, --log TEXT
  --no-log             do not keep the end of the tool's output
  --json               print what was recorded as one JSON object
  --to URL, --token-file FILE   report to a monitor elsewhere; kept on disk while it cannot be reached

Exit codes: 0 recorded (or waiting to be sent), 1 not, 2 wrong usage.`,
		run: async (args) => (await import("./record.ts")).recordCommand(args),
	},
	{
		name: "inventory",
		group: "report",
		summary: "hand over what a remote's own listing shows, so that it is compared with what was reported",
		usage: "JOB --from FORMAT [FILE|-] [OPTIONS]",
		details: `  --from FORMAT      restic, borg, rclone, kopia, s3, find or jsonl; read from standard input, or FILE
  --host NAME        the machine, where several have a job of this name
  --json             print what was read as one JSON object
  --to URL           hand it to a monitor elsewhere
  --token-file FILE  its push token (or PUSH_TOKEN, PUSH_TOKEN_FILE)

  restic snapshots --json | backup-monitor inventory nas --from restic
  borg list --json | backup-monitor inventory nas --from borg
  rclone lsjson -R --files-only remote:backup | backup-monitor inventory nas --from rclone
  find /mnt/backup -type f -printf '%T@ %s %P\\n' | backup-monitor inventory nas --from find

Exit codes: 0 handed over, 1 not, or the listing is cut or none, 2 wrong usage.`,
		run: async (args) => (await import("./inventory.ts")).inventoryCommand(args),
	},
	{
		name: "import",
		group: "report",
		summary: "store the runs of a JSONL file (- is standard input)",
		usage: "FILE|- [--json]",
		details: `  --json   print the counts as one JSON object

Needs no server; while one runs, the lines are handed over to it.
Exit codes: 0 the file was read (bad lines are counted, not fatal), 1 it could not be, 2 wrong usage.`,
		run: async (args) => (await import("./import.ts")).importCommand(args),
	},
	{
		name: "rebuild",
		group: "data",
		summary: "set the database aside and build it again from the journals and the metrics file",
		usage: "[--yes]",
		details: `  --yes    do not ask; needed where somebody sits at a terminal

Stop the server first. The old database is kept under quarantine/ beside it. What no journal and no metrics file
holds any more (lines that were cut off long ago, their daily sums) is not in the new one.
Exit codes: 0 built, 1 not (the old one is back in place), 2 wrong usage.`,
		run: async (args) => (await import("./rebuild.ts")).rebuildCommand(args),
	},
	{
		name: "backup",
		group: "data",
		summary: "write a consistent, checked copy of the monitor's own database, while a server runs too",
		usage: "[FILE|-] [--force]",
		details: `  FILE     where to; without one it goes among the nightly copies, into copies/ beside the database
  -        to standard output
  --force  write over a FILE that exists

The copy is read back before it gets its name. It goes back with: backup-monitor restore-db FILE
Exit codes: 0 written, 1 not, 2 wrong usage.`,
		run: async (args) => (await import("./backup.ts")).backupCommand(args),
	},
	{
		name: "restore-db",
		group: "data",
		summary: "put a copy in the place of the database, and read from the journals what came since",
		usage: "FILE [--yes]",
		details: `  FILE     a copy that backup wrote or that lies in copies/ or quarantine/; it is checked first
  --yes    do not ask

Stop the server first. The present database is kept under quarantine/ beside it.
Exit codes: 0 restored, 1 not (nothing was changed), 2 wrong usage.`,
		run: async (args) => (await import("./restore-db.ts")).restoreDbCommand(args),
	},
	{
		name: "prune",
		group: "data",
		summary: "delete runs older than RETENTION_DAYS: marked first, deleted a day later; with --yes now",
		usage: "[--yes]",
		details: `  --yes    delete them now, without the day's wait, and trust the clock

The daily sums stay, so cards and charts keep their past.

Exit codes: 0 done, 1 not possible, 2 wrong usage.`,
		run: async (args) => (await import("./prune.ts")).pruneCommand(args),
	},
	{
		name: "status",
		group: "look",
		summary: "how every job stands, for the terminal and as a monitoring plug-in",
		usage: "[JOB] [--json]",
		details: `  --json   print it as one JSON object

Judges anew from the database, whether a server runs or not.
Exit codes: 0 well, 1 a warning, late, stuck, or no server runs, 2 failed, missed or stale, 3 cannot tell (wrong usage too).`,
		run: async (args) => (await import("./status.ts")).statusCommand(args),
	},
	{
		name: "job",
		group: "look",
		summary: "rename a job, merge two, or delete one with its history",
		usage: "rename JOB NAME | merge JOB INTO | delete JOB [--yes]",
		details: `  rename JOB NAME   keeps history, alerts, addresses and tokens; what reports the old name goes on under the new one
  merge JOB INTO    moves runs, sums and alerts of JOB into INTO; what reports JOB goes on there
  delete JOB        job and history are gone; a later report makes it anew
  --yes             do not ask

JOB and INTO are names or slugs. Kept in received.jsonl, so that a rebuild does the same.
Exit codes: 0 done, 1 not, 2 wrong usage.`,
		run: async (args) => (await import("./job.ts")).jobCommand(args),
	},
	{
		name: "export",
		group: "look",
		summary: "write runs as CSV or as JSON lines, which import reads again",
		usage: "[--format csv|jsonl] [FILTERS]",
		details: `  --format F    jsonl (default) or csv
  --job JOB, --host NAME, --kind KIND, --outcome OUTCOME, --label NAME=VALUE
  --since T, --until T   began at T or later, before T; ISO 8601 or Unix time
  --text TEXT   in id, job, error, warnings, repository, snapshot id or log

To standard output, newest first, while a server runs too.
Exit codes: 0 written, 1 not, 2 wrong usage.`,
		run: async (args) => (await import("./export.ts")).exportCommand(args),
	},
	{
		name: "notify",
		group: "look",
		summary: "list the channels, or send a test message through them",
		usage: "[--test] [CHANNEL]",
		details: `  --test   send a message now, through CHANNEL or through all

Channels come from config.yaml and from NOTIFY_URLS (or NOTIFY_URLS_FILE).
Exit codes: 0 all took it, 1 one did not or none is set up, 2 wrong usage.`,
		run: async (args) => (await import("./notify.ts")).notifyCommand(args),
	},
	{
		name: "check",
		group: "run",
		summary: "check the configuration: variables, config.yaml and the addresses of channels",
		usage: "[FILE]",
		details: `Reads config.yaml of the data folder, or FILE. Sends nothing and changes nothing.
Exit codes: 0 good, 1 something is wrong (each problem on a line), 2 wrong usage.`,
		run: async (args) => (await import("./check.ts")).checkCommand(args),
	},
	{
		name: "healthcheck",
		group: "run",
		summary: "ask the running server whether it is well (for a container's HEALTHCHECK)",
		usage: "",
		details: "Exit codes: 0 well, 1 not reachable or degraded.",
		run: async (args) => (await import("./healthcheck.ts")).healthcheck(args),
	},
	{
		name: "token",
		group: "run",
		summary: "print the token that reports over HTTP need, and a job's own ping addresses",
		usage: "[--job NAME] [--page]",
		details: `  --job NAME   print the job's ping UUID and Uptime Kuma token instead
  --page       print an address of the setup page that fills the token in: good once, for ten minutes

Made at the first start and kept in push-token in the data folder; PUSH_TOKEN, PUSH_TOKEN_FILE set another.
Exit codes: 0 printed, 1 there is none or it may not be read, 2 wrong usage.`,
		run: async (args) => (await import("./token.ts")).tokenCommand(args),
	},
	{
		name: "hash-password",
		group: "run",
		summary: "make the hash of a password for the login (AUTH_PASSWORD_HASH)",
		usage: "[--bcrypt]",
		details: `  --bcrypt   bcrypt instead of argon2id: needs no 19 MiB of memory at a login

Asks for the password twice at a terminal, else reads one line from standard input. Prints the hash, stores nothing.
Exit codes: 0 printed, 2 no password that can be used, or wrong usage.`,
		run: async (args) => (await import("./hash-password.ts")).hashPassword(args),
	},
	{
		name: "demo",
		group: "run",
		summary: "serve sample data from a temporary folder",
		usage: "[--port N] [--host ADDRESS]",
		details: `  --port N         port to listen on (default 5001)
  --host ADDRESS   address to listen on (default 0.0.0.0)

Your own data is not touched. The folder is removed at the end.

Exit codes: 0 stopped by a signal, 1 cannot serve, 2 wrong flag.`,
		run: async (args) => (await import("./demo.ts")).demo(args),
	},
	{
		name: "doctor",
		group: "run",
		summary: "look for known troubles and say what mends them",
		usage: "",
		details: `Folder and owners, metrics file, database and its copies, clock and zone, limits of memory, config.yaml and
channels, login, messages that were not delivered, and the running server. Changes nothing.
  ok  good      --  to be known      !!  to be mended, with what mends it

Exit codes: 0 nothing to mend, 1 something is wrong, 2 a variable is wrong.`,
		run: async (args) => (await import("./doctor.ts")).doctor(args),
	},
	{
		name: "completions",
		group: "run",
		summary: "print what completes this command in a shell",
		usage: "bash|zsh|fish",
		details: `  bash: backup-monitor completions bash > ~/.local/share/bash-completion/completions/backup-monitor
  zsh:  backup-monitor completions zsh > ~/.zfunc/_backup-monitor   (a folder of fpath, before compinit)
  fish: backup-monitor completions fish > ~/.config/fish/completions/backup-monitor.fish

Exit codes: 0 printed, 2 wrong usage.`,
		run: async (args) => (await import("./completions.ts")).completionsCommand(args),
	},
	{
		name: "verify",
		group: "data",
		summary: "check every page of a database (what the server does beside its work at the start)",
		usage: "FILE",
		details: "Exit codes: 0 sound, 3 damaged, 1 could not be read, 2 wrong usage.",
		isInner: true,
		run: async (args) => (await import("./verify.ts")).verify(args),
	},
	{
		name: "copy",
		group: "data",
		summary: "one checked copy of a database (what the server does at night)",
		usage: "FROM INTO",
		details: "Exit codes: 0 made, 3 the database is damaged, 1 it could not be made, 2 wrong usage.",
		isInner: true,
		run: async (args) => (await import("./copy.ts")).copyCommand(args),
	},
	{
		name: "pack",
		group: "data",
		summary: "pack full parts of received.jsonl (what the server does at night)",
		usage: "FILE…",
		details: "Exit codes: 0 packed, 1 not (the plain file is as it was), 2 wrong usage.",
		isInner: true,
		run: async (args) => (await import("./pack.ts")).packCommand(args),
	},
	{
		name: "version",
		group: "run",
		summary: "print version and commit",
		usage: "",
		details: "Exit code: 0.",
		run: async (args) => (await import("./version.ts")).versionCommand(args),
	},
];

export function overviewHelp(): string {
	const shown = commands.filter((command) => command.isInner !== true);
	const width = Math.max(...shown.map((command) => command.name.length));
	const listed = Object.entries(groups).map(([group, title]) => {
		const own = shown.filter((command) => command.group === group);
		return `${title}\n${own.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join("")}`;
	});
	return `Homelab Backup Monitor: did it run, is it plausible, is it really there, could I restore and how long would it take?

Usage: backup-monitor [COMMAND] [OPTIONS]

${listed.join("\n")}
backup-monitor COMMAND --help says more. Settings come from the environment:
  DATA_DIR, DB_PATH, METRICS_FILE, PORT, HOST, TZ, RETENTION_DAYS, UNITS, ALLOWED_HOSTS, FRAME_ANCESTORS, PUBLIC_URL,
  PUSH_TOKEN, PUSH_TOKEN_FILE, PUSH_TOKENS_FILE, NOTIFY_URLS, NOTIFY_URLS_FILE, HEARTBEAT_URL, HEARTBEAT_URL_FILE,
  AUTH_PASSWORD_HASH, AUTH_PASSWORD_HASH_FILE, AUTH_PASSWORD_FILE, AUTH_HEADER, TRUSTED_PROXIES, READ_TOKEN, READ_TOKEN_FILE
and, for schedules, limits and channels, from DATA_DIR/config.yaml.
`;
}

export function helpOf(command: Command): string {
	return `${command.summary}

Usage: ${`backup-monitor ${command.name} ${command.usage}`.trimEnd()}

${command.details}
`;
}
