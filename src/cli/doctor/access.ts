// Who may come in: whether a login is on, and whether the server would start with what was said of it.
import { asksForLogin, loginWords, refuseOpenDoor } from "../../access-config.ts";
import type { Config } from "../../config.ts";
import { messageOf } from "../../errors.ts";
import { checkTokens } from "../../web/tokens.ts";
import { bad, type Finding, good } from "./finding.ts";

export async function lookAtAccess(config: Config): Promise<Finding> {
	try {
		refuseOpenDoor(process.env);
		checkTokens(config);
		if (!asksForLogin(config)) {
			return good(`login not set: whoever reaches port ${config.port} may read, and press buttons`);
		}
		const { checkAccess } = await import("../../web/access.ts");
		checkAccess(config);
		return good(`login ${loginWords(config)}`);
	} catch (error) {
		return bad(messageOf(error), "the server does not start until this is mended");
	}
}
