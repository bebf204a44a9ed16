// `notify`: lists the channels, or sends a test through them and says what came back.
import { channelsOf } from "../alerts/channel-list.ts";
import { SettingsFile } from "../alerts/settings-file.ts";
import { readConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { composeTest } from "../message.ts";
import { readFlags } from "./flags.ts";

export async function notifyCommand(args: string[]): Promise<number> {
	const { flags, words } = await readFlags(args, "notify", { test: { type: "boolean" } }, { words: 1 });
	const config = readConfig(process.env);
	const file = new SettingsFile(config.dataDir, config.zone);
	const { settings, byName, problems } = channelsOf(config, file.settings);
	for (const { title } of file.problem === null ? problems : [file.problem, ...problems]) {
		process.stderr.write(`${title}\n`);
	}
	const [only] = words;
	if (only !== undefined && !byName.has(only)) {
		const known = [...byName.keys()].join(", ");
		throw new AppError("usage", `There is no channel "${only}". ${known === "" ? noChannel : `There is: ${known}.`}`);
	}
	if (byName.size === 0) {
		process.stdout.write(`${noChannel}\n`);
		return 1;
	}
	const chosen = settings.filter(({ name }) => only === undefined || name === only);
	const hasProblem = problems.length > 0 || file.problem !== null;
	if (flags.test !== true) {
		for (const { name, minSeverity } of chosen) {
			const channel = byName.get(name);
			process.stdout.write(`${name}  ${channel?.type ?? ""}  ${channel?.shown ?? ""}  from ${minSeverity} on\n`);
		}
		process.stdout.write("Nothing was sent. backup-monitor notify --test sends a message through each.\n");
		return hasProblem ? 1 : 0;
	}
	const units = { iec: config.units === "iec" };
	let failed = 0;
	for (const { name } of chosen) {
		const context = { now: Date.now(), zone: config.zone, units, publicUrl: config.publicUrl, linkKey: null };
		const sent = await byName.get(name)?.send(composeTest(name, context));
		if (sent?.ok === true) process.stdout.write(`${name}: sent\n`);
		else {
			failed++;
			process.stdout.write(`${name}: not sent: ${sent?.reason ?? "it cannot be used"}\n`);
		}
	}
	return failed > 0 || hasProblem ? 1 : 0;
}

const noChannel =
	"No channel is set up. Set NOTIFY_URLS=ntfys://ntfy.sh/your-secret-topic, or name channels in config.yaml.";
