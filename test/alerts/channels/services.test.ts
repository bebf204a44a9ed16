// Each service gets a message in its own form, and its answers are understood: against receivers that check as it does.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createChannel, parseChannelUrl } from "../../../src/alerts/channels/registry.ts";
import type { Message } from "../../../src/message.ts";
import { forgetSecrets } from "../../../src/secrets.ts";
import {
	aMessage,
	appriseReceiver,
	discordReceiver,
	gotifyReceiver,
	matrixReceiver,
	ntfyReceiver,
	pushoverReceiver,
	type Receiver,
	slackReceiver,
	telegramReceiver,
	webhookReceiver,
} from "../receivers.ts";

// Words that are secrets here are words elsewhere.
beforeAll(forgetSecrets);
afterAll(forgetSecrets);

const started: Receiver[] = [];
afterEach(async () => {
	for (const receiver of started.splice(0)) await receiver.stop();
});

function up<T extends Receiver>(receiver: T): T {
	started.push(receiver);
	return receiver;
}

function send(address: string, message = aMessage(), options: Parameters<typeof createChannel>[2] = {}) {
	return createChannel("phone", parseChannelUrl(address), options).send(message);
}

const hostile = aMessage({
	title: "@everyone <!channel> [click](https://evil.example) *b* `x` <b>&amp;",
	text: "<!here> <@U123> @here @room **bold** ||spoiler|| <script>alert(1)</script>\n# heading\n- item\n1. one\n> quote",
});
const long = aMessage({ title: "wort ".repeat(200), text: "zeile mit ä und 🔥\n".repeat(2000) });
const resolved = aMessage({ title: "photos is well again", isResolved: true, severity: "critical" });

describe("ntfy", () => {
	test("gets title, priority, tags, click and actions in headers and the text as the body", async () => {
		const server = up(ntfyReceiver());
		expect(await send(`ntfy://${server.host}/backups`)).toEqual({ ok: true });
		const [got] = server.accepted;
		expect(got?.path).toBe("/backups");
		expect(got?.body).toBe(aMessage().text);
		expect(got?.headers.get("title")).toBe("photos failed");
		expect(got?.headers.get("priority")).toBe("5");
		expect(got?.headers.get("tags")).toBe("rotating_light");
		expect(got?.headers.get("click")).toBe("http://192.0.2.5:5001/jobs/photos");
		expect(got?.headers.get("actions")).toBe(
			"view, Acknowledge, http://192.0.2.5:5001/a/7?sign=abc, clear=true; view, Snooze, http://192.0.2.5:5001/s/7?sign=def, clear=true",
		);
	});

	test("takes tokens and passwords in each of Apprise's forms", async () => {
		const server = up(ntfyReceiver({ token: "tk_abc123def", user: "ann", password: "secret9" }));
		for (const address of [
			`ntfy://tk_abc123def@${server.host}/t`,
			`ntfy://:tk_abc123def@${server.host}/t`,
			`ntfy://${server.host}/t?token=tk_abc123def`,
			`ntfy://tk_abc123def@${server.host}/t?auth=token`,
			`ntfy://ann:secret9@${server.host}/t?auth=basic`,
		]) {
			expect(await send(address)).toEqual({ ok: true });
		}
		expect(await send(`ntfy://ann:not-the-one@${server.host}/t`)).toEqual({
			ok: false,
			permanent: true,
			reason: `ntfy://${server.host} answered 401: the token or the password is wrong, or may not write to this topic`,
			retryAfter: null,
		});
	});

	test("gets letters beyond Latin in an encoded word, a short text, and another look when it is over", async () => {
		const server = up(ntfyReceiver());
		await send(`ntfy://${server.host}/t`, aMessage({ title: "Fotos\r\nX-Evil: 1 ✓ 備份" }));
		expect(server.accepted[0]?.headers.get("x-evil")).toBeNull();
		const word = server.accepted[0]?.headers.get("title") ?? "";
		expect(Buffer.from(word.slice(10, -2), "base64").toString()).toBe("Fotos X-Evil: 1 ✓ 備份");
		expect(await send(`ntfy://${server.host}/t`, long)).toEqual({ ok: true });
		expect(server.accepted[1]?.body).toEndWith("…\n\nhttp://192.0.2.5:5001/jobs/photos");
		await send(`ntfy://${server.host}/t?tags=nas`, resolved);
		expect(server.accepted[2]?.headers.get("tags")).toBe("white_check_mark,nas");
		expect(server.accepted[2]?.headers.get("priority")).toBe("3");
		await send(`ntfy://${server.host}/t?priority=low`);
		expect(server.accepted[3]?.headers.get("priority")).toBe("2");
	});

	test("with several topics, a repetition goes only to those that have not got it", async () => {
		const server = up(ntfyReceiver());
		const channel = createChannel("phone", parseChannelUrl(`ntfy://${server.host}/one/two/three`));
		server.next.push({ status: 200, body: {} }, { status: 503 });
		expect(await channel.send(aMessage())).toMatchObject({ ok: false, permanent: false });
		expect(await channel.send(aMessage())).toEqual({ ok: true });
		expect(server.seen.map(({ path }) => path)).toEqual(["/one", "/two", "/three", "/two"]);
	});
});

