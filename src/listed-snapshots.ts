// The entries of one listing, packed while it streams by: of 100,000 a few megabytes are held, where objects took sixty.
import type { Snapshot } from "./inventory.ts";

const perPack = 512;

type Packed = [
	id: string,
	name: string | null,
	at: number | null,
	size: number | null,
	host: string | null,
	about: string,
];

/** Entries are told apart by a hash of their id; one that is listed twice counts once. */
export class ListedSnapshots {
	readonly #places = new PlacesById();
	readonly #packs: Uint8Array[] = [];
	#loose: Packed[] = [];
	/** Of each entry, in the order in which they came. */
	#contents = new BigUint64Array(64);
	#digest = 0n;
	/** Sum of the known sizes; null where none is known. */
	bytes: number | null = null;
	newestAt: number | null = null;

	get count(): number {
		return this.#places.count;
	}

	has(id: string): boolean {
		return this.placeOf(id) !== -1;
	}

	add({ id, name, at, size, host, about }: Snapshot): void {
		const place = this.#places.add(id);
		if (place === -1) return;
		if (place === this.#contents.length) this.#contents = doubled(this.#contents);
		const content = contentOf({ id, name, at, size, host, about });
		this.#contents[place] = content;
		this.#digest += content;
		if (size !== null) this.bytes = (this.bytes ?? 0) + size;
		if (at !== null && at > (this.newestAt ?? 0)) this.newestAt = at;
		this.#loose.push([id, name, at, size, host, about]);
		if (this.#loose.length < perPack) return;
		this.#packs.push(Bun.zstdCompressSync(Buffer.from(JSON.stringify(this.#loose)), { level: 1 }));
		this.#loose = [];
	}

	/** The same for the same entries in any order. */
	digest(): string {
		return BigInt.asUintN(64, this.#digest).toString(16);
	}

	/** The place of an entry among the others; -1: it is not listed. */
	placeOf(id: string): number {
		return this.#places.find(id);
	}

	/** Whether the entry at a place says the same as one that was stored. */
	isSame(place: number, stored: Snapshot): boolean {
		return this.#contents[place] === contentOf(stored);
	}

	/** In the order of their places; no more than one pack of them is unpacked at once. */
	*[Symbol.iterator](): Generator<Snapshot> {
		for (const pack of this.#packs) {
			yield* unpacked(JSON.parse(Buffer.from(Bun.zstdDecompressSync(pack)).toString()) as Packed[]);
		}
		yield* unpacked(this.#loose);
	}
}

function* unpacked(entries: readonly Packed[]): Generator<Snapshot> {
	for (const [id, name, at, size, host, about] of entries) yield { id, name, at, size, host, about };
}

function contentOf({ id, name, at, size, host, about }: Snapshot): bigint {
	return Bun.hash.xxHash64(`${id}\0${name}\0${at}\0${size}\0${host}\0${about}`);
}

function doubled(words: BigUint64Array<ArrayBuffer>): BigUint64Array<ArrayBuffer> {
	const larger = new BigUint64Array(words.length * 2);
	larger.set(words);
	return larger;
}

/** An open table of hashes: 20 bytes an entry. */
class PlacesById {
	#hashes = new BigUint64Array(64);
	/** One more than the place; 0: free. */
	#slots = new Int32Array(128);
	count = 0;

	/** Its place, or -1 where it is known already. */
	add(id: string): number {
		const hash = Bun.hash.xxHash64(id);
		const slot = this.#slotOf(hash);
		if (this.#slots[slot] !== 0) return -1;
		if (this.count === this.#hashes.length) this.#hashes = doubled(this.#hashes);
		this.#hashes[this.count] = hash;
		this.count++;
		this.#slots[slot] = this.count;
		if (this.count * 2 > this.#slots.length) this.#grow();
		return this.count - 1;
	}

	find(id: string): number {
		return (this.#slots[this.#slotOf(Bun.hash.xxHash64(id))] ?? 0) - 1;
	}

	#slotOf(hash: bigint): number {
		const mask = this.#slots.length - 1;
		let slot = Number(hash & 0xffff_ffffn) & mask;
		for (;;) {
			const place = this.#slots[slot] ?? 0;
			if (place === 0 || this.#hashes[place - 1] === hash) return slot;
			slot = (slot + 1) & mask;
		}
	}

	#grow(): void {
		this.#slots = new Int32Array(this.#slots.length * 2);
		for (let place = 0; place < this.count; place++) this.#slots[this.#slotOf(this.#hashes[place] ?? 0n)] = place + 1;
	}
}
