// Talks to systemd as the unit makes us: a real socket and the real systemd-notify, heard by a small listener.
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const dir = mkdtempSync(join(tmpdir(), "systemd-"));
afterAll(() => rmSync(dir, { recursive: true }));
const source = join(import.meta.dir, "../../src/cli/notify-systemd.ts");

/** Prints what arrives: one line a message, until `count` have come. Bun has no datagram sockets on paths. */
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(10)
for _ in range(int(sys.argv[2])):
    data, fds, _, _ = socket.recv_fds(s, 4096, 8)
    while fds:  # systemd-notify waits until this is closed
        import os; os.close(fds.pop())
    print(data.decode().strip().replace("\\n", " "), flush=True)
`;

async function heard(count: number, program: string, environment: Record<string, string>): Promise<string[]> {
	const socket = join(mkdtempSync(join(dir, "notify-")), "socket");
	const ear = Bun.spawn(["python3", "-c", listener, socket, String(count)], { stdout: "pipe" });
	while (!existsSync(socket)) await Bun.sleep(5);
	const child = Bun.spawn([process.execPath, "-e", `import * as systemd from ${JSON.stringify(source)}; ${program}`], {
		env: { ...process.env, NOTIFY_SOCKET: socket, ...environment },
		stderr: "pipe",
	});
	const lines = (await new Response(ear.stdout).text()).trim().split("\n");
	child.kill();
	return lines;
}

// systemd-notify --barrier, which it does by itself, sends BARRIER=1 after each message.
const isMessage = (line: string) => line !== "BARRIER=1";

test("systemd hears that the service is ready, then that it lives", async () => {
	const program = "systemd.notifyReady(); systemd.startWatchdog(() => true); setInterval(() => {}, 1000);";
	const lines = await heard(6, program, { WATCHDOG_USEC: "1200000" });
	expect(lines.filter(isMessage)).toEqual(["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
});

test("a service that is not well does not say that it lives", async () => {
	const program =
		"let n = 0; systemd.startWatchdog(() => n++ > 0 && (systemd.notifyReady(), false)); setInterval(() => {}, 1000);";
	expect((await heard(2, program, { WATCHDOG_USEC: "200000" })).filter(isMessage)).toEqual(["READY=1"]);
});

test("without systemd nothing is started and nothing holds the program", async () => {
	const program = "systemd.notifyReady(); systemd.startWatchdog(() => true);";
	const child = Bun.spawn([process.execPath, "-e", `import * as systemd from ${JSON.stringify(source)}; ${program}`], {
		env: { PATH: "/nowhere", WATCHDOG_USEC: "100000" },
		stderr: "pipe",
	});
	expect(await child.exited).toBe(0);
	expect(await new Response(child.stderr).text()).toBe("");
});
