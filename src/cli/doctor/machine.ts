// The machine: its clock and zone, and whether it keeps to the limits of memory that unit and container set.
import { existsSync, readFileSync } from "node:fs";
import type { Config } from "../../config.ts";
import { readClockSync } from "../../ingest/prune.ts";
import { releasedAt } from "../../retention.ts";
import { formatInstant } from "../../time.ts";
import { bad, type Finding, good } from "./finding.ts";

export function lookAtMachine(config: Config, now: number): Finding[] {
	return [clock(config, now), zone(config), memory()];
}

function clock({ zone }: Config, now: number): Finding {
	const text = `clock says ${formatInstant(now, zone)}`;
	const fix = "set it: timedatectl set-ntp true";
	if (now < releasedAt) return bad(`${text}, which is in the past`, fix);
	if (readClockSync() === false)
		return bad(
			`${text}, and was not set by the network since the start`,
			`${fix}, and see timedatectl timesync-status`,
		);
	return good(text);
}

function zone({ zone, badZone }: Config): Finding {
	if (badZone !== null)
		return bad(`TZ is "${badZone}", which is no time zone; UTC is used`, "set TZ to a name such as Europe/Berlin");
	return good(`time zone ${zone}`);
}

/** Raspberry Pi OS starts its kernel without: MemoryMax and mem_limit do nothing then, and say nothing. */
function memory(): Finding {
	const isCounted = isMemoryCounted();
	if (isCounted === null) return good("limits of memory: the system does not say");
	if (isCounted) return good("limits of memory are kept to");
	const file = ["/boot/firmware/cmdline.txt", "/boot/cmdline.txt"].find((path) => existsSync(path));
	const where = file ?? "the kernel's command line (Raspberry Pi: /boot/firmware/cmdline.txt)";
	return bad(
		"limits of memory are not kept to: the kernel was started without the memory cgroup",
		`add cgroup_enable=memory to the line in ${where}, and restart the machine`,
	);
}

function isMemoryCounted(): boolean | null {
	const controllers = textOf("/sys/fs/cgroup/cgroup.controllers");
	if (controllers !== null) return controllers.split(/\s+/).includes("memory");
	const enabled = /^memory\s+\d+\s+\d+\s+([01])/m.exec(textOf("/proc/cgroups") ?? "")?.[1];
	return enabled === undefined ? null : enabled === "1";
}

function textOf(path: string): string | null {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return null;
	}
}
