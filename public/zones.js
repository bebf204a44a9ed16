// "Server time" or "my time": offered where the browser's clock would show something else than the server's. At the foot
// of a page: it comes with what is loaded last.
const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
const halfYearMs = 182 * 86_400_000;

/** Whether two zones show the same at the moment and in the other half of the year. */
function areAlike(zone, other) {
	const read = (at, timeZone) => new Date(at).toLocaleString("sv", { timeZone });
	return [Date.now(), Date.now() - halfYearMs].every((at) => read(at, zone) === read(at, other));
}

function showZones() {
	const form = document.getElementById("zones");
	if (!form || !mine) return;
	try {
		if (form.hidden && areAlike(mine, form.dataset.serverZone)) return;
	} catch {
		// One of the two does not know the other's zone.
		return;
	}
	form.elements.zone[1].value = mine;
	form.hidden = false;
}

showZones();
// Each refresh brings the foot anew, from a server that does not know the browser's zone.
document.addEventListener("htmx:after:swap", showZones);
