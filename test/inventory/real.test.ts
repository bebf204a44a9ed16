// Real repositories of restic and borg, and a real rclone remote: snapshots removed behind the monitor's back, a wiped
// remote, one that cannot be reached, a listing cut in half, a rename, and retention that forgets.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { hour, type InventoryStation, minute, openInventoryStation } from "./station.ts";

let home: string;
let station: InventoryStation;

beforeAll(async () => {
	for (const program of ["restic", "borg", "rclone"]) {
		if (Bun.which(program) === null)
			throw new Error(`${program} is not installed: apt-get install restic borgbackup rclone`);
	}
	home = makeFolder();
	mkdirSync(join(home, "source"));
	for (let i = 0; i < 20; i++) writeFileSync(join(home, "source", `${i}.txt`), "some text\n".repeat(500 + i));
	station = await openInventoryStation({ at: Date.now() });
});
afterAll(async () => {
	await station.stop();
	await cleanUp();
});

async function shell(command: string): Promise<{ out: string; status: number; errors: string }> {
	const child = Bun.spawn(["bash", "-c", command], {
		cwd: home,
		stdout: "pipe",
		stderr: "pipe",
		env: {
			PATH: process.env.PATH,
			HOME: home,
			TZ: "UTC",
			RESTIC_REPOSITORY: join(home, "restic"),
			RESTIC_PASSWORD: "secret",
			RESTIC_CACHE_DIR: join(home, "cache"),
			BORG_REPO: join(home, "borg"),
			BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
			BORG_RELOCATED_REPO_ACCESS_IS_OK: "yes",
			BORG_BASE_DIR: home,
			RCLONE_CONFIG: join(home, "rclone.conf"),
		},
	});
	const [out, errors, status] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	return { out, errors, status };
}

async function well(command: string): Promise<string> {
	const { out, errors, status } = await shell(command);
	if (status !== 0) throw new Error(`${command}: ${status} ${errors}`);
	return out;
}

let edits = 0;
const edit = () => writeFileSync(join(home, "source", "edited.txt"), `edit ${++edits}\n`.repeat(100));

describe("restic", () => {
	const ids: string[] = [];
	const backup = async () => {
		edit();
		await station.pass(hour, hour);
		const timestamp = new Date(station.now()).toISOString();
		const at = timestamp.slice(0, 19).replace("T", " ");
		const lines = (await well(`restic backup --json --time "${at}" source`)).trim().split("\n");
		const summary = JSON.parse(lines.at(-1) ?? "") as { snapshot_id: string; total_bytes_processed: number };
		ids.push(summary.snapshot_id);
		const report = { snapshot_id: summary.snapshot_id, size_bytes: summary.total_bytes_processed, duration_total: 2 };
		await station.push({ job: "restic", backup_id: summary.snapshot_id, timestamp, success: true, ...report });
	};
	const list = async (later = hour) => {
		await station.pass(later, later);
		await station.list("restic", "restic", await well("restic snapshots --json"));
	};

	test("what was backed up is there", async () => {
		await well("restic init");
		for (let i = 0; i < 3; i++) await backup();
		await list();
		expect(station.verdicts("restic")).toEqual(["present", "present", "present"]);
		expect(station.rung("restic")).toMatchObject({ state: "ok" });
		expect(station.rung("restic").sentence).toContain("The remote's own listing has 3\u00a0snapshots, the newest of ");
	}, 30_000);

	test("the newest snapshot deleted behind the monitor's back turns it red with the second listing", async () => {
		await well(`restic forget ${ids[2]}`);
		await list();
		expect(station.verdicts("restic")).toEqual(["present", "present", "unconfirmed"]);
		await list(15 * minute);
		expect(station.verdicts("restic")).toEqual(["present", "present", "absent"]);
		expect(station.rung("restic").state).toBe("failed");
		const [finding] = station.findings("restic");
		expect(finding?.sentence).toStartWith(`Snapshot ${ids[2]?.slice(0, 8)} of `);
		expect(finding?.sentence).toContain(" is not in the remote any more: two listings, the last ");
	}, 30_000);

	test("what forget lets go by the promise is not missed", async () => {
		await backup();
		await well("restic forget --keep-last 2 --prune");
		await list();
		await list();
		const { counts } = station.compare("restic", { keep: { last: 2 } });
		expect(counts).toMatchObject({ present: 2, forgotten: 1, absent: 1 });
	}, 30_000);

	test("a tagged snapshot has a new id and is the same", async () => {
		await well("restic tag --add kept latest");
		await list();
		await list();
		expect(station.verdicts("restic").at(-1)).toBe("present");
	}, 30_000);

	test("cut in half, unreachable, wiped: unknown, and nothing else changes", async () => {
		const before = station.verdicts("restic");
		const text = await well("restic snapshots --json");
		await station.pass(hour, hour);
		await station.list("restic", "restic", text.slice(0, text.length / 2));
		expect(station.compare("restic").latest?.outcome).toBe("truncated");
		renameSync(join(home, "restic"), join(home, "elsewhere"));
		const gone = await shell("restic snapshots --json");
		expect(gone.status).not.toBe(0);
		await station.pass(hour, hour);
		await station.list("restic", "restic", gone.out);
		expect(station.compare("restic").latest?.outcome).toBe("failed");
		expect(station.verdicts("restic")).toEqual(before);
		await well("restic init && restic snapshots --json");
		for (let i = 0; i < 2; i++) {
			await station.pass(hour, hour);
			await station.list("restic", "restic", await well("restic snapshots --json"));
		}
		expect(station.compare("restic").latest?.outcome).toBe("empty");
		expect(station.verdicts("restic")).toEqual(before);
		expect(station.findings("restic").map(({ kind, key }) => `${kind} ${key}`)).toContain("stale_copy listing");
		expect(station.rung("restic").state).not.toBe("ok");
	}, 60_000);

	test("a repository copied to another place has other ids and the same snapshots", async () => {
		rmSync(join(home, "restic"), { recursive: true });
		const from = `--from-repo ${join(home, "elsewhere")}`;
		await well(`export RESTIC_FROM_PASSWORD=secret; restic init ${from} --copy-chunker-params && restic copy ${from}`);
		await list();
		await list();
		const { counts, unreported } = station.compare("restic", { keep: { last: 2 } });
		expect(counts).toMatchObject({ present: 2, unknown: 0 });
		expect(unreported).toEqual([]);
	}, 60_000);
});

