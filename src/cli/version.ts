// `version`: what this binary is.
import { commit, version } from "../version.ts";
import { readFlags } from "./flags.ts";

export async function versionCommand(args: string[]): Promise<number> {
	await readFlags(args, "version", {});
	process.stdout.write(
		`backup-monitor ${version} (${commit}), Bun ${Bun.version}, ${process.platform}-${process.arch}\n`,
	);
	return 0;
}
