// Each captured output of the copying tools and of the NAS and server reports yields what its expected.json says.
import { expect, test } from "bun:test";
import { duplicacy } from "../../src/tools/duplicacy.ts";
import { duplicati } from "../../src/tools/duplicati.ts";
import { duplicity } from "../../src/tools/duplicity.ts";
import { generic } from "../../src/tools/generic.ts";
import { kopia } from "../../src/tools/kopia.ts";
import { pbs } from "../../src/tools/pbs.ts";
import { proxmox } from "../../src/tools/proxmox.ts";
import { rclone } from "../../src/tools/rclone.ts";
import { rdiffBackup } from "../../src/tools/rdiff-backup.ts";
import { rsnapshot } from "../../src/tools/rsnapshot.ts";
import { rsync } from "../../src/tools/rsync.ts";
import { tar } from "../../src/tools/tar.ts";
import { testCaptures } from "./agreement.ts";
import { capturesOf } from "./captured.ts";

testCaptures(rclone, "rclone");
testCaptures(rsync, "rsync");
testCaptures(rsync, "curl-idioms");
testCaptures(rsnapshot, "rsnapshot");
testCaptures(tar, "tar");
testCaptures(duplicity, "duplicity");
testCaptures(rdiffBackup, "rdiff-backup");
testCaptures(kopia, "kopia");
testCaptures(duplicati, "duplicati");
testCaptures(proxmox, "proxmox");
testCaptures(pbs, "proxmox", (name) => name.startsWith("pbs"));
testCaptures(generic, "systemd");
testCaptures(generic, "urbackup");
testCaptures(generic, "truenas", (name) => name.startsWith("cloudsync"));

const ours = [
	rclone,
	rsync,
	rsnapshot,
	tar,
	duplicity,
	rdiffBackup,
	kopia,
	duplicati,
	duplicacy,
	proxmox,
	pbs,
	generic,
];

for (const tool of [rclone, rsync, rsnapshot, tar, duplicity, rdiffBackup, kopia, duplicati]) {
	test(`${tool.name} is recognised by what it prints, in one body as in two streams`, () => {
		for (const { name, output, expected, requests } of capturesOf(tool.name)) {
			const stdout = requests[0]?.body ?? output.stdout + output.stderr;
			if (stdout.trim() === "" || expected === null) continue;
			const body = { ...output, stdout, stderr: "" };
			const best = ours.toSorted((one, other) => other.recognise(body) - one.recognise(body))[0];
			expect([name, best?.name]).toEqual([name, tool.name]);
		}
	});
}
