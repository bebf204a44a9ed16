// Checks a large database in a process of its own: SQLite's check would hold up everybody for seconds.
import { log } from "../log.ts";
import { ownProcess } from "./own-process.ts";

const damaged = 3;

/** Starts the check. `onDamage` is called with what was found, and not at all for a sound file. */
export function verifyDatabase(path: string, onDamage: (damage: string) => void): { stop: () => void } {
	const child = ownProcess(["verify", path]);
	child.exited.then(async (code) => {
		if (code !== damaged) return;
		const damage = (await new Response(child.stdout).text()).trim();
		log(`${path} is damaged: ${damage}`);
		onDamage(damage);
	});
	return { stop: () => child.kill() };
}
