// Buttons that copy what stands beside them.
document.addEventListener("click", (event) => {
	const button = event.target.closest("[data-copy]");
	if (button) copy(button);
});

async function copy(button) {
	const code = button.parentElement.querySelector("code");
	const label = button.querySelector("span");
	try {
		await navigator.clipboard.writeText(code.textContent);
		label.textContent = "Copied";
	} catch {
		// On plain http, as in most home networks, there is no clipboard for scripts: the text is selected instead.
		getSelection().selectAllChildren(code);
		label.textContent = "Press Ctrl+C";
	}
	setTimeout(() => {
		label.textContent = "Copy";
	}, 2500);
}
