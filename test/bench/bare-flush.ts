// The reference for a push: a server that writes the body to a file, flushes it, and answers.
import { constants, fdatasyncSync, openSync, writeSync } from "node:fs";

const fd = openSync(
	process.env.FILE ?? "/dev/null",
	constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY,
	0o640,
);
Bun.serve({
	port: Number(process.env.PORT ?? 0),
	hostname: "127.0.0.1",
	development: false,
	reusePort: false,
	fetch: async (request) => {
		const body = await request.text();
		if (body === "") return new Response("[]");
		writeSync(fd, `${body}\n`);
		fdatasyncSync(fd);
		return new Response("{}", { headers: { "content-type": "application/json" } });
	},
});
