// Every way to report that the setup page offers: the page, the docs and the tests read this one list.
import { commandSetups, shellSetup } from "./setup-commands.ts";
import { borgmatic, hookSetups } from "./setup-hooks.ts";
import { protocolSetups } from "./setup-protocols.ts";
import type { Setup } from "./setup-values.ts";

/** In the order of the page's tabs: what most homes have comes first. */
export const setupGroups: readonly { title: string; setups: readonly Setup[] }[] = [
	{ title: "Commands and cron", setups: [shellSetup, ...commandSetups] },
	{ title: "Tools with hooks", setups: [borgmatic, ...hookSetups] },
	{ title: "Everything else", setups: protocolSetups },
];

export const setups: readonly Setup[] = setupGroups.flatMap((group) => group.setups);

/** The way of a name as it stands in `?tool=`; the first one for a name that there is not. */
export function setupNamed(id: string | null): Setup {
	return setups.find((setup) => setup.id === id) ?? shellSetup;
}
