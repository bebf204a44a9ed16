// How many slips lie between two words: what "did you mean" is measured by.

/** Letters inserted, left out, replaced, or swapped with their neighbour. */
export function editDistance(a: string, b: string): number {
	let before: number[] = [];
	let above = Array.from({ length: b.length + 1 }, (_, column) => column);
	for (let row = 1; row <= a.length; row++) {
		const line = [row];
		for (let column = 1; column <= b.length; column++) {
			const cost = a[row - 1] === b[column - 1] ? 0 : 1;
			let least = Math.min((line[column - 1] ?? 0) + 1, (above[column] ?? 0) + 1, (above[column - 1] ?? 0) + cost);
			const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
			if (isSwap) least = Math.min(least, (before[column - 2] ?? 0) + 1);
			line.push(least);
		}
		before = above;
		above = line;
	}
	return above[b.length] ?? 0;
}
