// The Debian package: the same bytes each time, and in a booted system installed, upgraded, refused, removed and purged.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageDeb } from "../../scripts/package-deb.ts";
import { binary, isHard } from "../binary.ts";
import { bootMachine, cleanRoot, layeredRoot, type Machine, within } from "./machine.ts";

const dir = mkdtempSync(join(tmpdir(), "package-"));
afterAll(() => rmSync(dir, { recursive: true }));

// A container with its own systemd needs root.
const isRoot = process.getuid?.() === 0;
const name = "backup-monitor";
const data = `/var/lib/${name}`;

function packageOf(version: string, program = binary): string {
	const options = { architecture: "amd64", version, epoch: 1_790_000_000, compression: "none" } as const;
	return packageDeb({ ...options, binary: program, folder: join(dir, version) });
}

/** A program that is broken in a way of its own. */
async function brokenProgram(script: string): Promise<string> {
	const path = join(dir, "broken", crypto.randomUUID());
	await Bun.write(path, `#!/bin/sh\n${script}\n`);
	chmodSync(path, 0o755);
	return path;
}

async function sha256(path: string): Promise<string> {
	return new Bun.CryptoHasher("sha256").update(await Bun.file(path).arrayBuffer()).digest("hex");
}

test("the same executable gives the same package, whatever the umask and the time", async () => {
	const options = {
		architecture: "arm64",
		binary,
		version: "1.0.0",
		epoch: 1_790_000_000,
		compression: "none",
	} as const;
	const first = packageDeb({ ...options, folder: join(dir, "first") });
	const umask = process.umask(0o077);
	try {
		const second = packageDeb({ ...options, folder: join(dir, "second") });
		expect(await sha256(second)).toBe(await sha256(first));
	} finally {
		process.umask(umask);
	}
	const list = Bun.spawnSync(["dpkg-deb", "--contents", first]).stdout.toString();
	for (const line of list.trim().split("\n")) expect(line).toMatch(/^(?:drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) root\/root /);
});

test("each shell finds there what completes the command, as the program prints it", async () => {
	const deb = packageOf("1.0.0");
	const tree = join(dir, "completions");
	expect(Bun.spawnSync(["dpkg-deb", "--extract", deb, tree]).exitCode).toBe(0);
	const places = {
		bash: "bash-completion/completions/backup-monitor",
		zsh: "zsh/vendor-completions/_backup-monitor",
		fish: "fish/vendor_completions.d/backup-monitor.fish",
	};
	for (const [shell, path] of Object.entries(places)) {
		const printed = Bun.spawnSync([binary, "completions", shell]).stdout.toString();
		expect([shell, await Bun.file(join(tree, "usr/share", path)).text()]).toEqual([shell, printed]);
	}
	// Each asked as after an installation: by its own way to find them.
	const typed = (command: string[]) =>
		Bun.spawnSync(command, {
			env: {
				PATH: `${join(tree, "usr/bin")}:${process.env.PATH}`,
				HOME: dir,
				TERM: "dumb",
				XDG_DATA_DIRS: join(tree, "usr/share"),
			},
		})
			.stdout.toString()
			.split(/\s+/);
	expect(typed(["fish", "-c", "complete -C 'backup-monitor restore-'"])).toContain("restore-db");
	const load = `fpath=(${join(tree, "usr/share/zsh/vendor-completions")} $fpath); autoload -Uz compinit; compinit -u -D`;
	expect(typed(["zsh", "-f", "-c", `${load}; print -r -- $_comps[backup-monitor]`])).toContain("_backup-monitor");
});

test.skipIf(Bun.which("lintian") === null)(
	"lintian finds nothing",
	() => {
		// What it opens and reads through is its only interest in the program: a small one stands in for it.
		const deb = packageDeb({
			architecture: "amd64",
			binary: "/bin/true",
			version: "1.0.0",
			folder: join(dir, "lintian"),
			epoch: 1_790_000_000,
		});
		const lintian = Bun.spawnSync(["lintian", "--allow-root", "--fail-on", "error,warning", deb]);
		const remarks = lintian.stdout
			.toString()
			.split("\n")
			// Only of the stand-in's own kind: overrides that the real program needs, and this one does not.
			.filter((line) => /^[EW]:/.test(line) && !line.includes("mismatched-override"));
		expect(remarks).toEqual([]);
	},
	120_000,
);

