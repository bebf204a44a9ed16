// Gives `bun run` and `bun test` the same `#assets` module as the compiled binary; nothing is built until it is imported.
import { plugin } from "bun";
import { readAssetsModule } from "./assets.ts";

plugin({
	name: "assets",
	setup(build) {
		build.module("#assets", () => ({ contents: readAssetsModule(), loader: "js" }));
	},
});
