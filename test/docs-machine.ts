// A machine to try the documentation on: a running monitor, a home, a receiver of messages, and the commands by their names.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSettings } from "../src/settings-parse.ts";
import { binary, makeFolder, type Started, startServer, until, untilRead } from "./binary.ts";
import { freePort } from "./free-port.ts";

export const root = join(import.meta.dir, "..");

export type Block = { language: string; text: string };

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
	return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({ language, text }));
}

export type Machine = {
	server: Started;
	/** Titles of the messages that came. */
	titles: string[];
	/** Writes config.yaml, with every address in it leading to the receiver. Resolves when the monitor has read it. */
	configure: (yaml: string) => Promise<void>;
	/** Runs a block as a shell would; what it handed over is stored when this resolves. */
	run: (commands: string) => Promise<{ code: number; out: string; err: string }>;
	/** Puts a script that the page shows where its command looks for it. */
	keepScript: (script: string) => void;
	stop: () => Promise<void>;
};

export async function openMachine(): Promise<Machine> {
	const folder = makeFolder();
	const place = (name: string) => join(folder, name);
	for (const name of ["data", "home", "bin", "srv", "srv/photos"]) mkdirSync(place(name));
	writeFileSync(place("srv/photos/second.jpg"), "y".repeat(50_000));
	mkdirSync(place("home/Photos"));
	writeFileSync(place("home/Photos/first.jpg"), "x".repeat(50_000));
	symlinkSync(binary, place("bin/backup-monitor"));
	for (const [name, script] of Object.entries(commands)) writeFileSync(place(`bin/${name}`), script, { mode: 0o755 });

	const titles: string[] = [];
	const receiver = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch: async (request) => {
			const text = await request.text();
			titles.push(request.headers.get("title") ?? text);
			return new Response("{}");
		},
	});
	const server = await startServer({ dataDir: place("data") });
	const at = `127.0.0.1:${receiver.port}`;
	writeFileSync(place("home/address"), `http://${at}/hook`);
	writeFileSync(place("home/.curlrc"), `connect-to = "pi.lan:5001:127.0.0.1:${server.port}"\nsilent\nmax-time = 10\n`);

	const tokenFile = place("data/push-token");
	const env = {
		TOKEN: readFileSync(tokenFile, "utf8").trim(),
		PATH: `${place("bin")}:${process.env.PATH}`,
		HOME: place("home"),
		CURL_HOME: place("home"),
		TZ: "UTC",
		HOST: "127.0.0.1",
		PORT: String(server.port),
		DATA_DIR: place("data"),
		RESTIC_REPOSITORY: place("repository"),
		RESTIC_PASSWORD: "sample",
		BORG_REPO: place("borg"),
		BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
		RCLONE_CONFIG_REMOTE_TYPE: "alias",
		RCLONE_CONFIG_REMOTE_REMOTE: place("remote"),
		id: "of-a-script",
		REPOSITORY_ROOT: root,
		BUN: process.execPath,
		BUN_VERSION: Bun.version,
		FREE_PORT: String(await freePort()),
	};
	const inside = (text: string) =>
		text
			.replaceAll(/http:\/\/(?:hub|monitor)\.lan:5001/g, server.url)
			.replaceAll("/etc/backup-monitor.token", tokenFile)
			.replaceAll("/usr/local/bin/nightly.sh", place("bin/nightly.sh"))
			.replaceAll("/var/lib/backup-monitor", place("data"))
			.replaceAll(/(?<= )\/srv\b/g, place("srv"))
			.replace(/ -- …$/m, " -- true");
	const run = async (text: string) => {
		const child = Bun.spawn(["sh", "-ec", inside(text)], {
			cwd: folder,
			env,
			stdin: "ignore",
			stdout: "pipe",
			stderr: "pipe",
		});
		const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
		const code = await child.exited;
		await until(() => readdirSync(place("data/spool")).length === 0, 10_000, "the spool is empty");
		if (text.includes("metrics.jsonl")) await untilRead(server, 1);
		return { code, out, err };
	};
	return {
		server,
		titles,
		configure: async (yaml) => {
			const text = yaml
				.replace(/url_file: \S+?(?=[\s,}])/g, `url_file: ${place("home/address")}`)
				.replace(/"(?:https?|jsons?):\/\/[^"]*"/g, `"http://${at}/hook"`)
				.replace(/"(?:ntfy|mailto|gotify)s?:\/\/[^"]*"/g, `"ntfy://${at}/topic"`);
			writeFileSync(place("data/config.yaml"), text);
			const names = parseSettings(text, "UTC").settings.channels.length;
			await until(async () => (await server.json("/api/alerts")).channels.length === names);
		},
		run,
		keepScript: (script) => writeFileSync(place("bin/nightly.sh"), inside(script), { mode: 0o755 }),
		stop: async () => {
			await server.stop();
			await receiver.stop(true);
		},
	};
}

/** What the pages call besides the program itself, where a test must not do all that it does. */
const commands = {
	// Fetching Bun is npm's part; the version is ours.
	npx: `#!/bin/sh
[ "$1 $2" = "-y bun@$BUN_VERSION" ] || { echo "npx $1 $2 is not this Bun" >&2; exit 64; }
shift 2
exec bun "$@"
`,
	// A server is stopped once it answers. Building and testing are what test/deploy and this run are.
	bun: `#!/bin/sh
case "$1 $2" in
start*)
	shift
	export PORT="$FREE_PORT" DATA_DIR="$PWD/started"
	cd "$REPOSITORY_ROOT"
	"$BUN" scripts/start.ts "$@" >/dev/null 2>&1 &
	for _ in $(seq 200); do
		if curl -s "http://127.0.0.1:$PORT/health" | grep -q '^{"status":"ok"}'; then
			kill "$!" && wait "$!" || exit 66
			exit 0
		fi
		sleep 0.1
	done
	kill "$!"
	echo "start did not answer" >&2
	exit 1 ;;
"src/main.ts "*)
	shift
	exec "$BUN" "$REPOSITORY_ROOT/src/main.ts" "$@" ;;
"run "*)
	grep -q "^[[:space:]]*\\"$2\\": \\"bun " "$REPOSITORY_ROOT/package.json" || exit 65
	case "$2 $3" in
	*" ") ;;
	"build --target") grep -q "^const targets = .*\\"$4\\"" "$REPOSITORY_ROOT/scripts/build.ts" ;;
	test*" test/"*) [ -e "$REPOSITORY_ROOT/$3" ] ;;
	*) grep -q "\\("$3"\\|"\${3#--}"\\)" "$REPOSITORY_ROOT/scripts/$2.ts" ;;
	esac || { echo "no $3 of bun run $2" >&2; exit 65; } ;;
*) exit 64 ;;
esac
`,
	// Only what it writes matters.
	pg_dump: `#!/bin/sh
[ "$1 $2" = "-Fc -f" ] && { echo dump >"$3"; exit; }
echo dump
`,
	docker: `#!/bin/sh
[ "$1 $2 $3 $4" = "compose exec backup-monitor /backup-monitor" ] || exit 64
grep -q "^  $3:" "$REPOSITORY_ROOT/docker-compose.yml" || exit 65
shift 4
exec backup-monitor "$@"
`,
};
