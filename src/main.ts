// The program: finds the command, runs it, and turns its errors into a sentence and an exit code.
import { commands, helpOf, overviewHelp } from "./cli/commands.ts";
import { didYouMean } from "./cli/flags.ts";
import { AppError } from "./errors.ts";
import { log } from "./log.ts";

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
		return await command.run(args);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		log(error.message);
		return error.code === "usage" ? 2 : 1;
	}
}
