// Tells systemd that the service is ready, and goes on telling it that it lives. Without systemd it does nothing.

/** For `Type=notify`: once the port is open. */
export function notifyReady(): void {
	if (process.env.NOTIFY_SOCKET) void send("READY=1");
}

/**
 * For `WatchdogSec=`: reports twice in that time as long as `isHealthy` says so. A hung event loop reports nothing
 * either, which is the point: systemd then starts the service again.
 */
export function startWatchdog(isHealthy: () => boolean | Promise<boolean>): void {
	const microseconds = Number(process.env.WATCHDOG_USEC);
	const pid = process.env.WATCHDOG_PID;
	if (!process.env.NOTIFY_SOCKET || !(microseconds > 0)) return;
	// Set for another process, whose child we are.
	if (pid && pid !== String(process.pid)) return;
	let isBusy = false;
	setInterval(async () => {
		// A check that takes longer than half the time is not repeated on top of itself.
		if (isBusy) return;
		isBusy = true;
		try {
			if (await isHealthy()) await send("WATCHDOG=1");
		} catch (error) {
			console.error(`The watchdog's check failed: ${error instanceof Error ? error.message : error}`);
		} finally {
			isBusy = false;
		}
	}, microseconds / 2000).unref();
}

/** A child, because Bun has no datagram sockets on paths and its FFI needs the JIT, which the unit switches off. */
async function send(state: string): Promise<void> {
	try {
		const child = Bun.spawn(["systemd-notify", state], { stdin: "ignore", stdout: "ignore", stderr: "inherit" });
		child.unref();
		const exitCode = await child.exited;
		if (exitCode !== 0) console.error(`systemd-notify ${state} ended with code ${exitCode}`);
	} catch {
		console.error(`systemd-notify could not be started, so systemd was not told ${state}`);
	}
}
