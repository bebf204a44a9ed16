// The password of the login: where it comes from, and whether one that was typed is it.
import type { AccessConfig } from "../access-config.ts";
import { AppError } from "../errors.ts";
import { faultOfHash } from "../password-hash.ts";
import { registerSecret } from "../secrets.ts";
import { digestOf, isSame, readSecret } from "./tokens.ts";

export type Password = {
	isRight: (typed: string) => Promise<boolean>;
	/** Milliseconds until the memory of a check has gone back to the system: another thread may take the next one. */
	restMs: number;
	/** Another text for another password: what was granted under one is not granted under the other. */
	text: string;
};

export const shortestPassword = 8;
export const longestPassword = 1024;

/** null where none is set. Throws `usage` for what cannot be one, without repeating it. */
export function readPassword(config: AccessConfig): Password | null {
	const { passwordHash, passwordHashFile, passwordFile } = config;
	if (passwordHash !== null) return hashed(passwordHash, "AUTH_PASSWORD_HASH");
	if (passwordHashFile !== null) {
		return hashed(readSecret(passwordHashFile, "AUTH_PASSWORD_HASH_FILE").trim(), "AUTH_PASSWORD_HASH_FILE");
	}
	return passwordFile === null ? null : plain(readSecret(passwordFile, "AUTH_PASSWORD_FILE"));
}

function hashed(hash: string, name: string): Password {
	registerSecret(hash);
	const fault = faultOfHash(hash);
	if (fault !== null) throw new AppError("usage", `${name} ${fault}`);
	return {
		text: `hash\n${hash}`,
		restMs: hash.startsWith("$argon2") ? 150 : 0,
		isRight: async (typed) => {
			try {
				return await Bun.password.verify(typed, hash);
			} catch {
				// A form of hash that only looked like one: nobody has its password.
				return false;
			}
		},
	};
}

function plain(text: string): Password {
	// An editor ends the last line; a blank may be a part of it.
	const password = text.replace(/\r?\n$/, "");
	registerSecret(password);
	if (password.length < shortestPassword || password.length > longestPassword || password.includes("\n")) {
		throw new AppError(
			"usage",
			`AUTH_PASSWORD_FILE must hold one line of ${shortestPassword} to ${longestPassword} characters: the password itself. A hash goes into AUTH_PASSWORD_HASH_FILE.`,
		);
	}
	if (/^\$(?:argon2|2[aby]\$)/.test(password)) {
		throw new AppError("usage", "AUTH_PASSWORD_FILE holds a hash; the variable for that is AUTH_PASSWORD_HASH_FILE.");
	}
	const digest = digestOf(password);
	return {
		text: `plain\n${password}`,
		restMs: 0,
		isRight: async (typed) => isSame(digest, digestOf(typed)),
	};
}
