// Listings that are pushed, and the page and the API of what they show.

import type { Database } from "bun:sqlite";
import { AppError } from "../errors.ts";
import { type Keep, takeListing } from "../ingest/inventory.ts";
import { listingLimit, openListing } from "../ingest/listing.ts";
import type { Listing } from "../inventory.ts";
import { type InventoryJob, type InventoryPage, labSentence } from "../inventory-page.ts";
import type { Settings } from "../settings.ts";
import { inventoryFormats } from "../settings-jobs.ts";
import { readInventoryJobs } from "../store/inventory-page.ts";
import { findSource } from "../store/sources.ts";
import { formatInstant } from "../time.ts";
import { listingFormatOf } from "../tools/listings/registry.ts";
import { formatAge, type Units } from "../units.ts";
import type { AppOptions } from "./app.ts";
import { chunksOf, TooLarge } from "./bodies.ts";
import { ownAddress } from "./client.ts";
import { cookieOf } from "./forms.ts";
import { wantsFragment } from "./fragment.ts";
import { JobDirectory } from "./job-directory.ts";
import { parseTheme } from "./layout.ts";
import { answerError } from "./push-routes.ts";
import { answerJson, BodyCache, jsonType } from "./respond.ts";
import type { Handler, Peer, Route } from "./routes.ts";
import { opens } from "./tokens.ts";

const pageForMs = 5000;
const patienceMs = 20;

/** What the routes need besides: the way into the journal and the store. */
export type InventoryRouteOptions = Omit<AppOptions, "inventory"> & { inventory: { keep: Keep } };

const brokenOff = "The connection broke before the listing was whole.";

