// The reference: a server that returns one file's bytes and does nothing else.
const body = Bun.file(process.env.BODY ?? "/dev/null");
const bytes = await body.bytes();
const type = process.env.TYPE ?? "application/json";
Bun.serve({
	port: Number(process.env.PORT ?? 0),
	hostname: "127.0.0.1",
	development: false,
	reusePort: false,
	fetch: () => new Response(bytes, { headers: { "content-type": type } }),
});

export {};
