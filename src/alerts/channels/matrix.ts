// Matrix: one notice a room, with a transaction number that makes a repetition harmless.
import type { Message } from "../../message.ts";
import { registerSecret } from "../../secrets.ts";
import { type Answer, fetchOut, OutgoingError } from "../outgoing.ts";
import {
	type ChannelKind,
	delayed,
	judgeStatus,
	messageId,
	objectOf,
	refused,
	type Sent,
	toEach,
	usage,
	waitOf,
} from "./channel.ts";
import { baseOf, type ChannelUrl, isHost, isUnverified, registerAll, shownOf } from "./channel-url.ts";
import { actionsOf, markedTitle, textWithLinks } from "./wording.ts";

const form = "matrix[s]://user:password@host[:port]/#room[:server], or matrix[s]://token@host/!room-id:server";
/** An event has 65,536 bytes at most, and the text is in it twice. */
const mostCharacters = 8000;
const words = {
	denied: "the token or the password is wrong, or this user may not write to the room",
	missing: "there is no such room, or no Matrix server at this address",
};

/** What one request ended with: the answer's object, or what to tell the outbox. */
type Called = { body: Record<string, unknown> } | { failed: Sent; isTokenGone: boolean };

export const matrix: ChannelKind = {
	type: "matrix",
	schemes: ["matrix", "matrixs"],
	form,
	open: (url) => {
		const account = accountOf(url);
		const rooms = [...url.path, ...(url.query.get("to")?.split(",") ?? [])].filter((room) => room !== "");
		if (!isHost(url.host)) throw usage(`An address of Matrix needs a host: ${form}`);
		if (rooms.length === 0) throw usage(`An address of Matrix needs a room behind the host: ${form}`);
		return {
			shown: shownOf(url),
			sender: ({ baseUrl }) => {
				const base = baseUrl ?? baseOf(url, url.scheme === "matrixs");
				const call = caller(`${base}/_matrix/client/v3`, isUnverified(url));
				let token = account.token;
				const ids = new Map<string, string>();
				const login = async (): Promise<Sent | null> => {
					if (token !== null) return null;
					const called = await call("POST", "/login", null, {
						type: "m.login.password",
						identifier: { type: "m.id.user", user: account.user },
						password: account.password,
						// The same device at every start, or the account fills with them.
						device_id: "BACKUPMONITOR",
						initial_device_display_name: "Backup Monitor",
					});
					if ("failed" in called) return called.failed;
					token = typeof called.body.access_token === "string" ? called.body.access_token : null;
					if (token === null) return delayed("answered without a token");
					registerSecret(token);
					return null;
				};
				const sendOnce = async (room: string, message: Message): Promise<Called> => {
					const isNotIn = await login();
					if (isNotIn !== null) return { failed: isNotIn, isTokenGone: false };
					let id = ids.get(room);
					if (id === undefined) {
						const joined = await call("POST", `/join/${encodeURIComponent(roomName(room, url.host))}`, token, {});
						if ("failed" in joined) return joined;
						id = String(joined.body.room_id ?? room);
						ids.set(room, id);
					}
					const path = `/rooms/${encodeURIComponent(id)}/send/m.room.message/${messageId(message)}`;
					return call("PUT", path, token, contentOf(message));
				};
				return toEach(rooms, async (room, message) => {
					let called = await sendOnce(room, message);
					if ("failed" in called && called.isTokenGone && account.token === null) {
						token = null;
						called = await sendOnce(room, message);
					}
					return "failed" in called ? called.failed : { ok: true };
				});
			},
		};
	},
};

function accountOf({ user, password, query }: ChannelUrl): { token: string | null; user: string; password: string } {
	const token = query.get("token") ?? (password === null ? user : user === null ? password : null);
	registerAll(token, password);
	if (token === null && (user === null || password === null)) {
		throw usage(`An address of Matrix needs a token, or a user and a password: ${form}`);
	}
	return { token, user: user ?? "", password: password ?? "" };
}

/** "#ops" is short for a room of this server; what has neither # nor ! is meant as one. */
function roomName(room: string, host: string): string {
	const name = /^[#!]/.test(room) ? room : `#${room}`;
	return name.includes(":") ? name : `${name}:${host}`;
}

function contentOf(message: Message): Record<string, unknown> {
	const title = markedTitle(message);
	const text = textWithLinks(message, mostCharacters, { omits: ["Acknowledge", "Snooze"] });
	const links = actionsOf(message).map(({ label, url }) => `<a href="${Bun.escapeHTML(url)}">${label}</a>`);
	const lines = [`<strong>${Bun.escapeHTML(title)}</strong>`, ...text.split("\n").map((line) => Bun.escapeHTML(line))];
	return {
		msgtype: "m.text",
		body: `${title}\n\n${textWithLinks(message, mostCharacters)}`,
		format: "org.matrix.custom.html",
		formatted_body: [...lines, ...(links.length === 0 ? [] : ["", links.join(" · ")])].join("<br>"),
		// Empty on purpose: a job that is called @room calls nobody.
		"m.mentions": {},
	};
}

function caller(base: string, isUnverified: boolean) {
	return async (method: "POST" | "PUT", path: string, token: string | null, body: unknown): Promise<Called> => {
		const headers = {
			"content-type": "application/json",
			...(token !== null && { authorization: `Bearer ${token}` }),
		};
		try {
			const answer = await fetchOut(base + path, { method, headers, body: JSON.stringify(body), isUnverified });
			const said = objectOf(answer.text);
			if (answer.status >= 200 && answer.status < 300) return { body: said };
			return { failed: judge(answer, said), isTokenGone: said.errcode === "M_UNKNOWN_TOKEN" };
		} catch (error) {
			if (!(error instanceof OutgoingError)) throw error;
			return { failed: (error.isPermanent ? refused : delayed)(error.message), isTokenGone: false };
		}
	};
}

function judge(answer: Answer, said: Record<string, unknown>): Sent {
	if (said.errcode === "M_LIMIT_EXCEEDED" || answer.status === 429) {
		const wait = typeof said.retry_after_ms === "number" ? waitOf(said.retry_after_ms / 1000) : null;
		return delayed(`answered ${answer.status}: too many messages in a short time`, wait ?? answer.retryAfter);
	}
	if (said.errcode === "M_NOT_FOUND") return refused(`answered ${answer.status}: ${words.missing}`);
	return judgeStatus(answer, words);
}
