// Pipes for a command's output. Bun gives its children sockets, which cannot be opened again: `> /dev/stderr` would fail.
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One pipe: the command gets `writeEnd`, which is closed by us as soon as it runs. */
export type Pipe = { readEnd: number; writeEnd: number };

/** As many pipes as asked for, or null where none can be made: then Bun's sockets must do. */
export function makePipes(count: number): Pipe[] | null {
	const made: Pipe[] = [];
	let folder: string | null = null;
	try {
		folder = mkdtempSync(join(tmpdir(), "backup-monitor-run-"));
		const paths = Array.from({ length: count }, (_, index) => join(folder ?? "", String(index)));
		const { success } = Bun.spawnSync(["mkfifo", "-m", "600", ...paths], { stdio: ["ignore", "ignore", "ignore"] });
		if (!success) return null;
		// A named pipe whose name is gone is a pipe. The reader comes first, else opening it would wait for one.
		for (const path of paths) {
			const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
			made.push({ readEnd, writeEnd: openSync(path, constants.O_WRONLY) });
		}
		return made;
	} catch {
		for (const { readEnd, writeEnd } of made) for (const end of [readEnd, writeEnd]) closeSync(end);
		return null;
	} finally {
		if (folder !== null) rmSync(folder, { recursive: true, force: true });
	}
}
