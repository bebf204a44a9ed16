// E-mail against a real SMTP server: encryption, signing in, threads, refusals, and nothing that slips into a header.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { inspect } from "node:util";
import { createChannel, parseChannelUrl } from "../../../src/alerts/channels/registry.ts";
import { forgetSecrets } from "../../../src/secrets.ts";
import { type MailReceiver, type MailRules, startMailReceiver } from "../mail-receiver.ts";
import { aMessage, startFault } from "../receivers.ts";

// Words that are secrets here are words elsewhere.
beforeAll(forgetSecrets);
afterAll(forgetSecrets);

const started: MailReceiver[] = [];
afterEach(async () => {
	for (const receiver of started.splice(0)) await receiver.stop();
});

async function up(rules: MailRules = {}): Promise<MailReceiver> {
	const receiver = await startMailReceiver(rules);
	started.push(receiver);
	return receiver;
}

const channelTo = (address: string) => createChannel("mail", parseChannelUrl(address));
const send = (address: string, message = aMessage()) => channelTo(address).send(message);
const login = { user: "ann", password: "s3cr3t-canary" };

test("text and HTML arrive, encrypted where the server offers it", async () => {
	const server = await up();
	const text = "Fehlgeschlagen nach 3 s: Größe 0 B.\n.\nZeile mit 🔥";
	expect(await send(`mailto://127.0.0.1:${server.port}?to=me@home.example`, aMessage({ text }))).toEqual({ ok: true });
	const [mail] = server.mails;
	const links = "http://192.0.2.5:5001/jobs/photos\nAcknowledge: http://192.0.2.5:5001/a/7?sign=abc\nSnooze: ";
	expect(mail).toMatchObject({ isEncrypted: true, to: ["me@home.example"], html: aMessage().html });
	expect(mail?.text).toStartWith(`${text}\n\n${links}`);
	expect(mail?.headers.get("subject")).toBe("photos failed");
	expect(mail?.headers.get("auto-submitted")).toBe("auto-generated");
	expect(mail?.headers.get("importance")).toBe("high");
	expect(mail?.raw.split("\r\n").every((line) => line.length <= 998)).toBe(true);
	const plainServer = await up({ offersStarttls: false });
	expect(await send(`mailto://127.0.0.1:${plainServer.port}?to=me@home.example`)).toEqual({ ok: true });
	expect(plainServer.mails[0]?.isEncrypted).toBe(false);
});

test("TLS from the first byte, or STARTTLS at the same scheme; where it is required nothing goes out in the clear", async () => {
	const secure = await up({ isSecure: true, login });
	const to = "to=me@home.example&verify=no";
	expect(await send(`mailtos://ann:s3cr3t-canary@127.0.0.1:${secure.port}?${to}`)).toEqual({ ok: true });
	expect(secure.mails[0]).toMatchObject({ isEncrypted: true, user: "ann" });
	const starttls = await up({ login });
	expect(await send(`mailtos://ann:s3cr3t-canary@127.0.0.1:${starttls.port}?${to}`)).toEqual({ ok: true });
	expect(await send(`mailto://ann:s3cr3t-canary@127.0.0.1:${starttls.port}?${to}&starttls=required`)).toEqual({
		ok: true,
	});
	expect(starttls.mails.map(({ isEncrypted }) => isEncrypted)).toEqual([true, true]);
	const clear = await up({ offersStarttls: false, login });
	for (const address of [`mailtos://ann:s3cr3t-canary@127.0.0.1`, `mailto://ann:s3cr3t-canary@127.0.0.1`]) {
		const result = await send(
			`${address}:${clear.port}?${to}${address.startsWith("mailto:") ? "&starttls=required" : ""}`,
		);
		expect(result).toMatchObject({ ok: false, permanent: false });
	}
	expect(clear.mails).toHaveLength(0);
});

test("a password is given to no server that cannot prove who it is", async () => {
	const server = await up({ login });
	const result = await send(`mailto://ann:s3cr3t-canary@127.0.0.1:${server.port}?to=me@home.example`);
	expect(result).toMatchObject({ ok: false, permanent: false });
	expect(result.ok ? "" : result.reason).toContain("add ?verify=no");
	expect(server.mails).toHaveLength(0);
});

test("a wrong password is for ever, a server that is busy is not, and neither shows the password", async () => {
	const server = await up({ login });
	const channel = channelTo(`mailto://ann:wr0ng-canary@127.0.0.1:${server.port}?to=me@home.example&verify=no`);
	const result = await channel.send(aMessage());
	expect(inspect([channel, result], { depth: 9 }) + JSON.stringify([channel, result])).not.toContain("canary");
	expect(result).toEqual({
		ok: false,
		permanent: true,
		reason: `mailto://127.0.0.1:${server.port} answered 535: the user name or the password is wrong`,
		retryAfter: null,
	});
	const busy = await up({ login, loginCode: 454 });
	expect(await send(`mailto://ann:s3cr3t-canary@127.0.0.1:${busy.port}?to=me@home.example&verify=no`)).toMatchObject({
		ok: false,
		permanent: false,
	});
});

