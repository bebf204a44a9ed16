// Tool output as a request body: multipart in every shape that senders make of it, and what stands in the query.
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { cleanUp } from "../binary.ts";
import { openSender, type Sender } from "./sender.ts";

let lab: Sender;
beforeEach(async () => {
	lab = await openSender();
});
afterEach(() => lab.stop());
afterAll(cleanUp);

type Part = [name: string, text: string];
const bodyOf = (parts: Part[], { end = "--XX--\r\n", quote = '"' } = {}) =>
	parts
		.map(([name, text]) => `--XX\r\nContent-Disposition: form-data; name=${quote}${name}${quote}\r\n\r\n${text}\r\n`)
		.join("") + end;
const multipart = { "content-type": "multipart/form-data; boundary=XX" };
const post = (query: string, body: string, headers: Record<string, string> = multipart) =>
	lab.send(`/ingest/rsync?job=nas&${query}`, { body, headers });

test.each([
	["as curl -F sends it", {}],
	["with bare names", { quote: "" }],
	["without its end", { end: "" }],
])("a multipart body %s is its streams and its fields", async (_name, shape) => {
	const complaint = 'rsync: [sender] link_stat "/srv/nope" failed: No such file or directory (2)';
	const response = await post(
		"",
		bodyOf(
			[
				["stderr", complaint],
				["exit", "23"],
			],
			shape,
		),
	);
	expect(response.status).toBe(200);
	const [run] = (await response.json()).runs;
	expect(run).toMatchObject({ outcome: "failure", exit_code: 23, error_category: "source_missing" });
});

test("a multipart body whose boundary is another is no empty output, and no success of an exit 0", async () => {
	const response = await post("exit=0", bodyOf([["stderr", "rsync error"]]), {
		"content-type": "multipart/form-data; boundary=YY",
	});
	expect(response.status).toBe(422);
	expect((await response.json()).error).toMatch(/no part/);
	expect((await post("exit=0", "", multipart)).status).toBe(422);
	expect(await lab.runs()).toEqual([]);
});

test.each([
	["9", "SIGKILL"],
	["term", "SIGTERM"],
	["SIGINT", "SIGINT"],
])("the signal %s is %s", async (given, name) => {
	const response = await post(`signal=${given}`, "", {});
	const [run] = (await response.json()).runs;
	expect(run).toMatchObject({ outcome: "failure", error_category: "interrupted", error_message: `ended by ${name}` });
});

test("a signal that is no name is refused", async () => {
	expect((await post("signal=a%20b", "", {})).status).toBe(422);
	expect(await lab.runs()).toEqual([]);
});
