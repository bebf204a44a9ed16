// Another process of this same program, for what would hold up everybody here.

/** Its standard output is to be read; it does not keep this process alive. */
export function ownProcess(args: string[]): Bun.Subprocess<"ignore", "pipe", "ignore"> {
	// Compiled, the program is the executable; from source it is the script behind it.
	const self = Bun.main.endsWith(".ts") ? [process.execPath, Bun.main] : [process.execPath];
	const child = Bun.spawn([...self, ...args], { stdio: ["ignore", "pipe", "ignore"] });
	child.unref();
	return child;
}
