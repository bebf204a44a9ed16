// A tool's output as a request body: plain, or as multipart parts; only as much of it is kept as an adapter can need.
import { AppError } from "../errors.ts";
import { StreamKeeper } from "../ingest/tool-text.ts";
import { chunksOf, TooLarge } from "./bodies.ts";

export type OutputBody = { stdout: string; stderr: string; fields: Map<string, string> };

/** Streams the body. Throws `TooLarge` over `limit` bytes, `invalid` for multipart that is not. */
export async function readOutput(request: Request, limit: number): Promise<OutputBody> {
	const boundary = boundaryOf(request.headers.get("content-type"));
	const sink = boundary === null ? plain() : multipart(boundary);
	let size = 0;
	for await (const chunk of chunksOf(request)) {
		size += chunk.length;
		if (size > limit) throw new TooLarge(limit);
		sink.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
	}
	return sink.end();
}

type Sink = { write: (chunk: Buffer) => void; end: () => OutputBody };

function boundaryOf(type: string | null): string | null {
	if (type === null || !/^multipart\/form-data\b/i.test(type)) return null;
	const match = /boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(type);
	if (match === null) throw new AppError("invalid", "The multipart body has no boundary.");
	return match[1] ?? match[2] ?? "";
}

function plain(): Sink {
	const kept = new StreamKeeper();
	return {
		write: (chunk) => kept.push(chunk),
		end: () => ({ stdout: textOf(kept), stderr: "", fields: new Map() }),
	};
}

function textOf(kept: StreamKeeper | undefined): string {
	kept?.end();
	return kept?.text() ?? "";
}

const longestHead = 8192;
const longestField = 4096;
const mostFields = 64;

/** Parts `stdout` and `stderr` are kept as output, all others as short fields (`exit`, `signal`, `job`). */
function multipart(boundary: string): Sink {
	const delimiter = Buffer.from(`\r\n--${boundary}`);
	const outputs = new Map<string, StreamKeeper>();
	const fields = new Map<string, string>();
	// The first delimiter has no line end before it: put one there.
	let rest: Buffer = Buffer.from("\r\n");
	let part: { name: string; output: StreamKeeper | null; field: string } | null = null;
	let isInHead = false;
	let hasParts = false;

	const take = (bytes: Buffer) => {
		if (part === null) return;
		if (part.output !== null) part.output.push(bytes);
		else if (part.field.length < longestField) part.field += bytes.toString("utf8").slice(0, longestField);
	};
	const finish = () => {
		if (part !== null && part.output === null && fields.size < mostFields) fields.set(part.name, part.field.trimEnd());
		part = null;
	};
	const begin = (head: string) => {
		const [, quoted, bare] = /\bname=(?:"([^"]{0,100})"|([^\s";,]{1,100}))/i.exec(head) ?? [];
		const name = quoted ?? bare ?? "";
		hasParts = true;
		const isOutput = name === "stdout" || name === "stderr";
		const output = isOutput ? (outputs.get(name) ?? new StreamKeeper()) : null;
		if (output !== null) outputs.set(name, output);
		part = { name, output, field: "" };
	};
	/** Moves on by what is complete in `rest`; false when more bytes are needed. */
	const step = (): boolean => {
		if (isInHead) {
			if (rest.length >= 2 && rest[0] === 45 && rest[1] === 45) {
				rest = Buffer.alloc(0);
				return false;
			}
			const end = rest.indexOf("\r\n\r\n");
			if (end === -1) {
				if (rest.length > longestHead)
					throw new AppError("invalid", "A part of the multipart body has no end to its head.");
				return false;
			}
			begin(rest.toString("utf8", 0, end));
			rest = rest.subarray(end + 4);
			isInHead = false;
			return true;
		}
		const at = rest.indexOf(delimiter);
		if (at === -1) {
			const safe = Math.max(0, rest.length - delimiter.length);
			take(rest.subarray(0, safe));
			rest = rest.subarray(safe);
			return false;
		}
		take(rest.subarray(0, at));
		finish();
		rest = rest.subarray(at + delimiter.length);
		isInHead = true;
		return true;
	};
	return {
		write: (chunk) => {
			rest = Buffer.concat([rest, chunk]);
			while (step());
		},
		end: () => {
			if (part !== null) take(rest);
			finish();
			// Taken for an empty output, it would make a success of an exit 0.
			if (!hasParts) throw new AppError("invalid", "The multipart body has no part with the boundary of its head.");
			const stdout = textOf(outputs.get("stdout"));
			return { stdout, stderr: textOf(outputs.get("stderr")), fields };
		},
	};
}
