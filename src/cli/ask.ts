// Asks before something is replaced or deleted: at a terminal by a question, elsewhere only --yes will do.
import { createInterface } from "node:readline/promises";
import { isatty } from "node:tty";
import { AppError } from "../errors.ts";

/** Resolves once somebody said yes. Throws `conflict` where nobody did; then nothing was done. `again`: the command. */
export async function confirm(what: string, again: string, isConfirmed: boolean): Promise<void> {
	if (isConfirmed) return;
	const refused = new AppError("conflict", `${what} Nothing was done. To do it: backup-monitor ${again} --yes`);
	if (!isatty(0) || !isatty(2)) throw refused;
	const asking = createInterface({ input: process.stdin, output: process.stderr });
	// The end of the input is no yes.
	const ended = new Promise<string>((resolve) => asking.once("close", () => resolve("")));
	const said = await Promise.race([asking.question(`${what}\nGo on? [y/N] `), ended]);
	asking.close();
	if (!/^y(?:es)?$/i.test(said.trim())) throw refused;
}
