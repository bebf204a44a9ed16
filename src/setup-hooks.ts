// Setup of backup tools that call an address by themselves: their own hooks, web forms and configuration files.
import { wrapped } from "./setup-commands.ts";
import {
	ingestUrl,
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
	yamlText,
} from "./setup-values.ts";

const around = "Put in front of the command you have, it reports without any hook.";

function wrapper(values: SetupValues, command: string, note = around): Snippet {
	return snippet("wrapper", "With the wrapper instead", "sh", wrapped(values, command), note);
}

function indented(text: string): string {
	return text.replace(/^(?=.)/gm, "    ");
}

function healthchecks(values: SetupValues): string {
	return `healthchecks:
    ping_url: ${yamlText(pingUrl(values))}
    send_logs: true
    states:
        - start
        - finish
        - fail`;
}

export const borgmatic: Setup = {
	id: "borgmatic",
	name: "borgmatic",
	lead: "borgmatic reports by its healthchecks hook: one block in its configuration, nothing else. The job appears with the first ping.",
	source: null,
	target: null,
	snippets: (values) => [
		snippet(
			"config",
			"borgmatic 1.8 and newer: in its configuration, at the left edge",
			"yaml",
			healthchecks(values),
			"send_logs is off by default from 2.1 on; without it nothing but the outcome is known.",
		),
		snippet(
			"config-1.7",
			"borgmatic 1.7 (Debian 12): the same under hooks",
			"yaml",
			`hooks:\n${indented(healthchecks(values))}`,
			"Where the file has hooks: already, add only the lines below it.",
		),
		snippet(
			"command",
			"For sizes and files: --stats",
			"sh",
			"borgmatic --stats",
			"In the crontab or timer that starts borgmatic; from 1.9 on statistics: true in the configuration does the same.",
		),
		snippet(
			"uptime-kuma",
			"Or by its Uptime Kuma hook, 1.8.13 and newer",
			"yaml",
			`uptime_kuma:\n    push_url: ${yamlText(`${values.address}/api/push/${urlPart(values.kumaToken)}`)}`,
			"Outcome and duration only. Of the two hooks use one, or each run is counted twice.",
		),
	],
};

const kopia: Setup = {
	id: "kopia",
	name: "Kopia",
	lead: "Kopia 0.18 and newer sends its report to a webhook after each snapshot, the server and KopiaUI too.",
	source: { label: "What is backed up", value: "/srv" },
	target: null,
	snippets: (values) => [
		snippet(
			"webhook",
			"Once, on the machine that has the repository connected",
			"sh",
			`kopia notification profile configure webhook --profile-name backup-monitor \\
  --method POST --format txt --send-test-notification \\
  --endpoint ${shellUrl(ingestUrl(values, "kopia"))}`,
			"The sizes in its report are rounded. The test message is answered, and is no run.",
		),
		wrapper(
			values,
			`kopia snapshot create --json ${pathWord(values.source)}`,
			"For snapshots that are made by a command: exact sizes, from Kopia\u2019s own JSON.",
		),
	],
};

const duplicati: Setup = {
	id: "duplicati",
	name: "Duplicati",
	lead: "Duplicati sends its report as JSON: two options, for one backup under Options, or for all under Settings.",
	source: null,
	target: null,
	snippets: (values) => [
		snippet(
			"options",
			"As advanced options, edited as text",
			"properties",
			`--send-http-json-urls=${ingestUrl(values, "duplicati")}\n--send-http-level=All`,
			"For Duplicati before 2.0.9 it is --send-http-url with --send-http-result-output-format=Json.",
		),
	],
};

