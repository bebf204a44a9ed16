// The ways to read an output: as it came, without what carried it, without what stands before its lines, with the line
// ends that were stripped. A tool reads the one in which it finds most of its own words. Pure.
import { frameOf, withoutFrame } from "./frames.ts";
import { narrowed } from "./narrow.ts";
import { withSeams } from "./seams.ts";
import { bothStreams, edgesOf, stripEscapes } from "./text.ts";
import type { Tool, ToolOutput, ToolReading } from "./tool.ts";
import { doubt } from "./tool-run.ts";
import { scriptTroubleIn } from "./trouble.ts";
import { unwrap } from "./wrapping.ts";

/**
 * What was taken away: nothing, what is foreign to every tool, or what some tools print themselves (stamps, objects).
 */
type Layer = { output: ToolOutput; without: "nothing" | "foreign" | "own" };
/** From the outside in; the first is the output as it came. */
type Layers = [Layer, ...Layer[]];
type Reader = Pick<Tool, "recognise" | "hasStamps" | "seams">;

/** A container's log in a journal: frames stand within frames. */
const deepest = 3;

export function layersOf(output: ToolOutput): Layers {
	let inner = mapped(output, narrowed);
	const layers: Layers = [{ output: inner, without: "nothing" }];
	const add = (change: (text: string) => string, without: Layer["without"]) => {
		inner = { ...inner, stdout: change(inner.stdout), stderr: change(inner.stderr) };
		layers.push({ output: inner, without });
	};
	if (unwrap(inner.stdout) !== null || unwrap(inner.stderr) !== null) add((text) => unwrap(text) ?? text, "own");
	for (let depth = 0; depth < deepest; depth++) {
		const frame = frameOf(inner.stdout) ?? frameOf(inner.stderr);
		if (frame === null) break;
		add((text) => withoutFrame(text, frame), frame.isOwn ? "own" : "foreign");
	}
	return layers;
}

/** The layer that a tool reads, and how sure it is that it is its own. */
export function layerFor(tool: Reader, layers: Layers): { output: ToolOutput; likeness: number } {
	let best = { output: layers[0].output, likeness: -1 };
	for (const { output, without } of layers) {
		const likeness = tool.recognise(mapped(output, (text) => withSeams(bare(text), tool.seams)));
		const isPreferred = without === "foreign" || (likeness > 0 && tool.hasStamps !== true);
		const isAsGood = likeness === best.likeness && isPreferred;
		if (likeness > best.likeness || isAsGood) best = { output, likeness };
	}
	return best;
}

/** A tool as it reads whatever came: in its layer, with its line ends. */
export function reading(tool: Tool): Tool {
	const read = (output: ToolOutput) => {
		const layer = layerFor(tool, layersOf(output)).output;
		return doubted(tool.read(mapped(layer, (text) => withSeams(text, tool.seams))), layer);
	};
	return { ...tool, read };
}

/** A backup that succeeded in a script whose dump before it did not is one to look at. */
function doubted(reading: ToolReading, output: ToolOutput): ToolReading {
	const isGood = output.exit === 0 && reading.understood && reading.runs.every(({ outcome }) => outcome === "success");
	const run = reading.runs.find(({ kind }) => kind === "backup");
	if (!isGood || run === undefined) return reading;
	const trouble = scriptTroubleIn(bothStreams(output));
	if (trouble !== null) doubt(run, trouble);
	return reading;
}

function mapped(output: ToolOutput, change: (text: string) => string): ToolOutput {
	return { ...output, stdout: change(output.stdout), stderr: change(output.stderr) };
}

/** Signs stand at the beginning of a line, where a terminal's colours, erasures and returns stand, too. */
function bare(text: string): string {
	if (!text.includes("\x1b") && !text.includes("\r")) return text;
	return stripEscapes(edgesOf(text, 65_536)).replace(/\r\n?/g, "\n");
}
