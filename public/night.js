// The timeline of the night, drawn larger: what happened first is brought into sight.
const before = 24;

// "toggle" does not bubble.
document.addEventListener(
	"toggle",
	({ target }) => {
		if (target.id !== "night-zoom" || !target.open) return;
		const frame = document.querySelector(".night-scroll");
		const marks = frame.querySelectorAll("[data-mark]:not([data-mark='overdue']) rect");
		const lefts = [...marks].map((mark) => mark.getBoundingClientRect().left);
		if (lefts.length > 0) frame.scrollLeft += Math.min(...lefts) - frame.getBoundingClientRect().left - before;
	},
	true,
);
