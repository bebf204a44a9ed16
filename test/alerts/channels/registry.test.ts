// Addresses of channels: every form that Apprise's users have, what is wrong with one that is none, and no secret shown.
import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { inspect } from "node:util";
import { createChannel, parseChannelUrl, parseNotifyUrls } from "../../../src/alerts/channels/registry.ts";
import { AppError, messageOf } from "../../../src/errors.ts";
import { forgetSecrets } from "../../../src/secrets.ts";
import { aMessage, startFault, startReceiver } from "../receivers.ts";

// Words that are secrets here are words elsewhere.
beforeAll(forgetSecrets);
afterAll(forgetSecrets);

function errorOf(text: string): string {
	try {
		parseChannelUrl(text);
	} catch (error) {
		if (error instanceof AppError && error.code === "usage") return messageOf(error);
		throw error;
	}
	throw new Error(`${text} was taken`);
}

const forms: [address: string, type: string, shown: string][] = [
	["ntfy://mytopic", "ntfy", "ntfy://ntfy.sh"],
	["ntfys://ntfy.sh/mytopic", "ntfy", "ntfys://ntfy.sh"],
	["ntfys://user:pass@ntfy.example:8443/a/b", "ntfy", "ntfys://ntfy.example:8443"],
	["NTFY://nas/backups", "ntfy", "ntfy://nas"],
	["json://nas:8080/path", "webhook", "json://nas:8080"],
	["jsons://user:p%40ss@nas/path?+X-A=b", "webhook", "jsons://nas"],
	["https://hooks.example/a?b=c", "webhook", "https://hooks.example"],
	["http://[fd00::5]:8080/a", "webhook", "http://[fd00::5]:8080"],
	["mailto://user:pass@gmail.com", "smtp", "mailto://gmail.com"],
	[
		"mailtos://user:pass@mail.example:465?from=a@b.example&to=c@d.example,e@f.example",
		"smtp",
		"mailtos://mail.example:465",
	],
	["mailto://user:p@ss@mail.example/one@d.example/two@d.example", "smtp", "mailto://mail.example"],
	["gotify://nas:8080/AbcDefGhi", "gotify", "gotify://nas:8080"],
	["gotifys://nas/sub/path/AbcDefGhi", "gotify", "gotifys://nas"],
	["discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord", "discord://discord.com"],
	["discord://Bot@4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord", "discord://discord.com"],
	["https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord", "discord://discord.com"],
	["https://discordapp.com/api/v10/webhooks/41742/JHMHI8qBe7?thread_id=5", "discord", "discord://discord.com"],
	["slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#nuxref", "slack", "slack://hooks.slack.com"],
	["https://hooks.slack.com/services/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", "slack", "slack://hooks.slack.com"],
	["tgram://123456789:abcdefg_hijklmnop/12315544", "telegram", "tgram://api.telegram.org"],
	["tgram://bot123456789:abcdefg_hijklmnop/-100123/@channel", "telegram", "tgram://api.telegram.org"],
	["https://api.telegram.org/bot1:ab/sendMessage?chat_id=5", "telegram", "tgram://api.telegram.org"],
	["pover://gznej3rKEVAvPUxu9vvNnqpmZpokzF@azGDORePK8gMaC0QOYAMyEEuzJnyUi", "pushover", "pover://api.pushover.net"],
	["apprise://nas:8000/key", "apprise", "apprise://nas:8000"],
	["apprises://user:pass@nas/sub/key?tags=a,b", "apprise", "apprises://nas"],
	["matrix://user:pass@matrix.example/#general", "matrix", "matrix://matrix.example"],
	["matrixs://syt_abc@matrix.example/!abc:matrix.example", "matrix", "matrixs://matrix.example"],
];

test.each(forms)("%s is understood", (address, type, shown) => {
	const target = parseChannelUrl(address);
	expect([target.type, target.shown]).toEqual([type, shown]);
	const channel = createChannel("x", target);
	expect([channel.name, channel.type, channel.shown]).toEqual(["x", type, shown]);
});

test("a list is separated by commas and blanks, and a comma inside an address is none", () => {
	const list = parseNotifyUrls(
		" ntfy://nas/backups,mailto://u:p@mail.example?to=a@b.example,c@d.example  json://nas/x?-q=1,2, gotify://nas/Abcdef\n,",
	);
	expect(list.map(({ type }) => type)).toEqual(["ntfy", "smtp", "webhook", "gotify"]);
	expect(parseNotifyUrls("")).toEqual([]);
	expect(() => parseNotifyUrls("ntfy://nas/a,ntyf://nas/b")).toThrow(
		"address 2 of 2: There is no channel ntyf://, did you mean ntfy://?",
	);
});

