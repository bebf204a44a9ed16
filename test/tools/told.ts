// What an adapter makes of a tool's words, on a day in Berlin.
import type { Tool, ToolOutput } from "../../src/tools/tool.ts";

export function told(tool: Tool, stdout: string, about: Partial<ToolOutput> = {}) {
	return tool.read({
		stdout,
		stderr: "",
		exit: null,
		signal: null,
		receivedAt: Date.UTC(2026, 10, 23),
		zone: "Europe/Berlin",
		...about,
	});
}
