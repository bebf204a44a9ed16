// A client that costs next to nothing: one connection, kept; fetch would be half of what is measured.
export type Client = {
	/** Resolves to the status once the whole answer is there. */
	ask: (method: string, path: string, headers?: Record<string, string>, body?: string) => Promise<number>;
	close: () => void;
};

export async function connect(port: number): Promise<Client> {
	let answered: ((status: number) => void) | null = null;
	let text = "";
	const socket = await Bun.connect({
		hostname: "127.0.0.1",
		port,
		socket: {
			data(_socket, data) {
				text += data.toString("latin1");
				const end = text.indexOf("\r\n\r\n");
				if (end === -1) return;
				const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
				if (text.length < end + 4 + length) return;
				const status = Number(text.slice(9, 12));
				text = text.slice(end + 4 + length);
				answered?.(status);
			},
		},
	});
	return {
		ask: (method, path, headers = {}, body = "") => {
			const { promise, resolve } = Promise.withResolvers<number>();
			answered = resolve;
			const all = { host: `127.0.0.1:${port}`, "content-length": String(body.length), ...headers };
			const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
			socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
			return promise;
		},
		close: () => socket.end(),
	};
}
