// Lists a bucket of S3-compatible storage, page by page. Who may look is said by the environment, never by the file.
import { readFileSync } from "node:fs";
import { codeOf, messageOf } from "../errors.ts";
import { registerSecret } from "../secrets.ts";
import type { InventorySettings } from "../settings.ts";
import { parseTimestamp } from "../time.ts";
import { idOf } from "../tools/listings/reader.ts";
import { FoundEntries, failedListing, type ReadListing } from "./listing.ts";
import type { PullLimits } from "./pull-command.ts";

type Environment = Record<string, string | undefined>;
export type S3Settings = NonNullable<InventorySettings["s3"]>;

const pageMs = 30_000;

/** Throws nothing: whatever goes wrong is a failed listing. */
export async function pullS3(settings: S3Settings, env: Environment, limits: PullLimits): Promise<ReadListing> {
	const { bucket, prefix } = settings;
	try {
		const client = new Bun.S3Client({ bucket, ...placeOf(settings, env), ...keysOf(env) });
		const deadline = performance.now() + limits.timeoutMs;
		const found = new FoundEntries();
		let token: string | undefined;
		do {
			const left = deadline - performance.now();
			if (left <= 0) return failedListing(`${bucket} was not listed within ${Math.round(limits.timeoutMs / 1000)} s.`);
			const asked = client.list({ ...(prefix !== "" && { prefix }), ...(token && { continuationToken: token }) });
			const page = await within(asked, Math.min(pageMs, left), limits.signal);
			for (const { key, size, lastModified } of page.contents ?? []) {
				// What a console makes of a folder.
				if (key.endsWith("/")) continue;
				const at = parseTimestamp(lastModified ?? null, "UTC");
				found.take({ id: idOf(key), name: null, at, size: size ?? null, host: null, about: "" });
			}
			const next = page.isTruncated === true ? page.nextContinuationToken : undefined;
			// Truncated without a way on, or the same way again: it would never end.
			if (page.isTruncated === true && (next === undefined || next === token)) {
				return failedListing(`The server shortened the list of ${bucket} and does not say how to go on.`);
			}
			token = next;
		} while (token !== undefined && !found.isFull);
		return found.finish();
	} catch (error) {
		const code = codeOf(error);
		return failedListing(`Bucket ${bucket} cannot be listed: ${messageOf(error) || code || "no reason given"}.`);
	}
}

function placeOf({ endpoint, region }: S3Settings, env: Environment): { endpoint?: string; region?: string } {
	const where = endpoint ?? env.S3_ENDPOINT ?? env.AWS_ENDPOINT ?? null;
	const zone = region ?? env.S3_REGION ?? env.AWS_REGION ?? null;
	return { ...(where !== null && { endpoint: where }), ...(zone !== null && { region: zone }) };
}

function keysOf(env: Environment): { accessKeyId?: string; secretAccessKey?: string; sessionToken?: string } {
	const read = (name: string) => env[`S3_${name}`] || fileOf(env[`S3_${name}_FILE`]) || env[`AWS_${name}`] || null;
	const [id, secret, session] = [read("ACCESS_KEY_ID"), read("SECRET_ACCESS_KEY"), read("SESSION_TOKEN")];
	registerSecret(secret);
	registerSecret(session);
	return {
		...(id !== null && { accessKeyId: id }),
		...(secret !== null && { secretAccessKey: secret }),
		...(session !== null && { sessionToken: session }),
	};
}

function fileOf(path: string | undefined): string | null {
	return path ? readFileSync(path, "utf8").trim() : null;
}

/** The client knows no deadline: whoever waits stops waiting. */
async function within<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
	const { promise, reject } = Promise.withResolvers<never>();
	const timer = setTimeout(() => reject(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`)), timeoutMs);
	const stop = () => reject(new Error("the monitor was stopped while it looked"));
	signal.addEventListener("abort", stop, { once: true });
	try {
		return await Promise.race([work, promise]);
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", stop);
		// What comes after all is nobody's concern.
		work.catch(() => {});
	}
}
