/** A port that nobody uses at the moment, for programs that do not say which one they took. */
export async function freePort(): Promise<number> {
	const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
	const { port } = probe;
	await probe.stop(true);
	return port ?? 0;
}
