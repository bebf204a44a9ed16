// `docker compose up -d|down|exec` for one service, without an engine: the program with the compose file's user, variables and
// folder. Whoever names a command that the image does not have is refused, as by the real one.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const [word, action = "", ...rest] = process.argv.slice(2);
if (word !== "compose") throw new Error(`not known: docker ${word}`);
const pidFile = resolve(".pid");
const program = process.env.MONITOR_BINARY ?? "";

type Service = {
	user?: string;
	volumes: string[];
	environment: string[] | Record<string, string>;
	healthcheck?: { test: string[] };
};

function readService(): Service {
	const variables = { ...process.env };
	for (const line of existsSync(".env") ? readFileSync(".env", "utf8").split("\n") : []) {
		const [name, value] = line.split(/=(.*)/s);
		if (name) variables[name] = value;
	}
	const text = readFileSync("docker-compose.yml", "utf8").replace(
		/\$\{(\w+):-([^}]*)\}/g,
		(_, name: string, otherwise: string) => variables[name] || otherwise,
	);
	const { services } = Bun.YAML.parse(text) as { services: Record<string, Service> };
	const service = services["backup-monitor"];
	if (service === undefined) throw new Error("no service backup-monitor");
	return service;
}

function commandOf({ user = "65532:65532", environment, volumes }: Service): string[] {
	const [folder = ""] = volumes.find((volume) => volume.endsWith(":/data"))?.split(":") ?? [];
	const [uid, gid] = user.split(":");
	const given = Array.isArray(environment) ? environment : Object.entries(environment).map(([k, v]) => `${k}=${v}`);
	// The container's /data is this folder.
	const inside = given.map((line) => line.replace("=/data/", `=${resolve(folder)}/`));
	const image = [`DATA_DIR=${resolve(folder)}`, "HOST=127.0.0.1", `PORT=${process.env.PORT}`, "BUN_JSC_useJIT=0"];
	const rights = [
		"setpriv",
		`--reuid=${uid}`,
		`--regid=${gid}`,
		"--clear-groups",
		"--bounding-set=-all",
		"--no-new-privs",
	];
	return ["env", "-i", "PATH=/usr/bin:/bin", ...image, ...inside, ...rights, program];
}

if (action === "up") {
	const service = readService();
	const check = service.healthcheck?.test[1];
	if (check !== undefined && check !== "/backup-monitor") throw new Error(`unhealthy: exec: "${check}": no such file`);
	const child = Bun.spawn([...commandOf(service), "serve"], {
		cwd: "/",
		stdio: ["ignore", "ignore", Bun.file(resolve("monitor.log"))],
	});
	writeFileSync(pidFile, String(child.pid));
	child.unref();
	const end = Date.now() + 20_000;
	while (!(await fetch(`http://127.0.0.1:${process.env.PORT}/health`).catch(() => null))?.ok) {
		if (Date.now() > end || child.exitCode !== null)
			throw new Error(`does not answer: ${readFileSync("monitor.log", "utf8")}`);
		await Bun.sleep(50);
	}
} else if (action === "down") {
	if (existsSync(pidFile)) {
		const pid = Number(readFileSync(pidFile, "utf8"));
		process.kill(pid, "SIGTERM");
		while (existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`).length > 0) await Bun.sleep(20);
		rmSync(pidFile);
	}
} else if (action === "exec") {
	const [, inside, ...command] = rest;
	if (inside !== "/backup-monitor") throw new Error(`exec: "${inside}": no such file in the image`);
	process.exit(
		Bun.spawnSync([...commandOf(readService()), ...command], { stdio: ["ignore", "inherit", "inherit"] }).exitCode,
	);
} else throw new Error(`not known: docker compose ${action}`);
