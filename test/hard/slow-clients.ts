// Clients that hold connections without use, as a program of its own so that whoever measures is not slowed by them.
// slow-clients.ts KIND PORT COUNT TOKEN: prints how many connections are open, twice a second, until it is ended.
const [kind = "headers", port = "", count = "1", token = ""] = process.argv.slice(2);

const begin: Record<string, string> = {
	headers: "GET / HTTP/1.1\r\nHost: localhost\r\n",
	body: `POST /api/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Length: 20000\r\n\r\n{`,
	bigbody: `POST /api/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Length: 250000\r\n\r\n{"log":"${"x".repeat(200_000)}`,
	idle: "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
};
const trickle: Record<string, string> = { headers: "X", body: " ", bigbody: "y" };

const sockets = new Set<Bun.Socket<{ rest: Buffer }>>();
let opened = 0;

function flush(socket: Bun.Socket<{ rest: Buffer }>): void {
	socket.data.rest = socket.data.rest.subarray(Math.max(0, socket.write(socket.data.rest)));
}

for (let n = 0; n < Number(count); n++) {
	await Bun.connect<{ rest: Buffer }>({
		hostname: "127.0.0.1",
		port: Number(port),
		data: { rest: Buffer.from(begin[kind] ?? "") },
		socket: {
			open: (socket) => {
				opened++;
				sockets.add(socket);
				flush(socket);
			},
			drain: flush,
			data: () => {},
			close: (socket) => {
				sockets.delete(socket);
			},
			error: () => {},
		},
	}).catch(() => {});
}
console.log(JSON.stringify({ opened, open: sockets.size }));
setInterval(() => {
	const more = trickle[kind];
	if (more !== undefined) for (const socket of sockets) socket.write(more);
}, 1000);
setInterval(() => console.log(JSON.stringify({ opened, open: sockets.size })), 500);

export {};
