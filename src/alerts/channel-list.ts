// All channels there are: those of the configuration file, then those of NOTIFY_URLS. What cannot be used is said.
import { readFileSync } from "node:fs";
import type { Config } from "../config.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import type { Problem } from "../overview.ts";
import { registerSecret } from "../secrets.ts";
import type { ChannelSettings, Settings } from "../settings.ts";
import type { Channel } from "./channels/channel.ts";
import { createChannel, parseChannelUrl, parseNotifyUrls } from "./channels/registry.ts";

export type Channels = {
	/** Who gets what, in the order of the file. */
	settings: ChannelSettings[];
	byName: ReadonlyMap<string, Channel>;
	problems: Problem[];
};

/** Reads the files that hold secrets. Never throws: a channel that cannot be used is a problem, the others go on. */
export function channelsOf(config: Pick<Config, "notifyUrls" | "notifyUrlsFile">, settings: Settings): Channels {
	const channels: Channels & { byName: Map<string, Channel> } = { settings: [], byName: new Map(), problems: [] };
	const add = (channel: ChannelSettings, make: () => Channel) => {
		try {
			channels.byName.set(channel.name, make());
			channels.settings.push(channel);
		} catch (error) {
			channels.problems.push(unusable(`channel ${channel.name}`, error));
		}
	};
	for (const channel of settings.channels) {
		add(channel, () => {
			const url = channel.url ?? readSecretFile(channel.urlFile ?? "");
			const secret = channel.secret ?? (channel.secretFile === null ? null : readSecretFile(channel.secretFile));
			if (secret !== null) registerSecret(secret);
			return createChannel(channel.name, parseChannelUrl(url), { template: channel.template, secret });
		});
	}
	try {
		const text = config.notifyUrls ?? (config.notifyUrlsFile === null ? "" : readSecretFile(config.notifyUrlsFile));
		for (const target of parseNotifyUrls(text)) {
			const name = freeName(target.type, channels.byName);
			add(unlimited(name), () => createChannel(name, target, { template: null, secret: null }));
		}
	} catch (error) {
		channels.problems.push(unusable("NOTIFY_URLS", error));
	}
	if (channels.settings.length > 0) return channels;
	// With none left nobody is told of anything.
	return { ...channels, problems: channels.problems.map((problem) => ({ ...problem, severity: "critical" })) };
}

/** "ntfy", "ntfy-2", …: what came without a name is called by its kind. */
function freeName(type: string, taken: ReadonlyMap<string, unknown>): string {
	let name = type;
	for (let count = 2; taken.has(name); count++) name = `${type}-${count}`;
	return name;
}

function unlimited(name: string): ChannelSettings {
	return {
		name,
		url: null,
		urlFile: null,
		minSeverity: "warning",
		jobs: [],
		labels: {},
		template: null,
		secret: null,
		secretFile: null,
	};
}

function readSecretFile(path: string): string {
	try {
		const text = readFileSync(path, "utf8").trim();
		if (text !== "" && text.length <= 16_384) return text;
	} catch (error) {
		throw new AppError("usage", `${path} cannot be read (${codeOf(error) || messageOf(error)})`);
	}
	throw new AppError("usage", `${path} is empty or too long`);
}

function unusable(what: string, error: unknown): Problem {
	return {
		id: `unusable ${what}`,
		severity: "warning",
		title: `${what.charAt(0).toUpperCase()}${what.slice(1)} cannot be used: ${messageOf(error)}`,
		detail:
			"Nothing is sent through it. Mend it: config.yaml and files of secrets are read again by themselves, variables at a start.",
	};
}
