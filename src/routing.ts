// Who is told what: a channel's filters against an alert, and who hears of its end.
import { type AlertEventName, compareSeverities } from "./alert.ts";
import type { AlertEvent } from "./message.ts";
import type { ChannelSettings } from "./settings.ts";

export type Routed = Pick<AlertEvent, "kind" | "key" | "severity" | "job">;

/**
 * Whether a channel wants such an alert. One that is limited to jobs or labels hears nothing of the monitor itself. That a
 * channel is broken is not sent to that channel.
 */
export function routesTo(channel: ChannelSettings, { kind, key, severity, job }: Routed): boolean {
	if (compareSeverities(severity, channel.minSeverity) < 0) return false;
	if (kind === "channel_broken" && key === channel.name) return false;
	const labels = Object.entries(channel.labels);
	if (job === null) return channel.jobs.length === 0 && labels.length === 0;
	if (channel.jobs.length > 0 && !channel.jobs.includes(job.name) && !channel.jobs.includes(job.slug)) return false;
	return labels.every(([name, value]) => Object.hasOwn(job.labels, name) && job.labels[name] === value);
}

/**
 * The deliveries that an event makes. `told` names the channels that were told of the alert, or are about to be: only they
 * hear that it is over. One that an escalation reaches for the first time is told of an opening; it knows of nothing that
 * became worse. A reminder goes to all whom the alert concerns now, for the same reason.
 */
export function recipientsOf(
	event: Routed & { event: AlertEventName },
	channels: readonly ChannelSettings[],
	told: readonly string[],
): { channel: string; event: AlertEventName }[] {
	const isTold = (channel: ChannelSettings) => told.includes(channel.name);
	if (event.event === "resolved") {
		return channels.filter(isTold).map(({ name }) => ({ channel: name, event: "resolved" }));
	}
	return channels
		.filter((channel) => routesTo(channel, event))
		.map((channel) => ({ channel: channel.name, event: isTold(channel) ? event.event : "opened" }));
}
