// How many alerts are open, beside their name in the navigation: it stands outside of what is swapped, and the footer
// brings its figure.
import { formatCount } from "../src/units.ts";

document.addEventListener("htmx:after:swap", () => {
	const count = document.querySelector("footer[data-alerts]")?.dataset.alerts;
	const badge = document.getElementById("nav-alerts");
	if (!badge || count === undefined) return;
	badge.hidden = count === "0";
	badge.firstElementChild.textContent = formatCount(Number(count));
});