describe("an address that is none", () => {
	const canary = "CANARY0123456789";

	test("is refused with the form it should have, never with what was secret in it", () => {
		const wrong = [
			`nfty://user:${canary}@host/topic`,
			`ntfy://host/bad topic ${canary}`,
			`ntfy://`,
			`${canary}`,
			`mailto://user:${canary}@host?to=nobody`,
			`mailto://user:${canary}@host?mode=tls`,
			`mailto://user:${canary}@host?to=a%0d%0aRCPT TO:<x@y.example>@b.example`,
			`gotify://${canary}`,
			`discord://${canary}/abc`,
			`discord://123/${canary}%20x`,
			`slack://${canary}`,
			`slack://xoxb-1-2-${canary}/#general`,
			`tgram://${canary}/5`,
			`tgram://123:${canary}`,
			`pover://${canary}`,
			`apprise://host/${canary}%2Fx`,
			`matrix://user:${canary}@host`,
			`matrix://host/#room?token${canary}`,
			`json://us er:${canary}@/x`,
			`jsons://host:${canary}/x`,
			`json://host/?+Bad%20Header=${canary}`,
			`file:///etc/${canary}`,
		];
		for (const address of wrong) {
			const message = errorOf(address);
			expect(message).not.toContain("CANARY");
			expect(message.length).toBeGreaterThan(20);
		}
	});

	test("names the nearest scheme for a slip, and all of them for anything else", () => {
		expect(errorOf("ntyfs://h/t")).toContain("did you mean ntfys://? Its form is ntfy[s]://");
		expect(errorOf("mail://h/t")).toContain("mailto://");
		expect(errorOf("telegram2000://h/t")).toContain("Known are ntfy:// ntfys:// json://");
	});
});

test("no secret of an address is in anything that can be printed of it", async () => {
	const echo = startReceiver((request) => ({
		status: 400,
		body: `${request.path} ${request.body} ${JSON.stringify([...request.headers])}`,
	}));
	const reset = startFault("reset");
	const canaries = (host: string) => [
		`ntfy://user:CANARY-pw-1@${host}/CANARY-topic`,
		`ntfy://${host}/t?token=CANARY-token-2`,
		`http://user:CANARY-pw-3@${host}/CANARY-path?key=CANARY-key`,
		`json://user:CANARY-pw-4@${host}/CANARY-path?+X-Key=CANARY-key-4`,
		`gotify://${host}/CANARY-token-5`,
		`http://${host}/api/webhooks/123/CANARY-token-6`,
		`http://${host}/services/T1/B1CANARY/CANARYtoken7`,
		`http://${host}/bot123:CANARY-token-8/sendMessage?chat_id=5`,
		`http://${host}/1/messages.json?token=CANARYtoken9&user=CANARYuser9`,
		`apprise://user:CANARY-pw-10@${host}/CANARY-key-10`,
		`matrix://user:CANARY-pw-11@${host}/#CANARY-room`,
	];
	const before = console.error;
	const logged: string[] = [];
	console.error = (...parts: unknown[]) => logged.push(parts.join(" "));
	try {
		for (const { host } of [echo, reset]) {
			for (const address of canaries(host)) {
				const target = parseChannelUrl(address);
				const channel = createChannel("phone", target, { secret: "CANARY-hmac", template: null });
				const result = await channel.send(aMessage());
				const printed = [
					target,
					channel,
					result,
					String(target.open),
					String(channel.send),
					JSON.stringify([target, channel, result]),
					inspect([target, channel, result], { depth: 9, showHidden: true }),
				];
				expect(printed.map((value) => (typeof value === "string" ? value : inspect(value))).join("\n")).not.toContain(
					"CANARY",
				);
				expect(result.ok).toBe(false);
			}
		}
		expect(logged.join("\n")).not.toContain("CANARY");
	} finally {
		console.error = before;
		await echo.stop();
		reset.stop();
	}
}, 30_000);

test("an address that names a place which is refused is refused for ever, and one that is away comes back", async () => {
	const send = (address: string) => createChannel("x", parseChannelUrl(address)).send(aMessage());
	expect(await send("ntfy://169.254.169.254/t")).toMatchObject({ ok: false, permanent: true });
	expect(await send("mailto://169.254.169.254?to=a@b.example")).toMatchObject({ ok: false, permanent: true });
	const first = startReceiver(() => ({ status: 200, body: {} }));
	await first.stop();
	const address = `ntfy://${first.host}/t`;
	expect(await send(address)).toMatchObject({
		ok: false,
		permanent: false,
		reason: `ntfy://${first.host} refuses the connection: nothing listens at this address and port`,
	});
	const back = startReceiver(() => ({ status: 200, body: {} }), { port: Number(first.host.split(":")[1]) });
	expect(await send(address)).toEqual({ ok: true });
	await back.stop();
});

test("a template is the text of any other channel, between its own title and links", async () => {
	const server = startReceiver(() => ({ status: 200, body: {} }));
	const channel = createChannel("x", parseChannelUrl(`ntfy://${server.host}/t`), {
		template: "{job} on {host}: {kind}",
	});
	expect(await channel.send(aMessage())).toEqual({ ok: true });
	expect(server.accepted[0]?.body).toBe("photos on pi4: failed\n\nhttp://192.0.2.5:5001/jobs/photos");
	await server.stop();
});

test("a fault of our own is no exception for the outbox, and is logged without secrets", async () => {
	const logged: string[] = [];
	const spy = spyOn(console, "error").mockImplementation((...parts: unknown[]) => void logged.push(parts.join(" ")));
	const target = parseChannelUrl("gotify://nas/CANARYtoken77");
	const broken = {
		...target,
		open: () => async () => {
			throw new TypeError("undefined is not a function near CANARYtoken77");
		},
	};
	const result = await createChannel("x", broken).send(aMessage());
	spy.mockRestore();
	expect(result).toEqual({
		ok: false,
		permanent: false,
		reason: "gotify://nas could not be reached: an internal error, see the log",
		retryAfter: null,
	});
	expect(logged.join("\n")).toContain("TypeError: undefined is not a function near •••");
});
