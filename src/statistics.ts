// Robust statistics of a few numbers: the middle and the spread, which a single odd value does not move.

/** Sorts the first `count` values in place, ascending. Insertion: the fastest for the dozen values it is made for. */
export function sortFirst(values: Float64Array, count: number): void {
	for (let i = 1; i < count; i++) {
		const value = values[i] ?? 0;
		let j = i - 1;
		while (j >= 0 && (values[j] ?? 0) > value) {
			values[j + 1] = values[j] ?? 0;
			j--;
		}
		values[j + 1] = value;
	}
}

/** The median of the first `count` values, which must be sorted; of an even number the mean of the middle two. */
export function medianOfSorted(values: Float64Array, count: number): number {
	const middle = count >> 1;
	const upper = values[middle] ?? Number.NaN;
	// Halved before they are added: the sum of two large numbers may be none.
	return count % 2 === 1 ? upper : (values[middle - 1] ?? Number.NaN) / 2 + upper / 2;
}

/** null of nothing. */
export function median(values: readonly number[]): number | null {
	if (values.length === 0) return null;
	const sorted = Float64Array.from(values);
	sortFirst(sorted, sorted.length);
	return medianOfSorted(sorted, sorted.length);
}

/** What the median absolute deviation is multiplied by to compare with a standard deviation of a normal distribution. */
export const madToDeviation = 1.4826;
