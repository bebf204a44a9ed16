// `hash-password`: makes the hash that AUTH_PASSWORD_HASH takes, from a password that is typed twice or read from a pipe.
import { AppError } from "../errors.ts";
import { log } from "../log.ts";
import { longestPassword, shortestPassword } from "../web/password.ts";
import { readFlags } from "./flags.ts";

export async function hashPassword(args: string[]): Promise<number> {
	const { flags } = await readFlags(args, "hash-password", { bcrypt: { type: "boolean" } });
	const isTyped = process.stdin.isTTY === true;
	const password = isTyped ? await typedTwice() : (await Bun.stdin.text()).replace(/\r?\n$/, "");
	if (password.includes("\n")) throw new AppError("usage", "The password is more than one line.");
	if (password.length < shortestPassword || password.length > longestPassword) {
		throw new AppError("usage", `The password must have ${shortestPassword} to ${longestPassword} characters.`);
	}
	// What checking takes: 19 MiB and a fraction of a second, or with bcrypt no memory to speak of.
	const hash = await Bun.password.hash(
		password,
		flags.bcrypt === true
			? { algorithm: "bcrypt", cost: 10 }
			: { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 },
	);
	process.stdout.write(`${hash}\n`);
	if (isTyped) log("Set AUTH_PASSWORD_HASH to it: in single quotes in a shell, with $$ for each $ in a compose file.");
	return 0;
}

async function typedTwice(): Promise<string> {
	const first = await readHidden("Password: ");
	if ((await readHidden("Once more: ")) !== first) throw new AppError("usage", "The two are not the same.");
	return first;
}

/** A line from the terminal that is not shown. Throws `usage` where it is broken off. */
function readHidden(question: string): Promise<string> {
	process.stderr.write(question);
	const { stdin } = process;
	stdin.setRawMode(true);
	stdin.setEncoding("utf8");
	stdin.resume();
	let text = "";
	return new Promise((resolve, reject) => {
		const end = (finish: () => void) => {
			stdin.off("data", take);
			stdin.setRawMode(false);
			stdin.pause();
			process.stderr.write("\n");
			finish();
		};
		const take = (chunk: string) => {
			for (const character of chunk) {
				if (character === "\r" || character === "\n") return end(() => resolve(text));
				if (character === "\u0003" || character === "\u0004")
					return end(() => reject(new AppError("usage", "Nothing was made.")));
				if (character === "\u007f" || character === "\b") text = [...text].slice(0, -1).join("");
				else if (character >= " ") text += character;
			}
		};
		stdin.on("data", take);
	});
}
