// "Server time" or "my time": offered where the browser's clock would show something else than the server's. At the foot
// of a page: it comes with what is loaded last.
const halfYearMs = 182 * 86_400_000;
let mine;
/** Of which zone of the server it is known whether this browser shows the same. */
let compared = { zone: "", isAlike: true };

/** Whether two zones show the same at the moment and in the other half of the year. */
function areAlike(zone, other) {
	const clocks = [zone, other].map(
		(timeZone) => new Intl.DateTimeFormat("en", { timeZone, dateStyle: "short", timeStyle: "short" }),
	);
	return [Date.now(), Date.now() - halfYearMs].every((at) => clocks[0].format(at) === clocks[1].format(at));
}

function isAlike(zone) {
	if (compared.zone === zone) return compared.isAlike;
	mine ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
	compared = { zone, isAlike: true };
	try {
		compared.isAlike = !mine || mine === zone || areAlike(mine, zone);
	} catch {
		// One of the two does not know the other's zone: there is nothing to choose.
	}
	return compared.isAlike;
}

function showZones() {
	const form = document.getElementById("zones");
	if (!form || (isAlike(form.dataset.serverZone) && form.hidden)) return;
	if (mine) form.elements.zone[1].value = mine;
	form.hidden = false;
}

// What is known of all zones is loaded with the first question: that has time.
if ("requestIdleCallback" in window) requestIdleCallback(showZones, { timeout: 2000 });
else setTimeout(showZones, 200);
// Each refresh brings the foot anew, from a server that does not know the browser's zone.
document.addEventListener("htmx:after:swap", showZones);
