// A bucket's listing as S3 gives it (ListObjectsV2), page by page. s3rver has pages too, but makes their tokens with a
// cipher that no current crypto library knows any more.

export type Bucket = { endpoint: string; pages: () => number; stop: () => void };

export function openBucket(keys: string[], accessKeyId: string, perPage = 1000): Bucket {
	let pages = 0;
	const sorted = keys.toSorted();
	const error = (status: number, code: string, message: string) =>
		new Response(
			`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
			{
				status,
				headers: { "content-type": "application/xml" },
			},
		);
	const server = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch: (request) => {
			const { searchParams } = new URL(request.url);
			const signed = `${request.headers.get("authorization") ?? ""}${searchParams.get("X-Amz-Credential") ?? ""}`;
			if (!signed.includes(`${accessKeyId}/`)) return error(403, "AccessDenied", "Access Denied");
			if (searchParams.get("list-type") !== "2") return error(400, "InvalidArgument", "Only ListObjectsV2");
			pages++;
			const prefix = searchParams.get("prefix") ?? "";
			const after = atob(searchParams.get("continuation-token") ?? "");
			const rest = sorted.filter((key) => key.startsWith(prefix) && key > after);
			const page = rest.slice(0, perPage);
			const isTruncated = rest.length > page.length;
			const contents = page.map(
				(key) =>
					`<Contents><Key>${Bun.escapeHTML(key)}</Key><LastModified>2026-11-23T01:00:00.000Z</LastModified><ETag>"e"</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>`,
			);
			const next = isTruncated ? `<NextContinuationToken>${btoa(page.at(-1) ?? "")}</NextContinuationToken>` : "";
			const body = `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>backup</Name><Prefix>${prefix}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${perPage}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>${contents.join("")}${next}</ListBucketResult>`;
			return new Response(body, { headers: { "content-type": "application/xml" } });
		},
	});
	return { endpoint: `http://127.0.0.1:${server.port}`, pages: () => pages, stop: () => server.stop(true) };
}
