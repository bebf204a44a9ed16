// Runs a program that the release needs, and says which Debian package brings it where it is missing.

/** Throws with the tool's own words when it fails. Returns what it printed. */
export function runTool(
	debianPackage: string,
	command: string[],
	env: Record<string, string> = {},
	input: Uint8Array | "ignore" = "ignore",
): string {
	const [name = ""] = command;
	// Some of Debian's commands live where a plain user's PATH does not look.
	const PATH = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
	if (Bun.which(name, { PATH }) === null) {
		throw new Error(`${name} is not on this machine: sudo apt-get install --no-install-recommends ${debianPackage}`);
	}
	const { success, exitCode, stdout, stderr } = Bun.spawnSync(command, {
		env: { ...process.env, PATH, LC_ALL: "C", TZ: "UTC", ...env },
		stdin: input,
	});
	if (!success) throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
	return stdout.toString();
}
