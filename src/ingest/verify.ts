// Checks a large database in a process of its own: SQLite's check would hold up everybody for seconds.
import { log } from "../log.ts";

const damaged = 3;

/** Starts the check. `onDamage` is called with what was found, and not at all for a sound file. */
export function verifyDatabase(path: string, onDamage: (damage: string) => void): { stop: () => void } {
	// Compiled, the program is the executable; from source it is the script behind it.
	const self = Bun.main.endsWith(".ts") ? [process.execPath, Bun.main] : [process.execPath];
	const child = Bun.spawn([...self, "verify", path], { stdio: ["ignore", "pipe", "ignore"] });
	child.unref();
	child.exited.then(async (code) => {
		if (code !== damaged) return;
		const damage = (await new Response(child.stdout).text()).trim();
		log(`${path} is damaged: ${damage}`);
		onDamage(damage);
	});
	return { stop: () => child.kill() };
}
