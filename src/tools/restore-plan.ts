// The command that restores a job's newest backup with its own tool, wrapped so that the drill is measured and recorded.
import { option, pathWord, shellWord } from "../setup-values.ts";

export type DrillJob = {
	name: string;
	slug: string;
	host: string;
	/** As the label `tool` of its newest backup says. */
	tool: string | null;
	repository: string | null;
	snapshotId: string | null;
};

export type DrillCommand = {
	text: string;
	/** What has to be filled in, or would surprise; "" for nothing. */
	note: string;
};

/** Where drills go: on the disk. /tmp is memory on many machines. */
export function drillFolder({ slug }: Pick<DrillJob, "slug">): string {
	return `/var/tmp/drill-${slug}`;
}

/** `to`: where the monitor is reached; null: the command runs on its own machine. `token`: null where none is needed. */
export function drillCommand(job: DrillJob, { to, token }: { to: string | null; token: string | null }): DrillCommand {
	const folder = drillFolder(job);
	const { command, flags = "", note = "" } = (toolCommands[job.tool ?? ""] ?? anyTool)(job, shellWord(folder));
	const host = job.host === "" ? "" : ` ${option("host", job.host)}`;
	const where = to === null ? "" : ` --to ${shellWord(to)}`;
	const key = token === null ? "" : `export PUSH_TOKEN=${shellWord(token)}\n`;
	const wrapped = `backup-monitor run ${option("job", job.name)}${host} --kind restore_test${flags}${where} \\\n  -- ${command}`;
	return { text: `${key}mkdir -p ${shellWord(folder)}\n${wrapped}`, note };
}

type ToolCommand = { command: string; flags?: string; note?: string };

/** A path is shown with what the job is known by, else as words to be replaced. */
const toolCommands: Record<string, (job: DrillJob, folder: string) => ToolCommand> = {
	restic: resticCommand,
	backrest: resticCommand,
	resticprofile: ({ snapshotId }, folder) => ({
		command: `resticprofile restore ${snapshotOf(snapshotId)} --target ${folder}`,
	}),
	autorestic: (_job, folder) => ({
		command: `autorestic restore -l LOCATION --to ${folder}`,
		note: "Put the location\u2019s name in place of LOCATION.",
	}),
	borg: ({ repository }, folder) => {
		const place = repository === null ? "" : pathWord(repository);
		const list = `borg list --short --last 1 ${place}`.trimEnd();
		return {
			command: `sh -c ${shellWord(`cd ${folder} && borg extract ${place}::"$(${list})"`)}`,
			flags: " --from borg",
			note: "borg extract --dry-run writes nothing and does not count as a restore: report it with --kind check.",
		};
	},
	borgmatic: (_job, folder) => ({ command: `borgmatic extract --archive latest --destination ${folder}` }),
	rclone: ({ repository }, folder) => ({
		command: `rclone copy --use-json-log --stats-log-level NOTICE ${pathWord(repository ?? "remote:backup")} ${folder}`,
		note: repository === null ? "Put the remote you back up to in place of remote:backup." : "",
	}),
	rsync: (_job, folder) => ({
		command: `rsync -a --stats /mnt/backup/ ${folder}/`,
		note: "Put the folder you back up to in place of /mnt/backup/.",
	}),
	rsnapshot: (_job, folder) => ({
		command: `rsync -a --stats /mnt/backup/daily.0/ ${folder}/`,
		flags: " --from rsync",
		note: "Put your snapshot_root in place of /mnt/backup.",
	}),
	kopia: ({ snapshotId }, folder) => ({
		command: `kopia snapshot restore ${pathWord(snapshotId ?? "SNAPSHOT")} ${folder}`,
		note: snapshotId === null ? "kopia snapshot list shows the ids: put the newest in place of SNAPSHOT." : "",
	}),
	duplicity: ({ repository }, folder) => ({
		command: `duplicity restore --force ${pathWord(repository ?? "file:///mnt/backup")} ${folder}`,
		note: repository === null ? "Put the address you back up to in place of file:///mnt/backup." : "",
	}),
	duplicacy: (_job, folder) => ({
		command: `sh -c ${shellWord(`cd ${folder} && duplicacy init STORAGE-ID STORAGE-URL && duplicacy -log restore -r REVISION -stats`)}`,
		note: "Put your storage in place of the words in capitals; duplicacy list shows the revisions.",
	}),
	"rdiff-backup": ({ repository }, folder) => ({
		command: `rdiff-backup --force -r now ${pathWord(repository ?? "/mnt/backup")} ${folder}`,
		note: repository === null ? "Put the folder you back up to in place of /mnt/backup." : "",
	}),
	duplicati: (_job, folder) => ({
		command: `duplicati-cli restore STORAGE-URL '*' --restore-path=${folder}`,
		note: "Put the storage\u2019s address in place of STORAGE-URL.",
	}),
	pbs: ({ snapshotId }, folder) => ({
		command: `proxmox-backup-client restore ${pathWord(snapshotId ?? "SNAPSHOT")} root.pxar ${folder}`,
		note: "The archive is called root.pxar where a host backs itself up; proxmox-backup-client snapshot files lists others.",
	}),
	proxmox: ({ snapshotId }) => ({
		command: `qmrestore ${pathWord(snapshotId ?? "/var/lib/vz/dump/ARCHIVE.vma.zst")} 9999 --unique 1`,
		note: "It restores the guest under the free number 9999; for a container it is pct restore. Nothing goes to the folder.",
	}),
	tar: (_job, folder) => ({
		command: `tar -xf /mnt/backup/backup.tar.gz -C ${folder}`,
		note: "Put the archive in place of /mnt/backup/backup.tar.gz.",
	}),
};

function resticCommand({ repository, snapshotId }: DrillJob, folder: string): ToolCommand {
	const place = repository === null ? "" : ` -r ${pathWord(repository)}`;
	return {
		command: `restic restore ${snapshotOf(snapshotId)} --json${place} --target ${folder}`,
		note: "Into an empty folder: what is there already is not fetched again. restic restore --dry-run does not count.",
	};
}

/** `latest` may be another job's where several share a repository. */
function snapshotOf(id: string | null): string {
	return id !== null && /^[0-9a-f]{8,64}$/.test(id) ? id.slice(0, 8) : "latest";
}

/** The original's script packs archives with tar, and so do most of one's own. */
function anyTool(_job: DrillJob, folder: string): ToolCommand {
	return {
		command: `tar -xf /mnt/backup/backup.tar.gz -C ${folder}`,
		note: "Put the command that restores this job, with the folder above as its target, in place of tar and its archive.",
	};
}

const restoring = /^(?:restore|extract|copy|sync|rsync)$/;

/** A restore that only pretends: it proves that the tool starts, and its time says nothing. */
export function isTrial(command: readonly string[]): boolean {
	const words = command.flatMap((word) => (/\s/.test(word) ? word.split(/[\s;&|]+/) : [word]));
	const names = words.map((word) => word.slice(word.lastIndexOf("/") + 1));
	// rsync's letters may stand together: -avn.
	const trial = names.includes("rsync") ? /^(?:--dry-run|-[a-zA-Z]*n[a-zA-Z]*)$/ : /^(?:--dry-run|-n)$/;
	return names.some((word) => restoring.test(word)) && words.some((word) => trial.test(word));
}