describe("borg", () => {
	test("present, deleted, pruned, renamed", async () => {
		await well("borg init -e none");
		const backup = async (name: string) => {
			edit();
			const timestamp = new Date().toISOString();
			const { archive } = JSON.parse(await well(`borg create --json ::${name} source`)) as { archive: { id: string } };
			const report = { snapshot_id: archive.id, duration_total: 1, success: true };
			await station.push({ job: "borg", backup_id: name, timestamp, ...report });
		};
		const list = async () => {
			await station.pass(hour, hour);
			await station.list("borg", "borg", await well("borg list --json"));
		};
		for (const name of ["one", "two", "three"]) {
			await backup(name);
			await Bun.sleep(1100);
		}
		await list();
		expect(station.verdicts("borg")).toEqual(["present", "present", "present"]);
		await well("borg rename ::two second");
		await list();
		await list();
		expect(station.verdicts("borg")).toEqual(["present", "present", "present"]);
		await well("borg delete ::three");
		await list();
		await list();
		expect(station.verdicts("borg")).toEqual(["present", "present", "absent"]);
		await backup("four");
		await well("borg prune --keep-last 1");
		await list();
		await list();
		const verdicts = station.compare("borg", { keep: { last: 1 } }).verdicts.map(({ verdict }) => verdict);
		expect(verdicts.toReversed()).toEqual(["forgotten", "forgotten", expect.any(String), "present"]);
	}, 60_000);
});

