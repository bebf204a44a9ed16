// A job's address: the slug made from its name, and what to do when two jobs would get the same one.

/** `createdAt` is when it was first heard of, Unix milliseconds. */
export type Job = { id: number; name: string; host: string; slug: string; createdAt: number };

/** More distinct jobs than this are a mistake or an attack: the next one is refused. */
export const maxJobs = 1000;

/** Lower-case letters, digits, `-` and `_`; "" where the name has none of them. */
export function slugOf(text: string): string {
	return text
		.normalize("NFKD")
		.toLowerCase()
		.replace(/\p{M}/gu, "")
		.replace(/[^a-z0-9_]+/g, "-")
		.replace(/^-+|-+$/g, "")
		.slice(0, 64);
}

/**
 * The slug of a new job: its name; `name-host` when another host already uses the name; with six hex digits of
 * `digest` behind it where that is empty or taken too. The same job gets the same slug when everything is rebuilt in order.
 */
export function chooseSlug(
	job: Pick<Job, "name" | "host">,
	nameIsTaken: boolean,
	slugIsTaken: (slug: string) => boolean,
	digest: string,
): string {
	const wanted = slugOf(nameIsTaken ? `${job.name}-${job.host}` : job.name);
	return wanted !== "" && !slugIsTaken(wanted) ? wanted : `${wanted === "" ? "job" : wanted}-${digest.slice(0, 6)}`;
}
