// A group of processes that may have so much memory together, as a container's limit or the unit's MemoryMax makes it.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./binary.ts";

export type MemoryGroup = {
	/** Before a command: it and what it starts are in the group. */
	prefix: string[];
	/** The most it ever had, in bytes, what the kernel caches for it included. */
	peak: () => number;
	/** How many were killed for want of memory. */
	kills: () => number;
	remove: () => Promise<void>;
};

const roots = { first: "/sys/fs/cgroup/memory", second: "/sys/fs/cgroup" };
const isFirst = existsSync(join(roots.first, "memory.limit_in_bytes"));

/** null where this user may not make one. */
export function makeMemoryGroup(bytes: number): MemoryGroup | null {
	const folder = join(isFirst ? roots.first : roots.second, `monitor-test-${process.pid}-${Math.random()}`);
	const read = (name: string) => readFileSync(join(folder, name), "utf8");
	try {
		mkdirSync(folder);
	} catch {
		return null;
	}
	try {
		writeFileSync(join(folder, isFirst ? "memory.limit_in_bytes" : "memory.max"), String(bytes));
		if (!isFirst) writeFileSync(join(folder, "memory.swap.max"), "0");
	} catch {
		rmdirSync(folder);
		return null;
	}
	return {
		prefix: ["sh", "-c", `echo $$ >${folder}/cgroup.procs && exec "$@"`, "sh"],
		peak: () => Number(read(isFirst ? "memory.max_usage_in_bytes" : "memory.peak")),
		kills: () => Number(/^oom_kill (\d+)$/m.exec(read(isFirst ? "memory.oom_control" : "memory.events"))?.[1] ?? 0),
		remove: async () => {
			// The kernel needs a moment after the last of them has ended.
			await until(() => {
				try {
					rmdirSync(folder);
					return true;
				} catch {
					return false;
				}
			}, 10_000);
		},
	};
}
