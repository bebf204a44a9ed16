// What is shipped, in bytes: the executable, and the image around it as engines pack it.
import { cpSync, statSync } from "node:fs";
import { join } from "node:path";
import { monitorBinary, report, root, scratch } from "./machine.ts";

export function size(): void {
	const folder = scratch();
	const hello = join(folder.path, "hello");
	const flags = ["--compile", "--bytecode", "--format=esm", "--minify-whitespace", "--minify-syntax"];
	Bun.spawnSync([process.execPath, "build", ...flags, `--outfile=${hello}`, join(import.meta.dir, "hello.ts")]);
	const executable = statSync(monitorBinary).size;
	const bare = statSync(hello).size;
	report({
		what: "executable",
		ours: `${(executable / 1e6).toFixed(1)} MB`,
		reference: `hello ${(bare / 1e6).toFixed(1)} MB`,
		ratio: (executable / bare).toFixed(2),
		target: "≤ 114 MB",
		reached: executable <= 114e6,
	});
	const image = join(folder.path, "image");
	run(["sh", "deploy/rootfs.sh", "/", image]);
	cpSync(monitorBinary, join(image, "backup-monitor"));
	const packed = (packer: string) => Number(run(["sh", "-c", `tar -C "$0" -c . | ${packer} | wc -c`, image]));
	const [plain, gzip, zstd] = [packed("cat"), packed("gzip -6"), packed("zstd -19 -T2 -q")];
	report({
		what: "image: the executable and the C library",
		ours: `${(plain / 1e6).toFixed(0)} MB on disk, ${(gzip / 1e6).toFixed(1)} MB gzip, ${(zstd / 1e6).toFixed(1)} MB zstd -19`,
		reference: "the original says ~45 MB",
		ratio: "",
		target: "≤ 48 MB zstd, ≤ 56 MB gzip",
		reached: zstd <= 48e6 && gzip <= 56e6,
	});
	folder.remove();
}

function run(command: string[]): string {
	const { success, stdout, stderr } = Bun.spawnSync(command, { cwd: root });
	if (!success) throw new Error(`${command.join(" ")}: ${stderr}`);
	return stdout.toString().trim();
}
