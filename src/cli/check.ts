// `check`: whether the configuration is good: the variables, config.yaml, and the addresses of all channels. Sends nothing.
import { basename, join } from "node:path";
import { channelsOf } from "../alerts/channel-list.ts";
import { readSettingsText, settingsName } from "../alerts/settings-file.ts";
import { type Config, checkServed, readConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { mask } from "../secrets.ts";
import { noSettings, type Settings } from "../settings.ts";
import { lineOfPath, parseSettings, problemText } from "../settings-parse.ts";
import { plural } from "../units.ts";
import { checkAccess } from "../web/access.ts";
import { checkTokens } from "../web/tokens.ts";
import { readFlags } from "./flags.ts";

export async function checkCommand(args: string[]): Promise<number> {
	const { words } = await readFlags(args, "check", {}, { words: 1 });
	const problems: string[] = [];
	const config = variables(problems);
	const sentence = config === null ? "" : checkFiles(config, words[0] ?? null, problems);
	if (problems.length === 0) {
		process.stdout.write(`${sentence}\n`);
		return 0;
	}
	// A secret in the wrong place is quoted by a mistake about it.
	for (const problem of problems) process.stdout.write(`${mask(problem)}\n`);
	return 1;
}

/** What is good is said in the sentence that comes back. */
function checkFiles(config: Config, file: string | null, problems: string[]): string {
	const name = file ?? settingsName;
	const read = readSettingsText(file ?? join(config.dataDir, settingsName));
	if (!read.ok) problems.push(`${name} ${read.reason}`);
	if (read.ok && read.text === null && file !== null) problems.push(`${name} does not exist`);
	const text = read.ok ? read.text : null;
	const settings = text === null ? noSettings : ofText(text, name, config.zone, problems);
	const channels = usableChannels(config, settings, text, name, problems);
	return summary(text, basename(name), settings, channels);
}

/** Each bad variable is one problem among others here. null where the data folder itself is one of them. */
function variables(problems: string[]): Config | null {
	const env = { ...process.env };
	for (;;) {
		try {
			checkServed(env);
			const config = readConfig(env);
			checkAccess(config);
			checkTokens(config);
			if (config.badZone !== null) problems.push(`TZ is "${config.badZone}", which is no time zone; UTC is used`);
			return config;
		} catch (error) {
			if (!(error instanceof AppError)) throw error;
			problems.push(error.message);
			// The message begins with the variable's name; the next look is without it.
			const name = /^[A-Z_]+(?= )/.exec(error.message)?.[0];
			if (name === undefined || env[name] === undefined || name === "DATA_DIR" || name === "DB_PATH") return null;
			delete env[name];
		}
	}
}

function ofText(text: string, name: string, zone: string, problems: string[]): Settings {
	const parsed = parseSettings(text, zone);
	for (const problem of parsed.problems) problems.push(`${name}:${problem.line}: ${problemText(problem)}`);
	return parsed.settings;
}

/** How many channels can be used; those that cannot are said, with their line where they have one. */
function usableChannels(
	config: Config,
	settings: Settings,
	text: string | null,
	name: string,
	problems: string[],
): number {
	const told = settings.channels.filter(({ url, urlFile }) => (url === null) !== (urlFile === null));
	let usable = 0;
	for (const channel of told) {
		const found = channelsOf({ notifyUrls: null, notifyUrlsFile: null }, { ...noSettings, channels: [channel] });
		usable += found.byName.size;
		const line = lineOfPath(text ?? "", ["channels", channel.name, channel.url === null ? "url_file" : "url"]);
		for (const { title } of found.problems) problems.push(`${name}:${line}: ${title}`);
	}
	const others = channelsOf(config, noSettings);
	for (const { title } of others.problems) problems.push(title);
	return usable + others.byName.size;
}

function summary(text: string | null, name: string, { jobs }: Settings, channels: number): string {
	const counts = `${plural(jobs.length, "job")}, ${plural(channels, "channel")}`;
	return text === null
		? `There is no ${name}, which is fine; the variables are good: ${plural(channels, "channel")}.`
		: `${name} is fine: ${counts}`;
}
