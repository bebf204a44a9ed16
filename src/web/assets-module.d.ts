// The virtual module that the build makes of public/ (scripts/assets.ts).
declare module "#assets" {
	export type Asset = {
		/** As it is called in public/: `app.css`, `icons/ok.svg`. */
		name: string;
		/** Where it is served: the name with a hash of its content. */
		path: string;
		/** The value of Content-Type. */
		type: string;
		hash: string;
		/** Whether `base64` holds gzip; where that saves nothing it holds the bytes as they are. */
		isGzipped: boolean;
		base64: string;
	};
	export const assets: Asset[];
}
