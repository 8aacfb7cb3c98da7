/**
 * The periodic look at the heads of all subscribed mailboxes, one query for the whole replica (DELIVERY rule 4): covers
 * a notification that was lost, such as by a processor killed between commit and publish. It also gives readers time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@sealgraph/platform/log.ts";
import type { Metrics } from "../metrics.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import type { Subscribers } from "./subscribers.ts";

export interface HeadPollOptions {
  readonly subscribers: Subscribers;
  /** Rows of the mailboxes that exist. */
  readonly read: (deviceIds: readonly string[]) => Promise<readonly MailboxRow[]>;
  readonly everyMs: number;
  readonly metrics: Metrics;
  readonly log: Log;
}

export function startHeadPoll({ subscribers, read, everyMs, metrics, log }: HeadPollOptions) {
  const stopping = new AbortController();

  const look = async () => {
    const devices = subscribers.devices();
    if (devices.length === 0) return;
    for (const { deviceId, epoch, head, acknowledged } of await read(devices))
      for (const subscriber of subscribers.of(deviceId)) subscriber.handle({ type: "head", epoch, head, acknowledged });
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        await sleep(everyMs, undefined, { signal: stopping.signal });
      } catch {
        return;
      }
      try {
        await look();
      } catch (error) {
        // Streams go on: live frames still come, and the next look is soon.
        metrics.headPollFailures.inc();
        log.warn({ error: String(error) }, "could not look at the heads");
      }
      const nowMs = Date.now();
      for (const subscriber of subscribers.all()) subscriber.handle({ type: "tick", nowMs });
    }
  };

  const running = run();
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
