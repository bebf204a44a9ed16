// The theme menu: set at once here, remembered by the server's cookie (the same form works without script).
const root = document.documentElement;

document.addEventListener("submit", (event) => {
	if (!event.target.matches("[data-theme-form]")) return;
	const theme = event.submitter?.value ?? "auto";
	if (theme === "auto") delete root.dataset.theme;
	else root.dataset.theme = theme;
	showTheme();
	const menu = event.target.closest("details");
	if (menu) menu.open = false;
	document.dispatchEvent(new CustomEvent("bm:theme"));
});

const themeIcons = { auto: "#i-auto", light: "#i-sun", dark: "#i-moon" };

function showTheme() {
	const theme = root.dataset.theme ?? "auto";
	for (const button of document.querySelectorAll("[data-theme-form] button")) {
		button.setAttribute("aria-pressed", String(button.value === theme));
	}
	document.querySelector("#theme summary use").setAttribute("href", themeIcons[theme]);
}
