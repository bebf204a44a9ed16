// Puts the running parts together: the monitor that takes reports, the alerting that judges them, and what both know of
// troubles. Nothing is started here.
import { Alerting } from "../alerts/alerting.ts";
import type { Config } from "../config.ts";
import { Inventories } from "../ingest/inventories.ts";
import { Monitor } from "../ingest/monitor.ts";
import type { Problem } from "../overview.ts";
import { mask } from "../secrets.ts";
import { countLoudAlerts } from "../store/alerts.ts";
import type { Access } from "./access.ts";
import type { AppOptions } from "./app.ts";
import type { Entry } from "./entry.ts";

/** `access`: null where no login is asked for. */
export function wire(config: Config, clock: () => number, entry: Entry, access: Access | null = null): AppOptions {
	const monitor = new Monitor(config, clock);
	const alerting: Alerting = new Alerting({
		config,
		clock,
		db: () => monitor.caughtUp,
		outages: () => monitor.outages,
		isWell: () => problems().every(({ severity }) => severity !== "critical"),
		refused: (now) => entry.findings(now),
		onChange: () => monitor.touch(),
	});
	const inventory = new Inventories({
		dataDir: config.dataDir,
		zone: config.zone,
		clock,
		db: () => monitor.caughtUp,
		keep: (digest, apply) => monitor.keepListing(digest, apply),
		settings: () => alerting.settings,
		env: process.env,
	});
	alerting.onSettings = () => inventory.reload();
	monitor.onStored = () => alerting.wake();
	entry.onRefused = () => alerting.wake();
	const problems = (): Problem[] => {
		const refused = entry.problem(clock());
		const known = [...monitor.problems(), ...alerting.problems(clock()), ...inventory.problems()];
		// A mistake in config.yaml is quoted, and may be a secret in the wrong place.
		return (refused === null ? known : [...known, refused]).map((problem) => ({
			...problem,
			title: mask(problem.title),
			detail: mask(problem.detail),
		}));
	};
	const openAlerts = () => (monitor.db === null ? 0 : countLoudAlerts(monitor.db, clock()));
	return { monitor, alerting, inventory, config, clock, entry, access, problems, openAlerts };
}
