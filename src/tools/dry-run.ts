// Whether a command line only pretends to back up: many tools say nothing then, and end with 0 as after a backup.
const short = /^-n$/;
/** How each says it besides --dry-run. rsync's letters may stand together: -avn. */
const letters: Record<string, RegExp> = {
	restic: short,
	borg: short,
	borgmatic: short,
	rclone: short,
	rsync: /^-[a-zA-Z]*n[a-zA-Z]*$/,
	duplicity: /^$/,
};

/** Only of a tool that is called itself, perhaps behind `nice` or `sudo`: a shell's script may do more than one thing. */
export function isDryRun(command: readonly string[]): boolean {
	const names = command.map((word) => word.slice(word.lastIndexOf("/") + 1));
	const at = names.findIndex((name) => Object.hasOwn(letters, name));
	if (at === -1 || command.slice(0, at).some((word) => /^(?:ba|da|z|k)?sh$|\s/.test(word))) return false;
	const letter = letters[names[at] ?? ""];
	return command.slice(at + 1).some((word) => word === "--dry-run" || letter?.test(word) === true);
}
