// Setup of what is started by a command line: the wrapper in front of it, or three lines of shell with curl around it.
import {
	bearer,
	cronText,
	option,
	pathWord,
	pingUrl,
	type Setup,
	type SetupValues,
	type Snippet,
	shellUrl,
	shellWord,
	snippet,
	urlPart,
} from "./setup-values.ts";

/** One line for a shell: appends one valid run that began now. */
export function setupLine(path: string): string {
	return `echo '{"timestamp":"'"$(date -Iseconds)"'","backup_id":"'"$(date +%F_%H%M%S)"'","success":true,"duration_total":42,"size_bytes":1048576}' >> ${shellWord(path)}`;
}

/** The same for a script of one's own: around the command, with its real outcome, duration and size. */
export function setupScript(path: string, job = "etc", source = "/etc"): string {
	const name = JSON.stringify(job).replaceAll("%", "%%").replaceAll("\\", "\\\\").replaceAll("'", "'\\''");
	return `began=$(date -Iseconds); from=$(date +%s); ok=true
tar -czf /tmp/etc.tar.gz ${pathWord(source)} || ok=false   # your backup command
printf '{"job":${name},"timestamp":"%s","backup_id":"%s","success":%s,"duration_total":%d,"size_bytes":%d}\\n' \\
  "$began" "$(date +%F_%H%M%S)" "$ok" "$(($(date +%s) - from))" "$(stat -c %s /tmp/etc.tar.gz || echo 0)" >> ${shellWord(path)}`;
}

const anywhere =
	"The program is one file: copy it to the machine of the backup. Output and exit status of the command stay as they are.";

/** The wrapper around a command. */
export function wrapped(values: SetupValues, command: string, flags = ""): string {
	const token = values.token === null ? "" : `export PUSH_TOKEN=${shellWord(values.token)}\n`;
	return `${token}backup-monitor run ${option("job", values.job)}${flags} --to ${shellWord(values.address)} \\\n  -- ${command}`;
}

function wrapper(values: SetupValues, command: string, flags = ""): Snippet {
	return snippet(
		"wrapper",
		"With the wrapper, in a script or a terminal",
		"sh",
		wrapped(values, command, flags),
		anywhere,
	);
}

/** A crontab with the wrapper in front of the command. */
function cron(values: SetupValues, command: string): Snippet {
	const token = values.token === null ? "" : `PUSH_TOKEN=${values.token}\n`;
	const line = `backup-monitor run ${option("job", values.job)} --to ${shellWord(values.address)} -- ${command}`;
	return snippet(
		"cron",
		"In a crontab (crontab -e)",
		"cron",
		`PATH=/usr/local/bin:/usr/bin:/bin\n${token}15 2 * * *  ${cronText(line)}`,
		"Keep the time you have. A % in a crontab is written \\%, as it is here.",
	);
}

/** curl alone: a ping before, the output and the exit status behind. Nothing of it can fail the backup. */
export function pinged(values: SetupValues, command: string): string {
	return `#!/bin/sh
ping=${shellUrl(pingUrl(values))}
curl -fsS -m 10 -o /dev/null "$ping/start" || true
rc=0; out=$(${command} 2>&1) || rc=$?
printf '%s\\n' "$out" | curl -fsS -m 30 --retry 3 -o /dev/null --data-binary @- "$ping/$rc" || true
exit "$rc"`;
}

function script(values: SetupValues, command: string): Snippet {
	return snippet(
		"script",
		"With curl alone, as a script for cron",
		"sh",
		pinged(values, command),
		"The output is sent with the exit status, so size, files and warnings are read from the tool\u2019s own words.",
	);
}

const pathLabel = "What is backed up";
const source = { label: pathLabel, value: "/srv" };

/** A tool whose wrapper, script and crontab line differ in nothing but the command. */
function commandSetup(
	setup: Omit<Setup, "snippets">,
	command: (values: SetupValues) => string,
	more: (values: SetupValues) => Snippet[] = () => [],
): Setup {
	const snippets = (values: SetupValues) => {
		const line = command(values);
		return [script(values, line), wrapper(values, line), cron(values, line), ...more(values)];
	};
	return { ...setup, snippets };
}

