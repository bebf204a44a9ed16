// Setup of what is no backup tool: service managers, other monitors' protocols, Windows, containers.
import { wrapped } from "./setup-commands.ts";
import {
	bearer,
	pathWord,
	pingUrl,
	powershellText,
	type Setup,
	shellUrl,
	shellWord,
	snippet,
	unitText,
	urlPart,
	yamlText,
} from "./setup-values.ts";

const systemd: Setup = {
	id: "systemd",
	name: "systemd",
	lead: "A unit that makes a backup tells of each run by itself, however it ends: also when it is killed or runs out of time.",
	source: null,
	target: null,
	snippets: (values) => {
		const url = pingUrl(values);
		const begun = `curl -fsS -m 10 -o /dev/null ${shellUrl(`${url}/start`)}`;
		const ended = `case $SERVICE_RESULT in success) w=;; *) w=/fail;; esac; curl -fsS -m 30 --retry 3 -o /dev/null --data-raw "systemd: $SERVICE_RESULT, $EXIT_CODE $EXIT_STATUS" ${shellUrl(url, "$w")}`;
		const failed = `curl -fsS -m 30 --retry 3 -o /dev/null --data-raw "$MONITOR_UNIT: $MONITOR_SERVICE_RESULT, $MONITOR_EXIT_CODE $MONITOR_EXIT_STATUS" ${shellUrl(`${url}/fail`)}`;
		const line = (command: string) => `/bin/sh -c '${unitText(command).replaceAll("'", "\\'")}'`;
		return [
			snippet(
				"drop-in",
				"systemctl edit NAME.service",
				"ini",
				`[Service]\nExecStartPre=-${line(begun)}\nExecStopPost=-${line(ended)}`,
				"The dash before a command means that a monitor in trouble never fails the unit.",
			),
			snippet(
				"on-failure",
				"Or failures alone: /etc/systemd/system/backup-failed@.service",
				"ini",
				`[Unit]
Description=Tell the backup monitor that %i failed

[Service]
Type=oneshot
ExecStart=${line(failed)}`,
				"With OnFailure=backup-failed@%n.service in the [Unit] section of the backup. systemd 251 and newer.",
			),
		];
	},
};

const kuma: Setup = {
	id: "uptime-kuma",
	name: "Uptime Kuma push",
	lead: "For whatever has a push address of Uptime Kuma: each job has a token of its own, once its first report has come by any other way.",
	source: { label: "What is backed up", value: "/srv" },
	target: null,
	snippets: (values) => {
		const push = `${values.address}/api/push/${urlPart(values.kumaToken)}`;
		return [
			snippet("url", "Push URL", "text", `${push}?status=up&msg=OK&ping=`),
			snippet(
				"script",
				"In a script",
				"sh",
				`curl -fsS -m 10 -o /dev/null ${shellUrl(`${push}?status=up&msg=start`)} || true
status=up; tar -czf /tmp/backup.tar.gz ${pathWord(values.source)} || status=down   # your backup command
curl -fsS -m 30 --retry 3 -o /dev/null ${shellUrl(`${push}?msg=done&ping=&status=`, "$status")} || true`,
			),
		];
	},
};

const gatus: Setup = {
	id: "gatus",
	name: "Gatus",
	lead: "What reports to an external endpoint of Gatus reports here at the same path, with the push token.",
	source: null,
	target: null,
	snippets: (values) => [
		snippet(
			"curl",
			"Behind the backup command",
			"sh",
			`curl -fsS -m 30 --retry 3 -X POST ${bearer(values.token)}\\
  ${shellUrl(`${values.address}/api/v1/endpoints/_${urlPart(values.slug)}/external?success=true&error=&duration=42s`)}`,
			"success=false with error= and a reason for a failure.",
		),
	],
};

const pushgateway: Setup = {
	id: "pushgateway",
	name: "Pushgateway",
	lead: "What pushes metrics to a Pushgateway pushes them here at the same path; the usual names of backup metrics become a run.",
	source: null,
	target: null,
	snippets: (values) => [
		snippet(
			"curl",
			"Behind the backup command",
			"sh",
			`curl -fsS -m 30 --retry 3 ${bearer(values.token)}--data-binary @- \\
  ${shellUrl(`${values.address}/metrics/job/${urlPart(values.job)}`)} <<'END'
backup_success 1
backup_duration_seconds 42
backup_size_bytes 1048576
END`,
			"Labels may follow in the path, as pairs; instance is the host.",
		),
	],
};

const windows: Setup = {
	id: "windows",
	name: "Windows",
	lead: "A script for the task scheduler, in the PowerShell that Windows has.",
	source: { label: "What is backed up", value: "C:\\Users" },
	target: null,
	snippets: (values) => [
		snippet(
			"script",
			"backup.ps1",
			"powershell",
			`$ping = ${powershellText(pingUrl(values))}
try { Invoke-RestMethod "$ping/start" -TimeoutSec 10 | Out-Null } catch { Write-Warning $_ }
$out = & restic backup --json --quiet ${powershellText(values.source)} 2>&1 | Out-String
$rc = $LASTEXITCODE
$end = if ($rc -ge 0 -and $rc -le 255) { $rc } else { 'fail' }
try { Invoke-RestMethod "$ping/$end" -Method Post -Body $out -ContentType 'text/plain; charset=utf-8' -TimeoutSec 30 | Out-Null } catch { Write-Warning $_ }
exit $rc`,
			"powershell -NoProfile -ExecutionPolicy Bypass -File backup.ps1 is the command of the task.",
		),
	],
};

const docker: Setup = {
	id: "docker",
	name: "Docker",
	lead: "A backup inside a container is reported from outside, or by a scheduler that reads labels.",
	source: { label: "Container", value: "db" },
	target: null,
	snippets: (values) => {
		const dump = "pg_dumpall -U postgres --file /backup/all.sql";
		const url = pingUrl(values);
		const inside = `wget -qO- ${shellUrl(`${url}/start`)}; ${dump} && wget -qO- ${shellUrl(url)} || wget -qO- ${shellUrl(`${url}/fail`)}`;
		return [
			snippet(
				"exec",
				"From the host, around docker exec",
				"sh",
				wrapped(values, `docker exec ${pathWord(values.source)} ${dump}`),
				"docker compose exec needs -T where there is no terminal.",
			),
			snippet(
				"labels",
				"In compose.yaml, as labels for Ofelia",
				"yaml",
				`services:
  ${yamlText(values.source)}:
    labels:
      ofelia.enabled: "true"
      ofelia.job-exec.backup.schedule: "0 15 2 * * *"
      ofelia.job-exec.backup.command: ${JSON.stringify(`sh -c ${shellWord(inside)}`).replaceAll("$", "$$$$")}`,
				"The container needs wget, and reaches the monitor by the address of its machine: localhost is the container itself.",
			),
		];
	},
};

export const protocolSetups: readonly Setup[] = [systemd, docker, windows, kuma, gatus, pushgateway];