describe.skipIf(!isRoot)("in a booted system", () => {
	test(
		isHard ? "a clean Debian keeps every promise" : "installed, upgraded, refused, restarted, removed and purged",
		async () => {
			const { root, discard } = isHard ? cleanRoot() : layeredRoot();
			try {
				mkdirSync(join(root, "root/debs"), { recursive: true });
				const bring = (path: string) => {
					const at = `/root/debs/${path.split("/").at(-1)}`;
					copyFileSync(path, join(root, at));
					return at;
				};
				const debs = {
					first: bring(packageOf("1.0.0")),
					second: bring(packageOf("1.0.1")),
					noStart: bring(packageOf("1.0.2", await brokenProgram("kill -ILL $$"))),
					noServe: bring(
						packageOf("1.0.3", await brokenProgram("[ $1 = version ] && exit 0; echo cannot serve >&2; exit 1")),
					),
					mended: bring(packageOf("1.0.4")),
				};
				const machine = await bootMachine(root, isHard ? "multi-user.target" : "basic.target");
				try {
					await expectInstalled(machine, debs.first);
					expectShared(machine);
					await expectUpgraded(machine, debs.second);
					expectRefused(machine, debs.noStart, "does not run on this machine");
					expectRefused(machine, debs.noServe, "does not start");
					// The next good one needs no cleaning up before.
					machine.ok(install(debs.mended));
					expect(machine.ok(`ls /usr/lib/${name}`)).toBe(name);
					expect(machine.ok(`dpkg-query -Wf '\${Status} \${Version}' ${name}`)).toBe("install ok installed 1.0.4");
					await expectRestarted(machine);
					if (isHard) {
						await expectMemoryLimit(machine);
						await expectResticJob(machine);
						expectFullDisk(machine, debs.second);
						machine.ok(`systemctl is-enabled ${name}`);
						await machine.reboot();
						await within(20_000, () => isWell(machine));
						expect(machine.ok(`systemctl is-active ${name}`)).toBe("active");
					}
					expectRunsSeen(machine);
					expectRemoved(machine, debs.mended);
				} finally {
					await machine.powerOff();
				}
			} finally {
				discard();
			}
		},
		isHard ? 600_000 : 120_000,
	);
});

// In a layer over this machine dpkg alone: what apt thinks of all of this machine's packages takes its seconds each time.
const apt = (words: string) => `DEBIAN_FRONTEND=noninteractive ${words} </dev/null 2>&1`;
const install = (deb: string) => apt(isHard ? `apt-get install -y ${deb}` : `dpkg --install ${deb}`);
const remove = apt(isHard ? `apt-get remove -y ${name}` : `dpkg --remove ${name}`);
const purge = apt(isHard ? `apt-get purge -y ${name}` : `dpkg --purge ${name}`);

function isWell(machine: Machine): boolean {
	return machine.sh(`${name} healthcheck`).code === 0;
}

const pidOf = (machine: Machine) => machine.ok(`systemctl show --value -p MainPID ${name}`);

async function expectInstalled(machine: Machine, deb: string): Promise<void> {
	machine.ok(install(deb));
	// "Started" means that it answers: no waiting.
	expect(isWell(machine)).toBe(true);
	expect(machine.ok(`systemctl is-enabled ${name}`)).toBe("enabled");
	expect(machine.ok(`stat -c '%U:%G %a' ${data} ${data}/spool /etc/default/${name}`).split("\n")).toEqual([
		`${name}:${name} 2775`,
		`${name}:${name} 2775`,
		`root:${name} 640`,
	]);
	const exposure = /: ([\d.]+)/.exec(machine.ok(`systemd-analyze security --no-pager ${name} | grep Overall`))?.[1];
	expect(Number(exposure)).toBeLessThanOrEqual(1.5);
	expect(machine.ok(`dpkg --verify ${name}`)).toBe("");
	expect(machine.ok(`${name} doctor`)).toContain("a server answers on port 5001");
	const status = machine.ok(`cat /proc/${pidOf(machine)}/status`);
	for (const line of [/^CapEff:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m]) expect(status).toMatch(line);
}