const proxmox: Setup = {
	id: "proxmox",
	name: "Proxmox VE, PBS",
	lead: "Proxmox VE 8.3 and Backup Server 3.3 and newer: a notification target of type Webhook, method POST, and a matcher that leads to it.",
	source: null,
	target: null,
	snippets: (values) => [
		snippet("url", "URL", "text", ingestUrl(values, "proxmox"), "Backups, verify, prune and sync jobs are told apart."),
		snippet("header", "Header: Content-Type", "text", "application/json"),
		snippet(
			"body",
			"Body",
			"text",
			`{
  "title": "{{ escape title }}",
  "message": "{{ escape message }}",
  "severity": "{{ severity }}",
  "timestamp": {{ timestamp }},
  "fields": {{ json fields }}
}`,
			"A job whose notification mode is the old one, by mail, has to be set to the notification system.",
		),
	],
};

const backrest: Setup = {
	id: "backrest",
	name: "Backrest",
	lead: "In the plan (or the repository) add a hook of type Healthchecks, with the conditions snapshot start, success, warning and error.",
	source: null,
	target: null,
	snippets: (values) => [
		snippet(
			"url",
			"Ping URL",
			"text",
			pingUrl(values),
			"Leave the template as it is: size and files are read from it.",
		),
	],
};

const resticprofile: Setup = {
	id: "resticprofile",
	name: "resticprofile",
	lead: "resticprofile calls addresses before and after a backup; these lines stand in the profile\u2019s backup section.",
	source: null,
	target: null,
	snippets: (values) => {
		const url = pingUrl(values);
		return [
			snippet(
				"hooks",
				"In profiles.yaml",
				"yaml",
				`${yamlText(values.job)}:   # your profile
  backup:
    send-before:
      method: HEAD
      url: ${yamlText(`${url}/start`)}
    send-after:
      method: HEAD
      url: ${yamlText(url)}
    send-after-fail:
      method: POST
      url: ${yamlText(`${url}/fail`)}
      body: "\${ERROR}\\n\\n\${ERROR_STDERR}"
      headers:
        - name: Content-Type
          value: "text/plain; charset=UTF-8"`,
				"Outcome, duration and the reason of a failure.",
			),
			wrapper(
				values,
				`resticprofile ${option("name", values.job)} backup`,
				"Sizes and files too, from restic\u2019s own words. Use one of the two.",
			),
		];
	},
};

const autorestic: Setup = {
	id: "autorestic",
	name: "autorestic",
	lead: "autorestic runs hooks of a location and gives them what restic told: sizes, files and the snapshot.",
	source: null,
	target: null,
	snippets: (values) => {
		const url = pingUrl(values);
		const told = `env | grep '^AUTORESTIC_' | curl -fsS -m 30 --retry 3 -o /dev/null --data-binary @-`;
		return [
			snippet(
				"hooks",
				"In .autorestic.yml",
				"yaml",
				`locations:
  ${yamlText(values.job)}:   # your location
    hooks:
      before:
        - ${JSON.stringify(`curl -fsS -m 10 -o /dev/null ${shellUrl(`${url}/start`)} || true`)}
      success:
        - ${JSON.stringify(`${told} ${shellUrl(url)} || true`)}
      failure:
        - ${JSON.stringify(`${told} ${shellUrl(`${url}/fail`)} || true`)}`,
				"The hooks are run by bash, on the machine that runs autorestic.",
			),
		];
	},
};

const runitor: Setup = {
	id: "runitor",
	name: "runitor",
	lead: "Whoever has runitor already only changes the address: it wraps any command and sends its output.",
	source: { label: "What is backed up", value: "/srv" },
	target: null,
	snippets: (values) => {
		const key = shellWord(values.token ?? "open");
		const command = `restic backup --json --quiet ${pathWord(values.source)}`;
		return [
			snippet(
				"command",
				"In front of the command",
				"sh",
				`runitor -api-url ${shellUrl(`${values.address}/ping`)} \\\n  -ping-key ${key} -slug ${values.slug} -- ${command}`,
			),
		];
	},
};

export const hookSetups: readonly Setup[] = [kopia, duplicati, proxmox, backrest, resticprofile, autorestic, runitor];
