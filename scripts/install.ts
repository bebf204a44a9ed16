// Makes a fresh clone ready: the packages of the lock file, once.
import { existsSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** Installs where node_modules is missing or older than the lock file. Ends the process where that fails. */
export function installPackages(): void {
	const modules = join(root, "node_modules");
	const isCurrent = existsSync(modules) && statSync(modules).mtimeMs >= statSync(join(root, "bun.lock")).mtimeMs;
	if (isCurrent) return;
	// Not "bun": this one may have come from npx and be on no PATH. Its words go to stderr: stdout belongs to the caller.
	const installed = Bun.spawnSync([process.execPath, "install", "--frozen-lockfile"], {
		cwd: root,
		stdin: "ignore",
		stdout: 2,
		stderr: "inherit",
	});
	if (!installed.success) process.exit(installed.exitCode || 1);
	utimesSync(modules, new Date(), new Date());
}
