// Which build this is; the values are put in at build time (scripts/build.ts).

declare const BUILD_VERSION: string;
declare const BUILD_COMMIT: string;

export const version: string = typeof BUILD_VERSION === "undefined" ? "0.0.0-dev" : BUILD_VERSION;

/** Short hash of the commit, with `-dirty` where the tree held more than that. */
export const commit: string = typeof BUILD_COMMIT === "undefined" ? "unknown" : BUILD_COMMIT;
