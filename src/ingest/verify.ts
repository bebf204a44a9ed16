// Checks a large database in a process of its own: SQLite's check would hold up everybody for seconds.
import { log } from "../log.ts";
import { ownProcess } from "./own-process.ts";

const damaged = 3;

/** Starts the check. `onDamage` is called with what was found, and not at all for a sound file or a check that did not end. */
export function verifyDatabase(path: string, onDamage: (damage: string) => void): { stop: () => void } {
	const child = ownProcess(["verify", path]);
	let isStopped = false;
	child.exited.then(async (code) => {
		if (isStopped || code === 0) return;
		if (code !== damaged) {
			log(
				`the check of ${path} ended with ${code}: whether it is damaged is not known; it is checked at the next start`,
			);
			return;
		}
		const damage = (await new Response(child.stdout).text()).trim();
		log(`${path} is damaged: ${damage}`);
		onDamage(damage);
	});
	return {
		stop: () => {
			isStopped = true;
			child.kill();
		},
	};
}
