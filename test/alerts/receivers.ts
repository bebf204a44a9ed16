// Receivers on loopback that check and answer as the real services document it, and fail in every way that is asked for.
import type { Message, MessageData } from "../../src/message.ts";

type Given = Partial<Omit<Message, "data">> & { data?: Partial<MessageData> };

/** A message about one alert that opened; name only what the test is about. */
export function aMessage({ data, ...given }: Given = {}): Message {
	const message = {
		title: "photos failed",
		text: "Failed after 3 s: repository is locked.\n\nThe last good run was 26 h ago.\n\nhttp://192.0.2.5:5001/jobs/photos",
		html: "<!doctype html><p>Failed after 3 s: repository is locked.</p>",
		severity: "critical" as const,
		isResolved: false,
		threadId: "alert-7",
		url: "http://192.0.2.5:5001/jobs/photos",
		actions: {
			acknowledge: "http://192.0.2.5:5001/a/7?sign=abc",
			snooze: "http://192.0.2.5:5001/s/7?sign=def",
		},
		...given,
	};
	return {
		...message,
		data: {
			version: 1,
			type: "alert",
			title: message.title,
			text: message.text,
			severity: message.severity,
			resolved: message.isResolved,
			url: message.url,
			events: [
				{
					event: message.isResolved ? "resolved" : "opened",
					alert_id: 7,
					kind: "failed",
					key: "",
					severity: message.severity,
					job: "photos",
					host: "pi4",
					title: null,
					labels: {},
					sentence: "Failed after 3 s: repository is locked.",
					at: "2026-11-24T02:00:03.000Z",
					opened_at: "2026-11-24T02:00:03.000Z",
					resolution: null,
					run_id: 12,
					last_success_at: "2026-11-23T00:00:00.000Z",
					url: message.url,
				},
			],
			...data,
		},
	};
}

export type Received = {
	method: string;
	path: string;
	query: URLSearchParams;
	headers: Headers;
	body: string;
	/** The body as an object; empty where it is none. */
	json: Record<string, unknown>;
};

type Reply = { status: number; body?: unknown; headers?: Record<string, string> };

export type Receiver = {
	/** "http://127.0.0.1:port" */
	base: string;
	/** "127.0.0.1:port" */
	host: string;
	/** What was accepted. */
	accepted: Received[];
	/** Everything that came. */
	seen: Received[];
	/** Answers to the next requests, before the service itself answers again. */
	next: Reply[];
	stop: () => Promise<void>;
};

/** A server that answers as `service` says; a request counts as accepted below 300. */
export function startReceiver(service: (request: Received) => Reply, options: { port?: number } = {}): Receiver {
	const [accepted, seen, next]: [Received[], Received[], Reply[]] = [[], [], []];
	const server = Bun.serve({
		hostname: "127.0.0.1",
		port: options.port ?? 0,
		development: false,
		async fetch(raw) {
			const url = new URL(raw.url);
			const body = await raw.text();
			const request: Received = {
				method: raw.method,
				path: url.pathname,
				query: url.searchParams,
				headers: raw.headers,
				body,
				json: objectOf(body),
			};
			seen.push(request);
			const reply = next.shift() ?? service(request);
			if (reply.status < 300) accepted.push(request);
			const text = typeof reply.body === "string" || reply.body === undefined ? reply.body : JSON.stringify(reply.body);
			const type = typeof reply.body === "string" ? "text/plain" : "application/json";
			const isEmpty = reply.status === 204;
			return new Response(isEmpty ? null : (text ?? ""), {
				status: reply.status,
				headers: { "content-type": type, ...reply.headers },
			});
		},
	});
	const host = `127.0.0.1:${server.port}`;
	return { base: `http://${host}`, host, accepted, seen, next, stop: () => server.stop(true) };
}

