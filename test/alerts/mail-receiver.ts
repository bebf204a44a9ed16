// A real SMTP server on loopback that keeps the mail it takes, and refuses what it is told to refuse.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

const tls = join(import.meta.dir, "../fixtures/tls");
export const certificate = join(tls, "cert.pem");

export type ReceivedMail = {
	from: string;
	to: string[];
	user: string | null;
	isEncrypted: boolean;
	/** By name in lower case, unfolded and decoded. */
	headers: Map<string, string>;
	text: string;
	html: string;
	raw: string;
};

export type MailReceiver = { port: number; mails: ReceivedMail[]; stop: () => Promise<void> };

export type MailRules = {
	/** TLS from the first byte. */
	isSecure?: boolean;
	offersStarttls?: boolean;
	login?: { user: string; password: string };
	/** Recipients that are refused, with the code. */
	refusedRecipients?: Record<string, number>;
	/** The code after the mail's last dot. */
	dataCode?: number;
	loginCode?: number;
	options?: SMTPServerOptions;
};

export async function startMailReceiver(rules: MailRules = {}): Promise<MailReceiver> {
	const mails: ReceivedMail[] = [];
	const refusal = (code: number, message: string) => Object.assign(new Error(message), { responseCode: code });
	const server = new SMTPServer({
		secure: rules.isSecure ?? false,
		key: readFileSync(join(tls, "key.pem")),
		cert: readFileSync(certificate),
		disabledCommands: [
			...(rules.offersStarttls === false ? ["STARTTLS"] : []),
			...(rules.login === undefined ? ["AUTH"] : []),
		],
		authOptional: rules.login === undefined,
		allowInsecureAuth: true,
		disableReverseLookup: true,
		logger: false,
		onAuth({ username, password }, _session, callback) {
			if (rules.loginCode !== undefined) return callback(refusal(rules.loginCode, "later"));
			if (username === rules.login?.user && password === rules.login?.password)
				return callback(null, { user: username });
			callback(refusal(535, `5.7.8 no such login ${password}`));
		},
		onRcptTo({ address }, _session, callback) {
			const code = rules.refusedRecipients?.[address];
			callback(code === undefined ? null : refusal(code, `refused ${address}`));
		},
		onData(stream, session, callback) {
			const chunks: Buffer[] = [];
			stream.on("data", (chunk: Buffer) => chunks.push(chunk));
			stream.on("end", () => {
				if (rules.dataCode !== undefined) return callback(refusal(rules.dataCode, "not this one"));
				const raw = Buffer.concat(chunks).toString();
				const { mailFrom, rcptTo } = session.envelope;
				mails.push({
					from: mailFrom === false ? "" : mailFrom.address,
					to: rcptTo.map(({ address }) => address),
					user: session.user ?? null,
					isEncrypted: session.secure,
					...readMail(raw),
				});
				callback(null);
			});
		},
		...rules.options,
	});
	server.on("error", () => {});
	const { promise, resolve } = Promise.withResolvers<void>();
	server.listen(0, "127.0.0.1", resolve);
	await promise;
	const address = server.server.address();
	const port = typeof address === "object" && address !== null ? address.port : 0;
	return { port, mails, stop: () => new Promise((done) => server.close(() => done())) };
}

function readMail(raw: string): Pick<ReceivedMail, "headers" | "text" | "html" | "raw"> {
	const [head = ""] = raw.split("\r\n\r\n", 1);
	const unfolded = head.replace(/\r\n[ \t]+/g, " ").replace(/(\?=) (=\?)/g, "$1$2");
	const headers = new Map(
		unfolded.split("\r\n").map((line) => {
			const colon = line.indexOf(":");
			return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())];
		}),
	);
	const boundary = /boundary="([^"]+)"/.exec(headers.get("content-type") ?? "")?.[1] ?? "";
	const parts = raw.split(`--${boundary}`);
	const decoded = (type: string) => {
		const [, body = ""] = parts.find((part) => part.includes(`Content-Type: ${type}`))?.split("\r\n\r\n") ?? [];
		return Buffer.from(body, "base64").toString();
	};
	return { headers, text: decoded("text/plain"), html: decoded("text/html"), raw };
}

function decodeWords(text: string): string {
	return text.replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, word) => Buffer.from(word, "base64").toString());
}
