// The overview as a process makes it that has just been started: with nothing kept of what was before.

import type { Overview } from "../../../src/overview.ts";
import type { Reader } from "../../../src/reader.ts";
import { writtenFor } from "../../../src/reader.ts";
import { registerSecret } from "../../../src/secrets.ts";
import { openForQuestions } from "../../../src/store/database.ts";
import { type OverviewQuestion, readOverview } from "../../../src/store/overview.ts";
import { readOverviewAsked } from "../../../src/web/overview-question.ts";
import { overviewPage } from "../../../src/web/pages/overview.ts";

export type FreshQuestion = {
	database: string;
	search: string;
	place: Pick<OverviewQuestion, "now" | "zone" | "metricsFile" | "settings">;
	/** What the monitor knows of itself. */
	shared: Pick<Overview, "problems" | "retentionDays" | "openAlerts" | "channels"> & {
		source: { path: string; checkedAt: number | null };
	};
	reader: Reader;
	iec: boolean;
	secrets: string[];
};

if (import.meta.main) {
	const asked = JSON.parse(await Bun.stdin.text()) as FreshQuestion;
	for (const secret of asked.secrets) registerSecret(secret);
	const db = openForQuestions(asked.database);
	const question = { ...readOverviewAsked(new URLSearchParams(asked.search)), ...asked.place };
	const stored = readOverview(db, question);
	if (stored === null) throw new Error("There is no such job");
	const { lines, ...rest } = stored;
	const { source, ...shared } = asked.shared;
	const data = { ...rest, ...shared, source: { ...source, lines } };
	const units = { iec: asked.iec };
	process.stdout.write(writtenFor<string>(asked.reader, () => overviewPage(data, { theme: "auto", units }).toString()));
}
