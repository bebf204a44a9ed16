// The page Settings: what the monitor was told, what it understood of it, and how it does itself. Nothing is changed here.
import type { Database } from "bun:sqlite";
import { join } from "node:path";
import { hasPassword, loginWords } from "../access-config.ts";
import { readSettingsText, settingsName } from "../alerts/settings-file.ts";
import type { Config } from "../config.ts";
import { mask } from "../secrets.ts";
import { shownSettings } from "../settings.ts";
import type { SettingsPage, ShownFile, ShownSchedule } from "../settings-page.ts";
import { parseSettings, problemText } from "../settings-parse.ts";
import { readJobs } from "../store/jobs.ts";
import { countRejected, readRejected } from "../store/rejected.ts";
import { readWatched } from "../store/watched.ts";
import type { AppOptions } from "./app.ts";
import { cookieOf } from "./forms.ts";
import { wantsFragment } from "./fragment.ts";
import { readHealth } from "./health.ts";
import { parseTheme } from "./layout.ts";
import { answer, BodyCache } from "./respond.ts";
import type { Handler, Route } from "./routes.ts";
import { hintsOf } from "./settings-hints.ts";
import { variablesOf } from "./settings-variables.ts";

const shownLines = 20;

/** `env`: what the configuration was read from, to say of each value where it comes from. */
export function settingsRoutes(
	options: AppOptions,
	headers: Record<string, string>,
	env: Record<string, string | undefined> = process.env,
): Route[] {
	const { monitor } = options;
	const cache = new BodyCache(headers);

	const settings: Handler = async (request) => {
		const pages = await import("./pages/settings.ts");
		const isFragment = wantsFragment(request.headers);
		const theme = parseTheme(cookieOf(request, "theme"));
		const made = cache.page(request, `${isFragment} ${theme}`, monitor.revision, () => {
			const data = readSettingsPage(options, env);
			return (isFragment ? pages.settingsLive(data, theme) : pages.settingsPage(data, theme)).toString();
		});
		return made ?? answer(headers, 503, null);
	};

	return [{ method: "GET", path: "/settings", class: "read", handler: settings }];
}

function readSettingsPage(options: AppOptions, env: Record<string, string | undefined>): SettingsPage {
	const { monitor, alerting, config, clock, entry } = options;
	const { db } = monitor;
	const units = { iec: config.units === "iec" };
	const health = readHealth(options);
	const { path, checkedAt, lines } = health.source;
	return {
		now: clock(),
		zone: config.zone,
		units,
		health,
		hints: hintsOf(options, health, units),
		variables: variablesOf(config, env, entry.tokens.isOpen),
		login: { words: loginWords(config), hasPassword: hasPassword(config) },
		file: readShownFile(config),
		settings: shownSettings(alerting.settings),
		schedules: db === null ? [] : readSchedules(db),
		rejected: { total: db === null ? 0 : countRejected(db), lines: db === null ? [] : readRejected(db, shownLines) },
		refused: entry.refused(),
		problems: options.problems(),
		retentionDays: config.retentionDays,
		openAlerts: options.openAlerts(),
		source: { path, checkedAt, lines },
	};
}

/** The file as it lies there now, which may be another one than what is in force. */
function readShownFile({ dataDir, zone }: Config): ShownFile {
	const path = join(dataDir, settingsName);
	const read = readSettingsText(path);
	if (!read.ok) return { path, state: "unreadable", reason: read.reason };
	if (read.text === null) return { path, state: "absent" };
	const { problems } = parseSettings(read.text, zone);
	if (problems.length === 0) return { path, state: "good" };
	// A secret in the wrong place is quoted by nobody, and a known one not even by accident.
	const told = problems.map((problem) => ({ line: problem.line, text: mask(problemText(problem)) }));
	return { path, state: "bad", problems: told };
}

function readSchedules(db: Database): ShownSchedule[] {
	const watched = readWatched(db);
	return readJobs(db).map(({ id, slug, name, host }) => {
		const known = watched.get(id);
		const plan = known?.judgement.plan;
		return {
			job: { slug, name, host },
			plan: plan === undefined ? null : { words: plan.words, source: plan.source },
			dueAt: known?.dueAt ?? null,
		};
	});
}