test("codes from 500 are for ever, those from 400 are not; one refused recipient does not keep the mail from the others", async () => {
	const cases: [MailRules, boolean, string][] = [
		[{ refusedRecipients: { "me@home.example": 550 } }, true, "answered 550: it refuses the recipients"],
		[{ refusedRecipients: { "me@home.example": 450 } }, false, "answered 450: it refuses the recipients"],
		[{ dataCode: 554 }, true, "answered 554: it does not take the mail"],
		[{ dataCode: 451 }, false, "answered 451: it does not take the mail"],
	];
	for (const [rules, permanent, reason] of cases) {
		const server = await up(rules);
		expect(await send(`mailto://127.0.0.1:${server.port}?to=me@home.example`)).toEqual({
			ok: false,
			permanent,
			reason: `mailto://127.0.0.1:${server.port} ${reason}`,
			retryAfter: null,
		});
	}
	const server = await up({ refusedRecipients: { "gone@home.example": 550 } });
	const address = `mailto://127.0.0.1:${server.port}?to=gone@home.example,me@home.example&cc=you@home.example`;
	expect(await send(address)).toEqual({ ok: true });
	expect(server.mails[0]?.to).toEqual(["me@home.example", "you@home.example"]);
	expect(server.mails[0]?.headers.get("cc")).toBe("you@home.example");
});

test("reminders and the end answer the mail that opened the alert; a repetition has the same number", async () => {
	const server = await up();
	const channel = channelTo(`mailto://127.0.0.1:${server.port}?to=me@home.example&from=Backups <b@home.example>`);
	const [event] = aMessage().data.events;
	if (event === undefined) throw new Error("no event");
	const reminder = aMessage({ data: { events: [{ ...event, event: "reminder", at: "2026-11-25T02:00:00.000Z" }] } });
	const other = aMessage({ threadId: "alert-8" });
	for (const message of [aMessage(), aMessage(), reminder, aMessage({ isResolved: true }), other]) {
		expect(await channel.send(message)).toEqual({ ok: true });
	}
	const [first, again, reminded, ended, another] = server.mails.map(({ headers }) => headers);
	const root = first?.get("message-id") ?? "";
	expect(root).toMatch(/^<[0-9a-f]{24}@home\.example>$/);
	expect(again?.get("message-id")).toBe(root);
	expect(first?.get("references")).toBeUndefined();
	for (const headers of [reminded, ended]) {
		expect(headers?.get("in-reply-to")).toBe(root);
		expect(headers?.get("references")).toBe(root);
		expect(headers?.get("message-id")).not.toBe(root);
	}
	expect(another?.get("message-id")).not.toBe(root);
	expect(first?.get("from")).toBe('"Backups" <b@home.example>');
	const test = aMessage({ data: { type: "test", events: [] } });
	await channel.send(test);
	await Bun.sleep(2);
	await channel.send(test);
	const [one, two] = server.mails.slice(-2).map(({ headers }) => headers.get("message-id"));
	expect(one).not.toBe(two ?? "");
});

test("a hostile name adds no header and no recipient", async () => {
	const server = await up();
	const title = "photos\r\nBcc: evil@evil.example\r\n\r\nbody\u2028 =?UTF-8?B?eA==?= äöü ".repeat(4);
	const address = `mailto://127.0.0.1:${server.port}?to=me@home.example&name=Backup%0d%0aBcc:%20evil@evil.example%22`;
	expect(await send(address, aMessage({ title, threadId: "x>\r\nBcc: evil@evil.example" }))).toEqual({ ok: true });
	const [mail] = server.mails;
	expect(mail?.to).toEqual(["me@home.example"]);
	expect(mail?.headers.has("bcc")).toBe(false);
	expect(mail?.headers.get("subject")).toContain("photos Bcc: evil@evil.example body");
	expect(mail?.headers.get("subject")?.endsWith("…")).toBe(true);
});

test("a server that drops the connection or talks nonsense is tried again later", async () => {
	for (const rules of [
		{
			banner: "x",
			onConnect: (_: unknown, callback: (error: Error) => void) =>
				callback(Object.assign(new Error("busy"), { responseCode: 421 })),
		},
	]) {
		const server = await up({ options: rules });
		expect(await send(`mailto://127.0.0.1:${server.port}?to=me@home.example`)).toMatchObject({
			ok: false,
			permanent: false,
		});
	}
	const closed = startFault("hang");
	closed.stop();
	expect(await send(`mailto://${closed.host}?to=me@home.example`)).toMatchObject({
		ok: false,
		permanent: false,
		reason: `mailto://${closed.host} refuses the connection: nothing listens at this address and port`,
	});
});
