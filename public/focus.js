// Keeps the keyboard's place: where what had the focus is gone after a swap, its neighbour in the same row gets it.

let last = null;
let around = [];

document.addEventListener("focusin", ({ target }) => {
	last = target;
	around = [];
	for (let at = target.parentElement; at !== null && at.id !== "live"; at = at.parentElement)
		if (at.id) around.push(at.id);
});

// Whoever points elsewhere has left: nothing is to be given back. (A focus that ends says nothing: a removed button's does, too.)
document.addEventListener("pointerdown", ({ target }) => {
	if (!last?.contains(target)) last = null;
});

document.addEventListener("htmx:after:swap", () => {
	if (last === null || last.isConnected || document.activeElement !== document.body) return;
	for (const id of around) {
		const place = document.getElementById(id);
		const next = place?.querySelector("a[href], button, summary, input, select");
		if (!next) continue;
		next.focus({ preventScroll: true });
		return;
	}
});