export const shellSetup: Setup = {
	id: "shell",
	name: "Shell script",
	lead: "Any script can report: by a line in the metrics file, by curl, or by the wrapper in front of the command.",
	source,
	target: null,
	snippets: (values) => {
		const { address, token, job, metricsFile } = values;
		const command = `tar --totals -czf /tmp/backup.tar.gz ${pathWord(values.source)}`;
		const report = `{"job":${JSON.stringify(job)},"timestamp":"'"$(date -Iseconds)"'","backup_id":"'"$(date +%F_%H%M%S)"'","success":true,"duration_total":42,"size_bytes":1048576}`;
		const quoted = report.replace(JSON.stringify(job), () => JSON.stringify(job).replaceAll("'", "'\\''"));
		return [
			snippet(
				"curl",
				"Try it: one report by curl",
				"sh",
				`curl -fsS -m 30 --retry 3 ${bearer(token)}\\\n  --data-binary '${quoted}' \\\n  ${shellUrl(`${address}/api/runs`)}`,
				"The answer is what was stored, or the field that is wrong.",
			),
			script(values, command),
			wrapper(values, command),
			cron(values, command),
			snippet(
				"file",
				"Without HTTP, on the monitor\u2019s own machine: a line in its file",
				"sh",
				setupScript(metricsFile, job, values.source).replaceAll("/tmp/etc.tar.gz", "/tmp/backup.tar.gz"),
				"The path is the monitor\u2019s own; for a container it is the file behind that path in its volume.",
			),
		];
	},
};

const restic = commandSetup(
	{
		id: "restic",
		name: "restic",
		lead: "Put it around the restic command you have. RESTIC_REPOSITORY and RESTIC_PASSWORD_FILE stay as they are; with --json --quiet restic prints one line with all figures.",
		source,
		target: null,
	},
	({ source: path }) => `restic backup --json --quiet ${pathWord(path)}`,
	(values) => [
		snippet(
			"pipe",
			"As a pipe",
			"sh",
			`set -o pipefail   # bash: without it the script sees curl\u2019s exit status, not restic\u2019s
restic backup --json --quiet ${pathWord(values.source)} 2>&1 | curl -fsS -m 60 ${bearer(values.token)}\\
  --data-binary @- ${shellUrl(`${values.address}/ingest/restic?job=${urlPart(values.job)}`)}`,
			"The monitor does not see the exit status here: a restic that is killed sends nothing, or too little. The script above is better.",
		),
	],
);

const borg = commandSetup(
	{
		id: "borg",
		name: "borg",
		lead: "Put it around the borg command you have. BORG_REPO and BORG_PASSCOMMAND stay as they are; --json tells size, new bytes and files.",
		source,
		target: null,
	},
	({ source: path }) => `borg create --json ::'{hostname}-{now}' ${pathWord(path)}`,
);

const rclone = commandSetup(
	{
		id: "rclone",
		name: "rclone",
		lead: "rclone tells what it transferred, not how large the whole is: the size of the backup stays unknown, the new bytes are known.",
		source,
		target: { label: "To", value: "remote:backup" },
	},
	({ source: from, target }) =>
		`rclone sync --use-json-log --stats-log-level NOTICE ${pathWord(from)} ${pathWord(target)}`,
);

const rsync = commandSetup(
	{
		id: "rsync",
		name: "rsync",
		lead: "--stats tells size, new bytes and files. Exit status 24 (files vanished) is a warning, 23 (not all was copied) a failure.",
		source,
		target: { label: "To", value: "/mnt/backup" },
	},
	({ source: from, target }) => `rsync -a --delete --stats ${pathWord(folder(from))} ${pathWord(folder(target))}`,
);

const rsnapshot = commandSetup(
	{
		id: "rsnapshot",
		name: "rsnapshot",
		lead: "rsnapshot is silent when all is well: -v makes it tell, and --stats in its configuration gives the sizes.",
		source: null,
		target: { label: "Configuration", value: "/etc/rsnapshot.conf" },
	},
	({ target }) => `rsnapshot -v -c ${pathWord(target)} daily`,
	() => [
		snippet(
			"config",
			"In rsnapshot.conf, for the sizes",
			"text",
			"rsync_long_args\t--delete --numeric-ids --relative --delete-excluded --stats",
			"Between the two stands a tab.",
		),
	],
);

const duplicity = commandSetup(
	{
		id: "duplicity",
		name: "duplicity",
		lead: "Its statistics are read from what it prints. PASSPHRASE stays as it is.",
		source,
		target: { label: "To", value: "file:///mnt/backup" },
	},
	({ source: from, target }) => `duplicity ${pathWord(from)} ${pathWord(target)}`,
);

const duplicacy = commandSetup(
	{
		id: "duplicacy",
		name: "Duplicacy",
		lead: "The command line version; -log and -stats make it tell sizes and times. It runs in the folder that duplicacy init was run in.",
		source,
		target: null,
	},
	({ source: path }) => `sh -c ${shellWord(`cd ${pathWord(path)} && duplicacy -log backup -stats`)}`,
);

/** rsync copies what is in a folder when its name ends in a slash, and the folder itself when it does not. */
function folder(path: string): string {
	return path.endsWith("/") ? path : `${path}/`;
}

export const commandSetups: readonly Setup[] = [restic, borg, rclone, rsync, rsnapshot, duplicity, duplicacy];
