// A disk of a few megabytes of its own, which outlives the programs that use it and can be filled to its last byte.
import { appendFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, until } from "./binary.ts";

export type SmallDisk = {
	/** Where it is for whoever is started behind `prefix`. */
	dataDir: string;
	/** The same for this process. */
	inside: string;
	prefix: string[];
	/** Takes what is left, down to `leaveBytes`. */
	fill: (leaveBytes?: number) => void;
	free: () => void;
	remove: () => Promise<void>;
};

const isRoot = process.getuid?.() === 0;

/** `from`: a folder whose files lie on it at the beginning. */
export async function makeSmallDisk(bytes: number, from: string | null = null): Promise<SmallDisk> {
	const dataDir = join(makeFolder(), "data");
	mkdirSync(dataDir);
	// Mounts of one's own without being root: a user namespace, held by a process that only waits.
	const mount = `mount -t tmpfs -o size=${bytes} tmpfs "$0" && echo ready && exec sleep 3600`;
	// It does not outlive a test that is cut off.
	const command = ["setpriv", "--pdeathsig", "KILL", "unshare", isRoot ? "-m" : "-rm", "sh", "-c", mount, dataDir];
	const holder = Bun.spawn(command, { stdio: ["ignore", "pipe", "ignore"] });
	let said = "";
	const reading = (async () => {
		for await (const chunk of holder.stdout) said += new TextDecoder().decode(chunk);
	})();
	await until(() => said.includes("ready"), 10_000, "the disk is mounted");
	const inside = `/proc/${holder.pid}/root${dataDir}`;
	if (from !== null) cpSync(from, inside, { recursive: true });
	const user = isRoot ? [] : ["-U", "--preserve-credentials"];
	const filler = join(inside, "filler");
	const free = () => rmSync(filler, { force: true });
	return {
		dataDir,
		inside,
		prefix: ["nsenter", ...user, "-m", "-t", String(holder.pid)],
		free,
		fill: (leaveBytes = 0) => {
			const kept = join(inside, "kept");
			if (leaveBytes > 0) appendFileSync(kept, Buffer.alloc(leaveBytes));
			// Byte by byte at the end: a page that is begun has room left in it.
			for (const size of [1_048_576, 65_536, 4096, 512, 1]) {
				try {
					for (;;) appendFileSync(filler, Buffer.alloc(size));
				} catch {
					// Full at this step.
				}
			}
			rmSync(kept, { force: true });
		},
		remove: async () => {
			holder.kill("SIGKILL");
			await Promise.all([holder.exited, reading]);
		},
	};
}