describe("two jobs in one repository", () => {
	test("each has its own snapshots, by host, paths or tags; the other's are counted as others", async () => {
		await well(`export RESTIC_REPOSITORY=${home}/shared; restic init`);
		const backup = async (job: string, host: string, tag: string) => {
			edit();
			await station.pass(hour, hour);
			const timestamp = new Date(station.now()).toISOString();
			const at = timestamp.slice(0, 19).replace("T", " ");
			const command = `restic backup --json --time "${at}" --host ${host} --tag ${tag} source`;
			const lines = (await well(`export RESTIC_REPOSITORY=${home}/shared; ${command}`)).trim().split("\n");
			const { snapshot_id } = JSON.parse(lines.at(-1) ?? "") as { snapshot_id: string };
			await station.push({ job, backup_id: snapshot_id, snapshot_id, timestamp, success: true, duration_total: 2 });
			return snapshot_id;
		};
		const list = async () => {
			const text = await well(`RESTIC_REPOSITORY=${home}/shared restic snapshots --json`);
			for (const job of ["pi", "nas", "db"]) {
				await station.pass(hour, hour);
				await station.list(job, "restic", text);
			}
		};
		for (let i = 0; i < 2; i++) {
			await backup("pi", "pi4", "files");
			await backup("nas", "nas", "files");
			await backup("db", "pi4", "dumps");
		}
		await list();
		for (const job of ["pi", "nas", "db"]) {
			expect(station.verdicts(job)).toEqual(["present", "present"]);
			const { unreported, others, there } = station.compare(job);
			expect([job, unreported.length, others, there]).toEqual([job, 0, 4, 6]);
		}
		// One that the other job made later does not stand in for the one that is lost.
		const lost = await backup("pi", "pi4", "files");
		await backup("db", "pi4", "dumps");
		await well(`RESTIC_REPOSITORY=${home}/shared restic forget ${lost}`);
		await list();
		await list();
		expect(station.verdicts("pi")).toEqual(["present", "present", "absent"]);
		expect(station.verdicts("db")).toEqual(["present", "present", "present"]);
	}, 120_000);
});

describe("borg in another zone than the monitor", () => {
	test("its naive times are understood, with and without ids, and checkpoints are no backups", async () => {
		const borg = (words: string) => well(`export TZ=Asia/Tokyo BORG_REPO=${home}/tokyo; ${words}`);
		await borg("borg init -e none");
		const begin = Date.now() - 5 * 24 * hour;
		for (let night = 0; night < 5; night++) {
			const at = begin + night * 24 * hour;
			edit();
			// The option takes UTC; the list has the time of the zone, without a word of it.
			const utc = new Date(at).toISOString().slice(0, 19);
			await borg(`borg create --timestamp ${utc} ::night-${night} source`);
			const { archives } = JSON.parse(await borg("borg list --json --last 1")) as { archives: { id: string }[] };
			const report = { timestamp: new Date(at).toISOString(), success: true, duration_total: 5 };
			await station.push({ job: "named", backup_id: `${night}`, ...report, snapshot_id: archives[0]?.id });
			await station.push({ job: "unnamed", backup_id: `${night}`, ...report });
		}
		await borg("borg create ::night-4.checkpoint source");
		const list = async () => {
			const text = await borg("borg list --json");
			for (const job of ["named", "unnamed"]) {
				await station.pass(hour, hour);
				await station.list(job, "borg", text);
			}
		};
		await list();
		for (const job of ["named", "unnamed"]) {
			expect([job, station.verdicts(job)]).toEqual([job, Array(5).fill("present")]);
			const { unreported, skew, there } = station.compare(job);
			expect([job, unreported, Math.round(skew / hour), there]).toEqual([job, [], 9, 5]);
		}
		await borg("borg delete ::night-4");
		await list();
		await list();
		for (const job of ["named", "unnamed"]) expect([job, station.verdicts(job).at(-1)]).toEqual([job, "absent"]);
	}, 120_000);
});

describe("rclone", () => {
	test("dated files of a remote stand for the backups; a missing one is found", async () => {
		mkdirSync(join(home, "remote"));
		writeFileSync(join(home, "rclone.conf"), `[nas]\ntype = alias\nremote = ${join(home, "remote")}\n`);
		const list = async () => {
			await station.pass(20 * minute, 20 * minute);
			await station.list("rclone", "rclone", await well("rclone lsjson -R --files-only nas:"));
		};
		for (let i = 0; i < 6; i++) {
			await station.pass(3 * hour, 3 * hour);
			const at = new Date(station.now()).toISOString();
			await well(`tar czf ${i}.tar.gz source && touch -d ${at} ${i}.tar.gz && rclone copy ${i}.tar.gz nas:backup/`);
			await station.push({ job: "rclone", backup_id: `${i}`, timestamp: at, duration_total: 60, success: true });
			await list();
		}
		expect(station.verdicts("rclone")).toEqual(Array(6).fill("present"));
		await well("rclone deletefile nas:backup/5.tar.gz");
		await list();
		expect(station.verdicts("rclone").at(-1)).toBe("unconfirmed");
		await list();
		expect(station.verdicts("rclone").at(-1)).toBe("absent");
		const gone = await shell("rclone lsjson nas:none");
		await station.list("rclone", "rclone", gone.out);
		expect(station.compare("rclone").latest?.outcome).toBe("truncated");
	}, 60_000);
});
