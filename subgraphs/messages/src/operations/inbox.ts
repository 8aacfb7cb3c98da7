/** The subscription: one device's mailbox, replayed and then live (DELIVERY rules 4, 5, 7 and 11). */
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { Caller } from "@sealgraph/platform/tokens.ts";
import type { SubscriptionInboxArgs } from "../generated/schema.ts";
import { presentOutput, type Frame } from "../inbox/frame.ts";
import { InboxStream } from "../inbox/inbox-stream.ts";
import { MailboxReader, type Output } from "../inbox/mailbox-reader.ts";
import { directoryWaitMs, requireOwnDevice, requireOwnDeviceNow } from "../own-device.ts";
import type { Services } from "../services.ts";
import { readFrames } from "../store/frames.ts";
import { requireUuid } from "../uuid.ts";

type InboxServices = Pick<
  Services,
  "config" | "directory" | "cursors" | "mailboxes" | "store" | "opener" | "subscribers" | "metrics" | "log"
>;

export function createInbox(services: InboxServices) {
  const { config, directory, cursors, mailboxes, store, opener, subscribers, metrics, log } = services;

  const authorize = async (userId: string, { deviceId, devicesVersion, session }: SubscriptionInboxArgs) => {
    requireUuid("deviceId", deviceId);
    if (session !== null && session !== undefined) requireUuid("session", session);
    const named = devicesVersion ?? 0;
    if (named < 0) throw new DomainError("BAD_USER_INPUT", "devicesVersion: must not be negative");
    await requireOwnDevice(directory, userId, deviceId);
    const known = await directory.waitFor(userId, (user) => (user?.devicesVersion ?? 0) >= named, directoryWaitMs);
    if (!known) throw new DomainError("DIRECTORY_BEHIND");
  };

  const present = (deviceId: string) => (output: Output<Frame>) => {
    if (output.type === "frame") metrics.frames.inc({ source: output.source });
    if (output.type === "reset") metrics.resets.inc({ reason: output.reason });
    if (output.type === "lagged") metrics.lagged.inc();
    return presentOutput(output, deviceId, cursors);
  };

  /**
   * Nothing happens before the first next(); what refuses the subscription is thrown there.
   * @throws DomainError (from next) BAD_USER_INPUT, NOT_READY, DEVICE_FORBIDDEN, DEVICE_REVOKED, DEVICE_UNKNOWN,
   * DIRECTORY_BEHIND; later TOKEN_EXPIRED, DEVICE_REVOKED, STORE_UNAVAILABLE, KMS_UNAVAILABLE.
   */
  return (caller: Caller, args: SubscriptionInboxArgs): InboxStream => {
    const { userId } = caller;
    const { deviceId, after } = args;
    const start = after === null || after === undefined ? null : cursors.decode(after, deviceId);
    return new InboxStream({
      deviceId,
      reader: new MailboxReader(start, config.reader),
      subscribers,
      authorize: () => authorize(userId, args),
      authorizeNow: () => requireOwnDeviceNow(directory, userId, deviceId),
      look: () => mailboxes.find(deviceId),
      read: (from, upTo) => {
        metrics.pages.inc();
        return readFrames(store, opener, { deviceId, after: from, upTo }, config.page);
      },
      present: present(deviceId),
      expiresAtMs: caller.expiresAt * 1_000,
      onFault: (error) =>
        log.error(
          { deviceId, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
          "inbox",
        ),
    });
  };
}