describe("webhook", () => {
	test("gets the documented event, signed together with the time", async () => {
		const server = up(webhookReceiver("key-of-the-hook"));
		const address = `${server.base}/hook?x=1`;
		expect(await send(address, aMessage(), { secret: "key-of-the-hook" })).toEqual({ ok: true });
		expect(server.accepted[0]?.json).toEqual(aMessage().data);
		expect(server.accepted[0]?.query.get("x")).toBe("1");
		expect(server.accepted[0]?.headers.get("content-type")).toBe("application/json");
		expect(await send(address, aMessage(), { secret: "another-key" })).toMatchObject({ ok: false, permanent: true });
		const [first, second] = server.seen.map(({ headers }) => headers.get("x-backup-monitor-id"));
		expect(first).toBe(second ?? "");
	});

	test("in Apprise's form has headers, parameters, user and password", async () => {
		const server = up(webhookReceiver());
		await send(`json://ann:pw%2F1@${server.host}/a/b?+X-Token=tok-1&-q=z&verify=no`);
		const [got] = server.accepted;
		expect([got?.path, got?.query.toString()]).toEqual(["/a/b", "q=z"]);
		expect(got?.headers.get("x-token")).toBe("tok-1");
		expect(got?.headers.get("authorization")).toBe(`Basic ${btoa("ann:pw/1")}`);
	});

	test("a JSON template stays JSON whatever a job is called", async () => {
		const server = up(webhookReceiver());
		const template = '{"msgtype": "text", "content": "{title}: {sentence} ({job}, {event}, {severity}) {url}"}';
		const message = aMessage({ title: 'quote " and \\ and\nline' });
		expect(await send(server.base, message, { template })).toEqual({ ok: true });
		expect(server.accepted[0]?.json).toEqual({
			msgtype: "text",
			content:
				'quote " and \\ and\nline: Failed after 3 s: repository is locked. (photos, opened, critical) http://192.0.2.5:5001/jobs/photos',
		});
		await send(server.base, aMessage({ title: "{text}" }), { template: "{title} = {text}" });
		expect(server.accepted[1]?.body).toBe(`{text} = ${aMessage().text}`);
		expect(server.accepted[1]?.headers.get("content-type")).toBe("text/plain; charset=utf-8");
	});

	test("a template with a placeholder that does not exist, or that is no JSON, is refused before it is needed", () => {
		const target = parseChannelUrl("https://hooks.example/x");
		expect(() => createChannel("x", target, { template: "{titel}" })).toThrow("There is no placeholder {titel}");
		expect(() => createChannel("x", target, { template: '{"a": {title}}' })).toThrow(
			"placeholders stand inside quotes",
		);
	});

	test("every status is told apart: what helps to repeat, and what never will", async () => {
		const server = up(webhookReceiver());
		const cases: [number, boolean][] = [
			[400, true],
			[401, true],
			[403, true],
			// A reverse proxy says so while what stands behind it starts.
			[404, false],
			[410, true],
			[413, true],
			[422, true],
			[408, false],
			[425, false],
			[429, false],
			[500, false],
			[502, false],
			[503, false],
		];
		for (const [status, permanent] of cases) {
			server.next.push({ status, body: { error: "the token tk_leak is wrong" }, headers: { "retry-after": "17" } });
			const result = await send(server.base);
			expect(result).toMatchObject({ ok: false, permanent });
			if (result.ok) continue;
			expect(result.reason).toStartWith(`${server.base} answered ${status}: `);
			expect(result.reason).not.toContain("tk_leak");
			expect(result.retryAfter).toBe(status === 429 || status >= 500 || status === 408 || status === 425 ? 17 : null);
		}
		expect(await send(server.base)).toEqual({ ok: true });
	});
});

