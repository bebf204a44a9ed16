// How many exports are read at once. The system keeps up to four megabytes for a client that reads nothing, and to fill
// those of hundreds is a minute's work: the rest are asked to come back.

export const mostExports = 8;
/** Three times as long as a connection on which nothing moves is kept. */
const forgottenMs = 30_000;

/** When each export that is being read last moved. */
const taken = new Map<symbol, number>();

/** `moved` with every page, the first one takes the seat; `leave` at the end, whatever it was. */
export type Seat = { moved: () => void; leave: () => void };

/** null while all are taken. */
export function findSeat(now = performance.now()): Seat | null {
	// One whose client was gone before it began is never told so.
	if (taken.size >= mostExports) for (const [one, at] of taken) if (now - at > forgottenMs) taken.delete(one);
	if (taken.size >= mostExports) return null;
	const self = Symbol("export");
	return { moved: () => void taken.set(self, performance.now()), leave: () => void taken.delete(self) };
}
