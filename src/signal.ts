// Names of signals as shells, tools and people write them.

const numbers: Record<string, string> = {
	1: "HUP",
	2: "INT",
	3: "QUIT",
	6: "ABRT",
	9: "KILL",
	13: "PIPE",
	15: "TERM",
};

/** "SIGKILL", "kill" and "9" (as `kill -l` tells it) are one; null for what is no name. */
export function signalOf(value: string): string | null {
	const name = (numbers[value] ?? value).toUpperCase().replace(/^SIG/, "");
	return /^[A-Z0-9+-]{1,16}$/.test(name) ? `SIG${name}` : null;
}