describe("Gotify", () => {
	test("gets priority, a click and plain text; a wrong token is for ever", async () => {
		const server = up(gotifyReceiver("Apptoken123"));
		expect(await send(`gotify://${server.host}/Apptoken123`)).toEqual({ ok: true });
		expect(server.accepted[0]?.json).toMatchObject({
			title: "photos failed",
			priority: 8,
			extras: {
				"client::display": { contentType: "text/plain" },
				"client::notification": { click: { url: "http://192.0.2.5:5001/jobs/photos" } },
			},
		});
		expect(server.accepted[0]?.json.message).toBe(
			`Failed after 3 s: repository is locked.\n\nThe last good run was 26 h ago.\n\nAcknowledge: http://192.0.2.5:5001/a/7?sign=abc\nSnooze: http://192.0.2.5:5001/s/7?sign=def`,
		);
		expect(await send(`gotify://${server.host}/Wrongtoken1`)).toMatchObject({ ok: false, permanent: true });
		expect(server.seen[1]?.path).toBe("/message");
	});
});

describe("Discord", () => {
	test("gets an embed, by either form of its address", async () => {
		const server = up(discordReceiver("4000123", "tok-en_1"));
		expect(await send("discord://4000123/tok-en_1", aMessage(), { baseUrl: server.base })).toEqual({ ok: true });
		expect(await send(`${server.base}/api/webhooks/4000123/tok-en_1`, resolved)).toEqual({ ok: true });
		expect(server.accepted[0]?.json).toMatchObject({
			allowed_mentions: { parse: [] },
			embeds: [{ title: "🔴 photos failed", color: 0xd13438, url: "http://192.0.2.5:5001/jobs/photos" }],
		});
		expect(server.accepted[1]?.json).toMatchObject({ embeds: [{ title: "✅ photos is well again", color: 0x2e9e5b }] });
		expect(server.accepted[0]?.body).toContain("[Acknowledge](http://192.0.2.5:5001/a/7?sign=abc)");
	});

	test("cannot be made to ping or to format, and a long text is cut", async () => {
		const server = up(discordReceiver("1", "t"));
		expect(await send(`${server.base}/api/webhooks/1/t`, hostile)).toEqual({ ok: true });
		const said = server.accepted[0]?.body.replaceAll("\\\\", "\\") ?? "";
		expect(said).toContain("\\@everyone");
		expect(said).toContain("\\[click\\]\\(https://evil.example\\)");
		expect(said).toContain("\\*\\*bold\\*\\*");
		expect(said).toContain("\\n\\- item");
		expect(await send(`${server.base}/api/webhooks/1/t`, long)).toEqual({ ok: true });
	});

	test("says in its body how long to wait, and by its status that the webhook is gone", async () => {
		const server = up(discordReceiver("1", "t"));
		server.next.push({
			status: 429,
			body: { message: "You are being rate limited.", retry_after: 0.64, global: false },
		});
		expect(await send(`${server.base}/api/webhooks/1/t`)).toMatchObject({ permanent: false, retryAfter: 1 });
		expect(await send(`${server.base}/api/webhooks/2/t`)).toEqual({
			ok: false,
			permanent: false,
			reason: `${server.base} answered 404: this webhook no longer exists: make a new one in the channel's settings`,
			retryAfter: null,
		});
		expect(await send(`${server.base}/api/webhooks/1/u`)).toMatchObject({ permanent: true });
	});
});

describe("Slack", () => {
	test("gets text that cannot call anybody, by either form of its address", async () => {
		const server = up(slackReceiver("/T01/B02/abc123"));
		expect(await send("slack://T01/B02/abc123/#ops", hostile, { baseUrl: server.base })).toEqual({ ok: true });
		expect(await send(`${server.base}/services/T01/B02/abc123`)).toEqual({ ok: true });
		const [first, second] = server.accepted;
		expect(first?.json).toMatchObject({ channel: "#ops", mrkdwn: false, link_names: false });
		expect(first?.body).toContain("&lt;!here&gt; &lt;@U123&gt;");
		expect(first?.body).not.toMatch(/<[!@]/);
		expect(second?.body).toContain("<http://192.0.2.5:5001/a/7?sign=abc|Acknowledge>");
		expect(second?.json).toMatchObject({ text: "<http://192.0.2.5:5001/jobs/photos|🔴 photos failed>" });
		expect(await send(`${server.base}/services/T01/B02/abc123`, long)).toEqual({ ok: true });
	});

	test("its words are understood, with whatever status they come", async () => {
		const server = up(slackReceiver("/T01/B02/abc123"));
		const address = `${server.base}/services/T01/B02/abc123`;
		server.next.push({ status: 200, body: "invalid_payload" }, { status: 200, body: "no_service" });
		expect(await send(address)).toMatchObject({ ok: false, permanent: true });
		expect(await send(address)).toMatchObject({ ok: false, permanent: true });
		expect(await send(`${server.base}/services/T01/B02/other`)).toMatchObject({ ok: false, permanent: true });
		server.next.push({ status: 429, headers: { "retry-after": "30" } }, { status: 500, body: "rollup_error" });
		expect(await send(address)).toMatchObject({ permanent: false, retryAfter: 30 });
		expect(await send(address)).toMatchObject({ permanent: false });
	});
});

