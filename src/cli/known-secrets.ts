// Commands that print what was stored know the monitor's secrets first, as far as this user may read them.
import { channelsOf } from "../alerts/channel-list.ts";
import type { Config } from "../config.ts";
import { registerPartsOf, registerSecret } from "../secrets.ts";
import type { Settings } from "../settings.ts";
import { checkAccess } from "../web/access.ts";
import { checkTokens, hasTokens } from "../web/tokens.ts";

/** What cannot be read, or is wrong, is not this command's matter: `check` says it. */
export function knowSecrets(config: Config, settings: Settings): void {
	registerSecret(config.heartbeatUrl);
	registerPartsOf(config.heartbeatUrl ?? "");
	channelsOf(config, settings);
	for (const read of [checkTokens, checkAccess, hasTokens]) {
		try {
			read(config);
		} catch {
			// Another user's file.
		}
	}
}
