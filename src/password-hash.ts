// Hashes of passwords as they stand in a variable: whether one can be used, and what it costs to check a password with it.

/** KiB that checking may take: a container of 128 MB holds the monitor and this once. */
const mostMemory = 65_536;

/** What is wrong with a hash and how to mend it; null for a good one. Never holds the hash itself. */
export function faultOfHash(hash: string): string | null {
	const argon =
		/^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}$/.exec(
			hash,
		);
	if (argon !== null) {
		const [memory = 0, time = 0, lanes = 0] = argon.slice(1).map(Number);
		if (memory > mostMemory)
			return `takes ${Math.ceil(memory / 1024)} MiB of memory for each try, and 64 are the most. ${make}`;
		return time < 1 || time > 20 || lanes < 1 || lanes > 16 ? `asks for too much work, or for none. ${make}` : null;
	}
	const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash);
	if (bcrypt !== null) {
		const cost = Number(bcrypt[1]);
		return cost < 4 || cost > 14 ? `has the cost ${cost}; 4 to 14 can be used. ${make}` : null;
	}
	// What a shell or a compose file leaves of it: each $ begins a name there.
	if (!hash.startsWith("$")) {
		return `does not begin with $argon2 or $2. In a compose file each $ is written $$, in a shell the hash stands in single quotes; or use AUTH_PASSWORD_HASH_FILE. ${make}`;
	}
	return `is no whole hash of argon2 or bcrypt. ${make}`;
}

const make = "backup-monitor hash-password makes one.";
