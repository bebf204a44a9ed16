// config.yaml and the channels: mistakes, and whether anybody would be told.
import { join } from "node:path";
import { channelsOf } from "../../alerts/channel-list.ts";
import { readSettingsText, settingsName } from "../../alerts/settings-file.ts";
import type { Config } from "../../config.ts";
import { mask } from "../../secrets.ts";
import { parseSettings, problemText } from "../../settings-parse.ts";
import { plural } from "../../units.ts";
import { bad, type Finding, good, note } from "./finding.ts";

export function lookAtSettings(config: Config): Finding[] {
	const path = join(config.dataDir, settingsName);
	const read = readSettingsText(path);
	if (!read.ok) return [bad(`${path} ${read.reason}`, "put a plain file there that the server may read")];
	const { settings, problems } = parseSettings(read.text ?? "", config.zone);
	const mistakes = problems.map((problem) =>
		bad(
			`${path} line ${problem.line}: ${mask(problemText(problem))}`,
			"change it there; backup-monitor check tries it",
		),
	);
	if (mistakes.length > 0) return mistakes;
	const { byName, problems: unusable } = channelsOf(config, settings);
	const broken = unusable.map(({ title, detail }) => bad(mask(title), mask(detail)));
	if (broken.length > 0) return broken;
	const heard = config.heartbeatUrl === null ? [unheard()] : [];
	if (byName.size === 0) {
		return [
			note("no channel is set up: nobody is told of a failure", "set NOTIFY_URLS, or channels in config.yaml"),
			...heard,
		];
	}
	return [good(`${plural(byName.size, "channel")} set up; backup-monitor notify --test tries them`), ...heard];
}

function unheard(): Finding {
	const fix = "set HEARTBEAT_URL to an address elsewhere that misses a call";
	return note("nobody hears of it when this monitor itself stops", fix);
}