describe("Telegram", () => {
	const token = "123456789:AAF-abc_def";

	test("gets plain text with buttons, by either form of its address", async () => {
		const server = up(telegramReceiver(token, [-1001, "@backups"]));
		expect(await send(`tgram://${token}/-1001/@backups`, hostile, { baseUrl: server.base })).toEqual({ ok: true });
		expect(server.accepted.map(({ json }) => json.chat_id)).toEqual([-1001, "@backups"]);
		const [first] = server.accepted;
		expect(first?.json.parse_mode).toBeUndefined();
		expect(first?.json.text).toStartWith("🔴 @everyone <!channel> [click](https://evil.example)");
		expect(first?.json.reply_markup).toEqual({
			inline_keyboard: [
				[
					{ text: "Open", url: "http://192.0.2.5:5001/jobs/photos" },
					{ text: "Acknowledge", url: "http://192.0.2.5:5001/a/7?sign=abc" },
					{ text: "Snooze", url: "http://192.0.2.5:5001/s/7?sign=def" },
				],
			],
		});
		expect(await send(`${server.base}/bot${token}/sendMessage?chat_id=-1001`, resolved)).toEqual({ ok: true });
		expect(server.accepted[2]?.json.disable_notification).toBe(true);
		expect(await send(`${server.base}/bot${token}/sendMessage?chat_id=-1001`, long)).toEqual({ ok: true });
	});

	test("gets links as text where it takes no buttons for them", async () => {
		const server = up(telegramReceiver(token, [5]));
		const message = aMessage({ url: "http://nas:5001/jobs/photos" });
		expect(await send(`tgram://${token}/5`, message, { baseUrl: server.base })).toEqual({ ok: true });
		expect(server.accepted[0]?.json.text).toContain("\n\nhttp://nas:5001/jobs/photos\nAcknowledge: ");
		server.next.push({
			status: 400,
			body: { ok: false, error_code: 400, description: "Bad Request: BUTTON_URL_INVALID" },
		});
		expect(await send(`tgram://${token}/5`, aMessage(), { baseUrl: server.base })).toEqual({ ok: true });
		expect(server.accepted[1]?.json.reply_markup).toBeUndefined();
		expect(server.accepted[1]?.json.text).toContain("Acknowledge: http://192.0.2.5:5001/a/7?sign=abc");
	});

	test("says ok: false, how long to wait, and which chat it does not know", async () => {
		const server = up(telegramReceiver(token, [5]));
		const options = { baseUrl: server.base };
		server.next.push({
			status: 429,
			body: { ok: false, error_code: 429, description: "Too Many Requests", parameters: { retry_after: 41 } },
		});
		expect(await send(`tgram://${token}/5`, aMessage(), options)).toMatchObject({ permanent: false, retryAfter: 41 });
		expect(await send(`tgram://${token}/6`, aMessage(), options)).toMatchObject({
			permanent: true,
			reason:
				"tgram://api.telegram.org answered 400: there is no such chat, or nobody in it has written to the bot yet",
		});
		expect(await send("tgram://1:wrong-token/5", aMessage(), options)).toMatchObject({ permanent: true });
		server.next.push({ status: 200, body: { ok: false } });
		expect(await send(`tgram://${token}/5`, aMessage(), options)).toMatchObject({ permanent: true });
	});
});

describe("Pushover", () => {
	test("gets a message within its limits", async () => {
		const server = up(pushoverReceiver("apptoken", "userkey1"));
		const options = { baseUrl: server.base };
		expect(await send("pover://userkey1@apptoken/pixel", aMessage(), options)).toEqual({ ok: true });
		expect(server.accepted[0]?.json).toMatchObject({
			title: "photos failed",
			priority: 1,
			device: "pixel",
			url: "http://192.0.2.5:5001/jobs/photos",
		});
		expect(await send("pover://userkey1@apptoken", long, options)).toEqual({ ok: true });
		expect(await send("pover://userkey1@apptoken?priority=emergency", aMessage(), options)).toEqual({ ok: true });
		expect(await send("pover://userkey1@othertoken", aMessage(), options)).toMatchObject({
			permanent: true,
			reason: "pover://api.pushover.net answered 400: the application's token or the user's key is wrong",
		});
		server.next.push({ status: 200, body: { status: 0 } });
		expect(await send("pover://userkey1@apptoken", aMessage(), options)).toMatchObject({ permanent: true });
	});
});