function objectOf(text: string): Record<string, unknown> {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null ? { ...value } : {};
	} catch {
		return {};
	}
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "");
const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`;

/** Takes any webhook, and tells a wrong signature by a 401 where it has a key. */
export function webhookReceiver(secret: string | null = null, options: { port?: number } = {}): Receiver {
	return startReceiver(({ method, headers, body }) => {
		if (method !== "POST") return { status: 405 };
		if (secret === null) return { status: 204 };
		const timestamp = headers.get("x-backup-monitor-timestamp") ?? "";
		const mac = new Bun.CryptoHasher("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
		const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
		return { status: isFresh && headers.get("x-backup-monitor-signature") === `sha256=${mac}` ? 204 : 401 };
	}, options);
}

/** docs.ntfy.sh/publish: the topic in the path, the rest in headers (RFC 2047 where not ASCII). */
export function ntfyReceiver(access: { token?: string; user?: string; password?: string } = {}): Receiver {
	return startReceiver(({ method, path, headers, body }) => {
		const refuse = (status: number, code: number, error: string) => ({ status, body: { code, http: status, error } });
		if (method !== "POST" && method !== "PUT") return refuse(404, 40401, "page not found");
		const [, topic = ""] = /^\/([-_A-Za-z0-9]{1,64})$/.exec(path) ?? [];
		if (topic === "") return refuse(404, 40401, "page not found");
		const allowed = [
			...(access.token === undefined ? [] : [`Bearer ${access.token}`]),
			...(access.user === undefined ? [] : [basic(access.user, access.password ?? "")]),
		];
		const given = headers.get("authorization");
		if (allowed.length > 0 && given === null) return refuse(403, 40301, "forbidden");
		if (allowed.length > 0 && !allowed.includes(given ?? "")) return refuse(401, 40101, "unauthorized");
		if (!/^(?:[1-5]|min|low|default|high|max|urgent)$/.test(headers.get("priority") ?? "3")) {
			return refuse(400, 40007, "invalid priority parameter");
		}
		const actions = (headers.get("actions") ?? "").split(";").filter((action) => action.trim() !== "");
		const isAction = (action: string) => /^\s*view, [^,;]+, https?:\/\/[^,;]+(?:, clear=true)?$/.test(action);
		if (actions.length > 3 || !actions.every(isAction)) return refuse(400, 40018, "invalid request: actions invalid");
		if (Buffer.byteLength(body) > 4096) return refuse(400, 40012, "invalid request: attachments not allowed");
		return { status: 200, body: { id: "hwQ2YpKdmg", time: 1, event: "message", topic, message: body } };
	});
}

/** gotify.net/api-docs: POST /message with the application's token. */
export function gotifyReceiver(token: string): Receiver {
	return startReceiver(({ method, path, headers, json }) => {
		const refuse = (status: number, error: string) => ({
			status,
			body: {
				error,
				errorCode: status,
				errorDescription: "you need to provide a valid access token or user credentials",
			},
		});
		if (method !== "POST" || path !== "/message") return refuse(404, "Not Found");
		if (headers.get("x-gotify-key") !== token) return refuse(401, "Unauthorized");
		if (textOf(json.message) === "" || typeof json.priority !== "number") return refuse(400, "Bad Request");
		return {
			status: 200,
			body: { id: 25, appid: 5, message: json.message, title: json.title, priority: json.priority },
		};
	});
}

/** discord.com/developers/docs/resources/webhook#execute-webhook, with the limits of embeds. */
export function discordReceiver(id: string, token: string): Receiver {
	return startReceiver(({ method, path, query, json, headers }) => {
		const [, gotId = "", gotToken = ""] = /^\/api\/webhooks\/(\d+)\/([^/]+)$/.exec(path) ?? [];
		if (method !== "POST" || gotId !== id) return { status: 404, body: { message: "Unknown Webhook", code: 10015 } };
		if (gotToken !== token) return { status: 401, body: { message: "Invalid Webhook Token", code: 50027 } };
		const embeds = Array.isArray(json.embeds) ? json.embeds : [];
		const isFit = embeds.every((embed: unknown) => {
			const { title, description, color } = { title: "", description: "", color: 0, ...Object(embed) };
			return String(title).length <= 256 && String(description).length <= 4096 && color >= 0 && color <= 0xffffff;
		});
		const hasContent = textOf(json.content) !== "" || embeds.length > 0;
		if (headers.get("content-type") !== "application/json" || !isFit || !hasContent || embeds.length > 10) {
			return { status: 400, body: { code: 50035, errors: {}, message: "Invalid Form Body" } };
		}
		return query.get("wait") === "true" ? { status: 200, body: { id: "1", embeds } } : { status: 204 };
	});
}

/** api.slack.com/messaging/webhooks: words as answers. */
export function slackReceiver(path: string): Receiver {
	return startReceiver((request) => {
		const [, team, hook] = path.split("/");
		const [, gotTeam, gotHook] = request.path.replace("/services", "").split("/");
		if (gotTeam !== team || gotHook !== hook) return { status: 404, body: "no_service" };
		if (request.path !== `/services${path}`) return { status: 403, body: "invalid_token" };
		if (Object.keys(request.json).length === 0) return { status: 400, body: "invalid_payload" };
		if (textOf(request.json.text) === "") return { status: 400, body: "no_text" };
		return { status: 200, body: "ok" };
	});
}

/** core.telegram.org/bots/api#sendmessage. */
export function telegramReceiver(token: string, chats: (number | string)[]): Receiver {
	return startReceiver(({ path, json }) => {
		const refuse = (status: number, description: string) => ({
			status,
			body: { ok: false, error_code: status, description },
		});
		if (path !== `/bot${token}/sendMessage`) {
			return path.startsWith("/bot") ? refuse(401, "Unauthorized") : refuse(404, "Not Found");
		}
		const chat = json.chat_id;
		if (!chats.some((one) => one === chat)) return refuse(400, "Bad Request: chat not found");
		const text = textOf(json.text);
		if (text === "") return refuse(400, "Bad Request: message text is empty");
		if (text.length > 4096) return refuse(400, "Bad Request: message is too long");
		const markup: { inline_keyboard?: { url: string }[][] } = Object(json.reply_markup);
		const bad = (markup.inline_keyboard ?? []).flat().find(({ url }) => !new URL(url).hostname.includes("."));
		if (bad !== undefined) {
			return refuse(400, `Bad Request: inline keyboard button URL '${bad.url}' is invalid: Wrong HTTP URL`);
		}
		return { status: 200, body: { ok: true, result: { message_id: 1, chat: { id: chat }, text } } };
	});
}

/** pushover.net/api: token, user and the limits of a message. */
export function pushoverReceiver(token: string, user: string): Receiver {
	return startReceiver(({ method, path, json }) => {
		const refuse = (fields: Record<string, string>, error: string) => ({
			status: 400,
			body: { ...fields, errors: [error], status: 0, request: "647d2300-702c-4b38-8b2f-d56326ae460b" },
		});
		if (method !== "POST" || path !== "/1/messages.json") return { status: 404, body: { status: 0 } };
		if (json.token !== token) return refuse({ token: "invalid" }, "application token is invalid");
		if (json.user !== user) return refuse({ user: "invalid" }, "user identifier is not a valid user");
		const message = textOf(json.message);
		if (message === "") return refuse({ message: "cannot be blank" }, "message cannot be blank");
		if ([...message].length > 1024) return refuse({}, "message is too long");
		if ([...textOf(json.title)].length > 250) return refuse({}, "title is too long");
		if (textOf(json.url).length > 512) return refuse({}, "url is too long");
		if (json.priority === 2 && (Number(json.retry) < 30 || !json.expire)) return refuse({}, "retry must be supplied");
		return { status: 200, body: { status: 1, request: "647d2300-702c-4b38-8b2f-d56326ae460b" } };
	});
}

/** github.com/caronc/apprise-api: POST /notify/{key}; 204 where the key has no configuration. */
export function appriseReceiver(key: string): Receiver {
	return startReceiver(({ method, path, json }) => {
		const [, gotKey = ""] = /^\/notify\/([\w-]{1,128})\/?$/.exec(path) ?? [];
		if (method !== "POST" || gotKey === "") return { status: 404 };
		if (gotKey !== key) return { status: 204 };
		const isType = ["info", "success", "warning", "failure"].includes(textOf(json.type));
		if (textOf(json.body) === "" || !isType) return { status: 400, body: { error: "Bad Request" } };
		return { status: 200, body: { error: null } };
	});
}

/** spec.matrix.org, client-server API: login, join, send with a transaction number. */
export function matrixReceiver(account: { user: string; password: string; token: string; room: string }): Receiver {
	const roomId = "!room:home.example";
	const done = new Set<string>();
	return startReceiver(({ method, path, headers, json }) => {
		const refuse = (status: number, errcode: string) => ({ status, body: { errcode, error: errcode } });
		const at = path.replace("/_matrix/client/v3", "");
		if (at === path) return refuse(404, "M_UNRECOGNIZED");
		if (at === "/login" && method === "POST") {
			const { user } = { user: "", ...Object(json.identifier) };
			const isRight = user === account.user && json.password === account.password;
			return isRight
				? { status: 200, body: { access_token: account.token, user_id: `@${user}:home.example`, device_id: "X" } }
				: refuse(403, "M_FORBIDDEN");
		}
		if (headers.get("authorization") !== `Bearer ${account.token}`) return refuse(401, "M_UNKNOWN_TOKEN");
		const [, join] = /^\/join\/([^/]+)$/.exec(at) ?? [];
		if (join !== undefined) {
			const room = decodeURIComponent(join);
			return room === account.room || room === roomId
				? { status: 200, body: { room_id: roomId } }
				: refuse(404, "M_NOT_FOUND");
		}
		const [, room, transaction = ""] = /^\/rooms\/([^/]+)\/send\/m\.room\.message\/([^/]+)$/.exec(at) ?? [];
		if (room === undefined || method !== "PUT") return refuse(404, "M_UNRECOGNIZED");
		if (decodeURIComponent(room) !== roomId) return refuse(403, "M_FORBIDDEN");
		if (textOf(json.msgtype) === "" || textOf(json.body) === "") return refuse(400, "M_BAD_JSON");
		const isNew = !done.has(transaction);
		done.add(transaction);
		return { status: 200, body: { event_id: isNew ? "$new" : "$again" } };
	});
}

export type Fault = "hang" | "hang-in-headers" | "hang-in-body" | "flood" | "reset" | "garbage";

/** A server that breaks the protocol itself; `sentBytes` is what the other side let it send. */
export function startFault(
	fault: Fault,
	port = 0,
): { base: string; host: string; sentBytes: () => number; stop: () => void } {
	let bytes = 0;
	const chunk = new Uint8Array(65_536).fill(120);
	const pour = (socket: { write: (data: Uint8Array) => number }) => {
		for (let wrote = 1; wrote > 0 && bytes < 1e9; bytes += wrote) wrote = Math.max(socket.write(chunk), 0);
	};
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
	const server = Bun.listen({
		hostname: "127.0.0.1",
		port,
		socket: {
			open() {},
			error() {},
			drain(socket) {
				if (fault === "flood") pour(socket);
			},
			data(socket) {
				if (fault === "hang-in-headers") socket.write(head);
				if (fault === "hang-in-body") socket.write(`${head}Content-Length: 10\r\n\r\nab`);
				if (fault === "garbage") socket.end("SSH-2.0-OpenSSH_9.2\r\n");
				if (fault === "reset") socket.terminate();
				if (fault === "flood" && bytes === 0) {
					socket.write(`${head}Content-Length: 1000000000\r\n\r\n`);
					pour(socket);
				}
			},
		},
	});
	const host = `127.0.0.1:${server.port}`;
	return { base: `http://${host}`, host, sentBytes: () => bytes, stop: () => server.stop(true) };
}
