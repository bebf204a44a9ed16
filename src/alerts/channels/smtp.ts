// E-mail: one connection a message, over nodemailer's SMTP client, which is loaded with the first mail.
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { codeOf, messageOf } from "../../errors.ts";
import { logGrouped } from "../../log.ts";
import { resolveHost, UnusableHost } from "../addresses.ts";
import { reasonOf } from "../outgoing.ts";
import { type ChannelKind, delayed, refused, type Sent, sent } from "./channel.ts";
import { shownOf } from "./channel-url.ts";
import { composeMail } from "./mail.ts";
import { type MailServer, mailForm, mailOf, mailServerOf, type Security } from "./mail-server.ts";

/** From the name's look-up to the answer to the last dot. Mail servers may take their time, on purpose, against spam. */
const deadlineMs = 60_000;
const stepMs = 10_000;
const quietMs = 30_000;

export const smtp: ChannelKind = {
	type: "smtp",
	schemes: ["mailto", "mailtos"],
	form: mailForm,
	open: (url) => {
		const server = mailServerOf(url);
		const mail = mailOf(url);
		const shown = shownOf(url);
		return {
			shown,
			sender: () => async (message) => {
				const raw = composeMail(mail, message, Date.now());
				const envelope = { from: mail.from.address, to: [...mail.to, ...mail.cc] };
				let failure: unknown = null;
				for (const security of server.security) {
					try {
						const rejected = await transfer(server, security, envelope, raw);
						if (rejected > 0) logGrouped(`${shown} recipients`, `${shown} refused ${rejected} of the recipients`);
						return sent;
					} catch (error) {
						failure = error;
						if (!isWrongProtocol(error)) break;
					}
				}
				return judge(failure);
			},
		};
	},
};

type Envelope = { from: string; to: string[] };

/** Returns how many recipients were refused while others were accepted. */
async function transfer(server: MailServer, security: Security, envelope: Envelope, raw: string): Promise<number> {
	const deadline = AbortSignal.timeout(deadlineMs);
	const { address } = await resolveHost(server.host, server.port, AbortSignal.timeout(stepMs));
	const { default: Connection } = await import("nodemailer/lib/smtp-connection");
	const connection = new Connection({
		// The address that was checked; the name is for the certificate.
		host: address,
		port: server.port,
		secure: security === "tls",
		requireTLS: security === "starttls",
		ignoreTLS: security === "none",
		tls: {
			rejectUnauthorized: server.isVerified,
			...(address !== server.host && { servername: server.host }),
		},
		connectionTimeout: stepMs,
		greetingTimeout: stepMs,
		socketTimeout: quietMs,
	});
	try {
		return await converse(connection, server, envelope, raw, deadline);
	} finally {
		connection.close();
	}
}

function converse(
	connection: SMTPConnection,
	{ login }: MailServer,
	envelope: Envelope,
	raw: string,
	deadline: AbortSignal,
): Promise<number> {
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	deadline.addEventListener("abort", () => reject(deadline.reason), { once: true });
	connection.on("error", reject);
	connection.on("end", () => reject(Object.assign(new Error(), { code: "ECONNRESET" })));
	const send = () =>
		connection.send({ ...envelope, size: Buffer.byteLength(raw) }, raw, (error, info) => {
			if (error) return reject(error);
			connection.quit();
			resolve(info?.rejected.length ?? 0);
		});
	connection.connect((error) => {
		if (error) return reject(error);
		if (login === null) return send();
		connection.login({ user: login.user, pass: login.password }, (failure) => (failure ? reject(failure) : send()));
	});
	return promise;
}

/** What nodemailer adds to its errors. The server's own words are in the message: they are not shown. */
function detailsOf(error: unknown): { original: string; response: number | null; command: string } {
	const details = typeof error === "object" && error !== null ? { ...error } : {};
	const of = (name: string) => (name in details ? Reflect.get(details, name) : null);
	const response = of("responseCode");
	return {
		original: String(of("originalCode") ?? ""),
		response: typeof response === "number" ? response : null,
		command: String(of("command") ?? ""),
	};
}

function isWrongProtocol(error: unknown): boolean {
	const { original } = detailsOf(error);
	return (
		/WRONG_VERSION_NUMBER|EPROTO/.test(`${original} ${codeOf(error)}`) || /wrong version number/i.test(messageOf(error))
	);
}

function judge(error: unknown): Sent {
	if (error instanceof UnusableHost) return (error.isRefused ? refused : delayed)(error.message);
	if (error instanceof DOMException) return delayed("did not take the mail in time");
	const { original, response, command } = detailsOf(error);
	const code = codeOf(error);
	if (response !== null) {
		// 503 says that the conversation went wrong, not the mail: the next one may go well.
		const isPermanent = response >= 500 && response !== 503;
		const tell = isPermanent ? refused : delayed;
		if (code === "EAUTH") return tell(`answered ${response}: the user name or the password is wrong`);
		if (command === "RCPT TO") return tell(`answered ${response}: it refuses the recipients`);
		if (command === "MAIL FROM") return tell(`answered ${response}: it refuses the sender`);
		if (command === "STARTTLS") return delayed(`answered ${response}: it does not offer STARTTLS`);
		return tell(`answered ${response}: it does not take the mail`);
	}
	if (code === "EAUTH") return refused("offers no way to sign in with a user name and a password");
	if (isWrongProtocol(error)) return delayed(reasonOf({ code: "EPROTO" }));
	if (code === "ETIMEDOUT") return delayed("gave no answer in time; a port that expects TLS at once needs mailtos://");
	return delayed(reasonOf({ code: original || (code === "ECONNECTION" ? "ECONNRESET" : code) }));
}