describe("Apprise API", () => {
	test("gets title, body and type under its key", async () => {
		const server = up(appriseReceiver("home"));
		expect(await send(`apprise://${server.host}/home?tags=admin`, resolved)).toEqual({ ok: true });
		expect(server.accepted[0]?.json).toMatchObject({ type: "success", title: "photos is well again", tag: "admin" });
		expect(await send(`apprise://${server.host}/notify/home`)).toEqual({ ok: true });
		expect(server.accepted[1]?.json).toMatchObject({ type: "failure", format: "text" });
		expect(await send(`apprise://${server.host}/nowhere`)).toMatchObject({ ok: false, permanent: true });
		server.next.push({ status: 424, body: { error: "…" } });
		expect(await send(`apprise://${server.host}/home`)).toMatchObject({ ok: false, permanent: false });
	});
});

describe("Matrix", () => {
	const account = { user: "bot", password: "pass-word", token: "syt_token_1", room: "#ops:home.example" };

	test("signs in once, joins, and sends with a number that makes a repetition harmless", async () => {
		const server = up(matrixReceiver(account));
		const channel = createChannel("m", parseChannelUrl(`matrix://bot:pass-word@${server.host}/#ops:home.example`));
		expect(await channel.send(hostile)).toEqual({ ok: true });
		expect(await channel.send(hostile)).toEqual({ ok: true });
		const paths = server.seen.map(({ method, path }) => `${method} ${path.replace("/_matrix/client/v3", "")}`);
		expect(paths.slice(0, 2)).toEqual(["POST /login", "POST /join/%23ops%3Ahome.example"]);
		expect(paths).toHaveLength(4);
		expect(paths[2]).toBe(paths[3] ?? "");
		const content = server.seen[2]?.json;
		expect(content).toMatchObject({ msgtype: "m.text", format: "org.matrix.custom.html", "m.mentions": {} });
		expect(String(content?.formatted_body)).toContain("&lt;script&gt;");
		expect(String(content?.formatted_body)).not.toContain("<script>");
	});

	test("takes a token, signs in anew when the server has forgotten it, and says what is wrong", async () => {
		const server = up(matrixReceiver(account));
		expect(await send(`matrix://${account.token}@${server.host}/!room:home.example`)).toEqual({ ok: true });
		expect(await send(`matrix://syt_wrong@${server.host}/!room:home.example`)).toMatchObject({ permanent: true });
		expect(await send(`matrix://bot:no-sense@${server.host}/#ops:home.example`)).toMatchObject({ permanent: true });
		expect(await send(`matrix://${account.token}@${server.host}/#none:home.example`)).toMatchObject({
			permanent: true,
		});
		const channel = createChannel("m", parseChannelUrl(`matrix://bot:pass-word@${server.host}/#ops:home.example`));
		await channel.send(aMessage());
		server.next.push({ status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } });
		expect(await channel.send(resolved)).toEqual({ ok: true });
		server.next.push({ status: 429, body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 2500 } });
		expect(await channel.send(aMessage())).toMatchObject({ permanent: false, retryAfter: 3 });
	});
});

test("a message without links, and one of the monitor itself, goes everywhere too", async () => {
	const bare: Message = aMessage({ url: null, actions: null, data: { type: "test", events: [] } });
	const servers = [
		up(ntfyReceiver()),
		up(gotifyReceiver("tok12")),
		up(telegramReceiver("1:ab", [1])),
		up(slackReceiver("/T1/B1/c1")),
		up(discordReceiver("1", "t")),
		up(pushoverReceiver("apptoken", "userkey1")),
	];
	const [a, b, c, d, e, f] = servers.map(({ host }) => host);
	for (const address of [
		`ntfy://${a}/t`,
		`gotify://${b}/tok12`,
		`http://${c}/bot1:ab/sendMessage?chat_id=1`,
		`http://${d}/services/T1/B1/c1`,
		`http://${e}/api/webhooks/1/t`,
		`http://${f}/1/messages.json?token=apptoken&user=userkey1`,
	]) {
		expect(await send(address, bare)).toEqual({ ok: true });
	}
});
