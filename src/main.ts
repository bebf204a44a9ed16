// The program: finds the command, runs it, and turns its errors into a sentence and an exit code.
import { existsSync } from "node:fs";
import { commands, helpOf, overviewHelp } from "./cli/commands.ts";
import { didYouMean } from "./cli/flags.ts";
import { folderHere } from "./config.ts";
import { AppError } from "./errors.ts";
import { log } from "./log.ts";

/** Commands that look into no data folder, or stand in for another program's output. */
const silent = new Set(["run", "healthcheck", "demo", "completions", "hash-password", "version"]);

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
	const isNamed = argv[0] !== undefined && !argv[0].startsWith("-");
	const name = isNamed ? (argv[0] ?? "") : "serve";
	const args = isNamed ? argv.slice(1) : argv;
	if (name === "help" || (!isNamed && (args[0] === "--help" || args[0] === "-h"))) {
		const topic = commands.find((command) => command.name === args[0]);
		process.stdout.write(topic === undefined ? overviewHelp() : helpOf(topic));
		return 0;
	}
	if (!isNamed && (args[0] === "--version" || args[0] === "-V")) return main(["version"]);
	const command = commands.find((known) => known.name === name);
	if (command === undefined) {
		const names = commands.flatMap(({ name, isInner }) => (isInner ? [] : [name]));
		log(`There is no command "${name}".${didYouMean(name, names)} The commands are ${names.join(", ")}.`);
		return 2;
	}
	// What stands behind "--" belongs to the command that `run` wraps.
	const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
	if (own.includes("--help") || own.includes("-h")) {
		process.stdout.write(helpOf(command));
		return 0;
	}
	try {
		if (!silent.has(name) && command.isInner !== true) tellWhere();
		return await command.run(args);
	} catch (error) {
		const told = error instanceof AppError ? error : await refusalOf(error);
		if (told === null) throw error;
		log(told.message);
		return told.code === "usage" ? 2 : 1;
	}
}

/** A file that the system refused is for people; whatever else is thrown is a bug. */
async function refusalOf(error: unknown): Promise<AppError | null> {
	const { toldRefusal } = await import("./cli/places.ts");
	return toldRefusal(error);
}

/** `bun start` in a clone serves ./data; a command without DATA_DIR looks into /data, and says so where both are there. */
function tellWhere(): void {
	const here = folderHere(process.env);
	if (here !== null && existsSync("/data")) log(`This looks into /data. There is ${here} as well: DATA_DIR=${here}`);
}
