// The shape every tool adapter shares: what a tool printed goes in, what it says about its runs comes out. Pure.
import type { Kind, Outcome, Phase } from "../run.ts";
import type { Seams } from "./seams.ts";

/** Everything one invocation of a tool left behind. One glued body (stdout and stderr together) arrives as `stdout`. */
export type ToolOutput = {
	stdout: string;
	stderr: string;
	/** Exit status; null when it was not told (a pipe loses it). */
	exit: number | null;
	/** Name of the signal that ended it, such as "SIGKILL". */
	signal: string | null;
	/** Unix milliseconds; the reference for tools that print no date or no zone. */
	receivedAt: number;
	/** IANA zone in which zoneless times of the tool are read. */
	zone: string;
};

/** One run as the tool itself tells it. null = the tool did not say. Bytes, seconds, Unix milliseconds. */
export type ToolRun = {
	kind: Kind;
	outcome: Outcome;
	startedAt: number | null;
	endedAt: number | null;
	duration: number | null;
	phases: Phase[];
	size: number | null;
	bytesAdded: number | null;
	filesTotal: number | null;
	filesNew: number | null;
	filesChanged: number | null;
	snapshotId: string | null;
	repository: string | null;
	exitCode: number | null;
	warnings: number | null;
	warningMessages: string[];
	errorCategory: string | null;
	/** The one sentence that explains the failure, in the tool's own words. */
	errorMessage: string | null;
	toolVersion: string | null;
	/** Host, job, or labels that the tool itself names, where it does. */
	host: string | null;
	jobName: string | null;
	labels: Record<string, string>;
	metrics: Record<string, number>;
};

/** What an adapter made of an output: its runs, and what it saw but did not count, with the reason. */
export type ToolReading = {
	tool: string;
	/** false: the shape was unknown; the run rests on the exit status alone and its raw text is kept. */
	understood: boolean;
	runs: ToolRun[];
	ignored: { reason: string }[];
};

export type Tool = {
	name: string;
	/** Whether a text looks like this tool's, from 0 (no) to 1 (certain). For `/ingest/auto`. */
	recognise: (output: ToolOutput) => number;
	read: (output: ToolOutput) => ToolReading;
	/** Its own lines begin with an instant, which so is nobody else's. */
	hasStamps?: true;
	/** For texts without line ends. */
	seams?: Seams;
};
