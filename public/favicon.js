// The tab's own picture: told by shape as well as by colour, for whoever has the page among thirty others.
const shapes = {
	failed:
		'<path fill="#c9302c" d="M6.6 2h6.8L18 6.6v6.8L13.4 18H6.6L2 13.4V6.6z"/><path d="m7 7 6 6m0-6-6 6" stroke="#fff" stroke-width="2"/>',
	warning: '<path fill="#c8730c" d="M10 2 19 18H1z"/><path d="M10 8v4.5m0 2v.6" stroke="#fff" stroke-width="2"/>',
	unknown:
		'<circle cx="10" cy="10" r="7.5" fill="none" stroke="#868f9c" stroke-width="2.5" stroke-dasharray="3.5 2.5"/>',
	running: '<circle cx="10" cy="10" r="8" fill="#1a5cc6"/><path fill="#fff" d="M8 6v8l6-4z"/>',
};
const calm = document.querySelector('link[rel="icon"]')?.href;
let shownState = "";

function showState() {
	const state = document.getElementById("live")?.dataset.favicon ?? "";
	const link = document.querySelector('link[rel="icon"]');
	if (state === shownState || !link) return;
	shownState = state;
	const shape = shapes[state === "old" ? "warning" : state];
	const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">${shape}</svg>`;
	link.href = shape ? `data:image/svg+xml,${encodeURIComponent(drawing)}` : calm;
}

showState();
document.addEventListener("htmx:after:swap", showState);
