// What the overview is asked for: the texts of its address, as they are understood. What is not understood asks for all.
import { type JobsFilter, type Range, ranges, shownJobs } from "../overview.ts";

export type OverviewAsked = { job: string | null; range: Range; filter: JobsFilter };

const mostText = 256;

export function readOverviewAsked(search: URLSearchParams): OverviewAsked {
	const text = (name: string) => (search.get(name) ?? "").trim().slice(0, mostText) || null;
	return {
		job: search.get("job") || null,
		range: ranges.find((known) => known === search.get("range")) ?? "30",
		filter: {
			show: shownJobs.find((known) => known === search.get("show")) ?? "all",
			host: text("host"),
			label: text("label"),
			text: text("q"),
			isWhole: search.get("rows") === "all",
		},
	};
}