export function inventoryRoutes(options: InventoryRouteOptions, headers: Record<string, string>): Route[] {
	const { monitor, alerting, config, clock } = options;
	const cache = new BodyCache(headers);
	const directory = new JobDirectory(options);

	const put = async (request: Request, address: string, peer: Peer): Promise<Response> => {
		if (address.trim() === "") throw new AppError("missing", "The path names no job.");
		const said = peer.search.get("from") ?? "";
		const format = listingFormatOf(said);
		if (format === null) {
			const known = inventoryFormats.join(", ");
			throw new AppError(
				"invalid",
				said === "" ? `?from= is missing; it is one of ${known}.` : `from is none of ${known}.`,
			);
		}
		const job = directory.find(address.trim());
		if (job === null) throw new AppError("missing", "There is no such job yet; it appears with its first report.");
		if (!opens(peer.grant, () => directory.addressesOf(job))) {
			throw new AppError("denied", "This token is for another job.");
		}
		const sink = openListing(format, config.zone);
		// What is backed up while the listing is made may not be in it: it tells of the moment at which it began.
		const at = clock();
		let length = 0;
		let answeredAt = performance.now();
		let trouble: string | null = null;
		try {
			for await (const chunk of chunksOf(request)) {
				length += chunk.length;
				if (length > listingLimit) throw new TooLarge(listingLimit);
				sink.push(chunk);
				// Others are answered between the pieces of a long listing.
				if (performance.now() - answeredAt < patienceMs) continue;
				await Bun.sleep(0);
				answeredAt = performance.now();
			}
		} catch (error) {
			if (error instanceof TooLarge) throw error;
			trouble = brokenOff;
		}
		if (length < Number(request.headers.get("content-length") ?? length)) trouble = brokenOff;
		const listing = sink.finish(trouble);
		const receipt = await takeListing(options.inventory.keep, { job, at, format, source: "push" }, listing);
		const { newestAt, isCompared, ...counts } = receipt;
		const newest = newestAt === null ? null : formatInstant(newestAt, config.zone);
		// What could not be read is stored too, as a listing that tells nothing; the sender learns it.
		const status = receipt.outcome === "ok" || receipt.outcome === "empty" ? 200 : 422;
		return answerJson(headers, status, {
			job: job.name,
			...counts,
			newest_at: newest,
			...(status === 422 && { error: receipt.reason }),
		});
	};

	const guarded: Handler = async (request, params, peer) => {
		try {
			return await put(request, params.job ?? "", peer);
		} catch (error) {
			return answerError(headers, error);
		}
	};

	const settings = (): Settings => alerting.settings;
	const units: Units = { iec: config.units === "iec" };

	const dataOf = (db: Database | null, address: string): InventoryPage => {
		const now = clock();
		const { path, checkedAt } = monitor.source;
		const question = { settings: settings(), zone: config.zone, units, now };
		const { jobs, unlisted } = db === null ? { jobs: [], unlisted: [] } : readInventoryJobs(db, question);
		return {
			now,
			zone: config.zone,
			lab: labSentence(jobs, unlisted.length, (at) => formatAge((now - at) / 1000)),
			jobs,
			unlisted,
			address,
			problems: options.problems(),
			retentionDays: config.retentionDays,
			openAlerts: options.openAlerts(),
			source: { path, checkedAt, lines: db === null ? 0 : (findSource(db, config.metricsFile)?.line ?? 0) },
		};
	};

	const shown: Handler = async (request) => {
		const { inventoryLive, inventoryPage } = await import("./pages/inventory.ts");
		const isFragment = wantsFragment(request.headers);
		const theme = parseTheme(cookieOf(request, "theme"));
		const address = ownAddress(request, config);
		const made = cache.page(request, `${isFragment} ${theme} ${address}`, monitor.revision, () => {
			const data = dataOf(monitor.db, address);
			return (isFragment ? inventoryLive(data, units) : inventoryPage(data, theme, units)).toString();
		});
		return made ?? answerJson(headers, 503, { error: "The database is not open." });
	};

	const api: Handler = (request) => {
		if (monitor.db === null) return answerJson(headers, 503, { error: "The database is not open." });
		const { db } = monitor;
		const kept = { revision: monitor.revision, type: jsonType, forMs: pageForMs };
		const made = cache.answer(request, "api", kept, () => {
			const { jobs, unlisted, lab } = dataOf(db, "");
			const never = unlisted.map(({ slug, name, host }) => ({ slug, name, host }));
			return `${JSON.stringify({ summary: lab, jobs: jobs.map((job) => jobObject(job, config.zone)), never_listed: never })}\n`;
		});
		return made ?? answerJson(headers, 503, { error: "The database is not open." });
	};

	return [
		{ method: "GET", path: "/inventory", class: "read", handler: shown },
		{ method: "GET", path: "/api/inventory", class: "read", opensTo: "read-token", handler: api },
		{
			method: "PUT",
			path: "/api/jobs/:job/inventory",
			class: "push",
			token: "request",
			bodyLimit: listingLimit,
			handler: guarded,
		},
	];
}

/** A job as /api/inventory gives it; times are ISO 8601, sizes bytes. */
function jobObject(shown: InventoryJob, zone: string): Record<string, unknown> {
	const time = (at: number | null) => (at === null ? null : formatInstant(at, zone));
	const { job, rung, latest, listing } = shown;
	return {
		...job,
		state: rung.state,
		sentence: rung.sentence,
		loss: shown.loss,
		newest_copy_at: time(shown.copyAt),
		rpo_seconds: shown.target?.seconds ?? null,
		rpo_kept: shown.target?.isKept ?? null,
		reported: shown.reported,
		in_remote: shown.there,
		present: shown.present,
		forgotten: shown.forgotten,
		of_other_jobs: shown.others,
		is_mirror: shown.isMirror,
		missing: shown.missing.map(({ sentence, isSure, runId }) => ({ run_id: runId, absent: isSure, sentence })),
		missing_total: shown.missing.length + shown.moreMissing,
		unreported: shown.unreported.map(({ name, at, size, about }) => ({ name, at: time(at), size_bytes: size, about })),
		unreported_total: shown.unreported.length + shown.moreUnreported,
		promise: shown.promise,
		gaps: shown.timeline.gaps.map(({ from, to }) => ({ from: time(from), to: time(to) })),
		last_listing: latest === null ? null : listingObject(latest, zone),
		last_good_listing: listing === null ? null : listingObject(listing, zone),
	};
}

function listingObject({ at, format, source, outcome, entries, bytes, reason }: Listing, zone: string) {
	return { at: formatInstant(at, zone), format, source, outcome, entries, bytes, reason };
}
