// A machine on which restores are tried with the real tools: folders of its own, the monitor's program, and a shell.
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { binary, makeFolder } from "../binary.ts";

export type DrillMachine = {
	home: string;
	dataDir: string;
	/** Stands for /mnt. */
	mounted: string;
	/** Runs a text as it is pasted; throws with all that was said when it does not end well. */
	shell: (text: string) => void;
};

/** `folders` are made in its home; `env` is what its shells know besides the repositories and their passwords. */
export function openDrillMachine(folders: readonly string[], env: Record<string, string> = {}): DrillMachine {
	const home = makeFolder();
	const dataDir = makeFolder();
	for (const folder of ["bin", ...folders]) mkdirSync(join(home, folder), { recursive: true });
	symlinkSync(binary, join(home, "bin", "backup-monitor"));
	const known = {
		PATH: `${home}/bin:${process.env.PATH}`,
		HOME: home,
		TZ: "UTC",
		DATA_DIR: dataDir,
		RESTIC_PASSWORD: "of-the-test",
		RESTIC_REPOSITORY: join(home, "restic"),
		BORG_REPO: join(home, "borg"),
		BORG_PASSPHRASE: "",
		BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
		...env,
	};
	const shell = (text: string) => {
		const ended = Bun.spawnSync(["bash", "-eo", "pipefail", "-c", text], {
			env: known,
			cwd: home,
			stdin: "ignore",
			stdout: "pipe",
			stderr: "pipe",
		});
		if (!ended.success) throw new Error(`${text}\n${ended.stdout}${ended.stderr}`);
	};
	return { home, dataDir, mounted: join(home, "mnt"), shell };
}
