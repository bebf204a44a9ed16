// Reports that call themselves a success beside something that is none: the worse of the two is believed.
import { expect, test } from "bun:test";
import { toolNamed } from "../../src/tools/registry.ts";
import { capturesOf } from "./captured.ts";

const base = { stderr: "", exit: null, signal: null, receivedAt: Date.UTC(2026, 10, 23, 3), zone: "UTC" };

function readAs(tool: string, stdout: string) {
	const read = toolNamed(tool)?.read({ ...base, stdout });
	return read?.runs[0]?.outcome;
}

test("a Duplicati success with files that it could not read, a partial or an interrupted one", () => {
	const body = capturesOf("duplicati").find(({ name }) => name === "json-success")?.requests[0]?.body ?? "";
	const report = JSON.parse(body);
	const withData = (data: object) =>
		readAs("duplicati", JSON.stringify({ ...report, Data: { ...report.Data, ...data } }));
	expect(withData({})).toBe("success");
	expect(withData({ FilesWithError: 2 })).toBe("warning");
	expect(withData({ ErrorsActualLength: 1 })).toBe("warning");
	expect(withData({ PartialBackup: true })).toBe("warning");
	expect(withData({ Interrupted: true })).toBe("failure");
	expect(withData({ ParsedResult: "Warning", ExaminedFiles: 0 })).toBe("failure");
	expect(withData({ ParsedResult: "Unknown" })).toBe("failure");
	expect(readAs("duplicati", JSON.stringify({ ...report, Exception: "System.IO.IOException: Disk full" }))).toBe(
		"failure",
	);
});

test("a Kopia manifest whose two counts of errors differ, or that is incomplete", () => {
	const manifest = JSON.parse(capturesOf("kopia")[0]?.output.stdout ?? "");
	const changed = (summ: object, stats: object, more: object = {}) =>
		readAs(
			"kopia",
			JSON.stringify({
				...manifest,
				...more,
				stats: { ...manifest.stats, ...stats },
				rootEntry: { ...manifest.rootEntry, summ: { ...manifest.rootEntry.summ, ...summ } },
			}),
		);
	expect(changed({}, {})).toBe("success");
	expect(changed({ numFailed: 0 }, { errorCount: 3 })).toBe("failure");
	expect(changed({ numFailed: 3 }, { errorCount: 0 })).toBe("failure");
	expect(changed({ numIgnoredErrors: 0 }, { ignoredErrorCount: 1 })).toBe("warning");
	expect(changed({}, {}, { incomplete: "canceled" })).toBe("failure");
});

test("a Proxmox success with an error in its log, or with one guest that is not ok", () => {
	const body = JSON.parse(capturesOf("proxmox").find(({ name }) => name.includes("vzdump"))?.requests[0]?.body ?? "");
	const withText = (change: (text: string) => string) =>
		readAs("proxmox", JSON.stringify({ ...body, message: change(body.message) }));
	expect(withText((text) => text)).toBe("success");
	expect(withText((text) => `${text}\n100: 2026-11-23 02:00:03 ERROR: sync failed\n`)).toBe("warning");
	expect(withText((text) => text.replace(/ ok /, " err "))).toBe("failure");
	expect(readAs("proxmox", JSON.stringify({ ...body, severity: "error" }))).toBe("failure");
});