/** Root's cron jobs and people of the group report without a token; others are told why they cannot. */
function expectShared(machine: Machine): void {
	machine.ok("useradd --create-home --groups backup-monitor anna; useradd --create-home berta");
	const line = (id: string) =>
		`{"timestamp":"2026-11-20T02:00:00Z","job":"file","backup_id":"${id}","success":true,"duration_total":1}`;
	const as = (user: string, command: string) => machine.sh(`runuser -u ${user} -- sh -c '${command}'`);
	machine.ok(`umask 077; echo '${line("root")}' >>${data}/metrics.jsonl`);
	expect(as("anna", `umask 077; echo '"'"'${line("anna")}'"'"' >>${data}/metrics.jsonl`).code).toBe(0);
	machine.ok(`${name} run --job wrapped -- true`);
	expect(as("anna", `umask 077; ${name} run --job wrapped -- true`)).toMatchObject({ code: 0, err: "" });
	const refused = as("berta", `${name} run --job wrapped -- true`);
	// The backup itself comes first: its exit code stands.
	expect(refused.code).toBe(0);
	expect(refused.err).toContain("not recorded");
	expect(as("berta", `cat ${data}/push-token`).code).not.toBe(0);
	// Nothing of root's stays where the service has to write.
	machine.ok(`${name} token; ${name} doctor; ${name} status || true`);
	expect(machine.ok(`find ${data} ! -user ${name} ! -path '*/spool/*'`)).toBe("");
}

async function expectUpgraded(machine: Machine, deb: string): Promise<void> {
	machine.ok(`echo 'PORT="5002"' >>/etc/default/${name}; systemctl restart ${name}`);
	await within(10_000, () => runs(machine, 5002) === 4);
	const before = pidOf(machine);
	machine.ok(install(deb));
	expect(pidOf(machine)).not.toBe(before);
	// The launcher reads the same settings as the service.
	expect(isWell(machine)).toBe(true);
	expect(machine.ok(`tail -1 /etc/default/${name}`)).toBe('PORT="5002"');
	expect(runs(machine, 5002)).toBe(4);
	expect(machine.ok(`ls /usr/lib/${name}`)).toBe(name);
	// The backup that the wrapper starts sees none of them, and neither does the wrapper take one for another.
	const seen = machine.sh(`${name} run --job wrapped -- env`);
	expect(seen.err).toBe("");
	expect(seen.out).not.toMatch(/^(?:PORT|BUN_JSC_useJIT)=/m);
	await within(10_000, () => runs(machine, 5002) === 5);
}

function expectRefused(machine: Machine, deb: string, reason: string): void {
	const inode = machine.ok(`stat -c %i /usr/lib/${name}/${name}`);
	const { code, out } = machine.sh(install(deb));
	expect(code).not.toBe(0);
	expect(out).toContain(reason);
	expect(out).toContain("the version from before is in its place again");
	expect(machine.ok(`stat -c %i /usr/lib/${name}/${name}`)).toBe(inode);
	expect(isWell(machine)).toBe(true);
	expect(runs(machine, 5002)).toBe(5);
	// Trying again does not take the old program for the new one.
	expect(machine.sh(`dpkg --configure ${name}`).code).not.toBe(0);
	expect(machine.ok(`stat -c %i /usr/lib/${name}/${name}`)).toBe(inode);
	expect(isWell(machine)).toBe(true);
}

async function expectRestarted(machine: Machine): Promise<void> {
	const killed = pidOf(machine);
	machine.ok(`systemctl kill --signal=KILL ${name}`);
	await within(15_000, () => pidOf(machine) !== killed && isWell(machine));
	// A hang: the unit's two minutes are too long to wait for here, what happens then is the same.
	const dropIn = `/run/systemd/system/${name}.service.d`;
	machine.ok(`mkdir -p ${dropIn}; printf '[Service]\\nWatchdogSec=3s\\n' >${dropIn}/short.conf`);
	machine.ok(`systemctl daemon-reload; systemctl restart ${name}`);
	const hung = pidOf(machine);
	machine.ok(`kill -STOP ${hung}`);
	await within(20_000, () => !["0", hung].includes(pidOf(machine)) && isWell(machine));
	expect(machine.ok(`journalctl --unit=${name} --no-pager --output=cat`)).toMatch(/watchdog/i);
	machine.ok(`rm -r ${dropIn}; systemctl daemon-reload; systemctl restart ${name}`);
}

/** Ended by the kernel for its memory, it starts again by itself as soon as there is enough. */
async function expectMemoryLimit(machine: Machine): Promise<void> {
	// A container gets the old control groups read-only; the new ones need no such help.
	machine.sh("mount -o remount,rw,bind /sys/fs/cgroup/memory; systemctl daemon-reexec");
	const dropIn = `/run/systemd/system/${name}.service.d`;
	machine.ok(`mkdir -p ${dropIn}; printf '[Service]\\nMemoryMax=3M\\n' >${dropIn}/small.conf; systemctl daemon-reload`);
	machine.sh(`systemctl restart ${name}`);
	// Version 1 of the control groups calls it KILL, version 2 an OOM kill; nobody else ended it here.
	const restarts = () => Number(machine.ok(`systemctl show --value -p NRestarts ${name}`));
	await within(20_000, () => restarts() > 0);
	machine.ok(`rm -r ${dropIn}; systemctl daemon-reload`);
	await within(20_000, () => isWell(machine));
}

/** One real job through the wrapper, and the disk with its repository pulled. */
async function expectResticJob(machine: Machine): Promise<void> {
	const restic = `RESTIC_PASSWORD=x restic --repo /mnt/disk/repo`;
	machine.ok(`mkdir -p /mnt/disk; mount -t tmpfs tmpfs /mnt/disk; ${restic} init`);
	machine.ok(`RESTIC_PASSWORD=x ${name} run --job nas -- restic --repo /mnt/disk/repo backup --json --quiet /etc`);
	const status = (code: number) => within(20_000, () => machine.sh(`${name} status nas`).code === code);
	await status(0);
	machine.ok("umount /mnt/disk");
	const pulled = machine.sh(
		`RESTIC_PASSWORD=x ${name} run --job nas -- restic --repo /mnt/disk/repo backup --json /etc`,
	);
	expect(pulled.code).not.toBe(0);
	await status(2);
}

/** An upgrade that the disk has no room for changes nothing. */
function expectFullDisk(machine: Machine, deb: string): void {
	const version = machine.ok(`dpkg-query -Wf '\${Version}' ${name}`);
	const pid = pidOf(machine);
	// The program's folder on a disk of its own, too small for two of it.
	const folder = `/usr/lib/${name}`;
	machine.ok(
		`cp -a ${folder} /var/tmp/; mount -t tmpfs -o size=180m tmpfs ${folder}; cp -a /var/tmp/${name}/. ${folder}/`,
	);
	const { code, err } = machine.sh(`DEBIAN_FRONTEND=noninteractive dpkg -i ${deb}`);
	expect(code).not.toBe(0);
	expect(err).toContain("No space left on device");
	expect(machine.ok(`dpkg-query -Wf '\${Version}' ${name}`)).toBe(version);
	expect(pidOf(machine)).toBe(pid);
	expect(machine.ok(`ls /usr/lib/${name}`)).toBe(name);
	expect(isWell(machine)).toBe(true);
	machine.ok(`umount ${folder}; systemctl restart ${name}`);
}

const runs = (machine: Machine, port: number) =>
	JSON.parse(machine.ok(`curl -fsS http://127.0.0.1:${port}/api/runs?limit=100`)).runs.length;

function expectRunsSeen(machine: Machine): void {
	expect(runs(machine, 5002)).toBe(isHard ? 7 : 5);
}

function expectRemoved(machine: Machine, deb: string): void {
	const files = () => machine.ok(`ls ${data}`);
	machine.ok(remove);
	expect(machine.sh("curl -fsS http://127.0.0.1:5002/health").code).not.toBe(0);
	expect(machine.sh(`id ${name}`).code).toBe(0);
	machine.ok(install(deb));
	expect(isWell(machine)).toBe(true);
	expect(machine.ok(`tail -1 /etc/default/${name}`)).toBe('PORT="5002"');
	const purged = machine.ok(purge);
	expect(purged).toContain(`is kept in ${data}`);
	expect(files()).toContain("backups.db");
	expect(machine.sh(`find /etc /usr /lib /run -xdev -name '*${name}*' ! -path '/usr/share/doc-base/*'`).out).toBe("");
	machine.ok(install(deb));
	expect(runs(machine, 5001)).toBe(isHard ? 7 : 5);
	machine.ok(purge, { BACKUP_MONITOR_PURGE_DATA: "yes" });
	expect(machine.sh(`ls ${data}`).code).not.toBe(0);
	expect(machine.sh(`id ${name}`).code).not.toBe(0);
	// Twice is once.
	machine.ok(`dpkg --purge ${name}`);
}
