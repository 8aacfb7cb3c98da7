/**
 * When a device is silent (DELIVERY rule 6): when the oldest frame that it has not acknowledged has waited longer than
 * SILENT_DEVICE_DAYS, and it has acknowledged nothing all that time. Without such a frame it is never silent, however long
 * ago it was last heard of; while it catches up neither. Pure.
 */
import { isUuidV7, uuidV7TimeMs } from "@sealgraph/platform/ids.ts";

/** What the store knows about the oldest unacknowledged frame of one mailbox, and about the mailbox. */
export interface OldestUnacknowledged {
  /** Of a message. */
  readonly storedAt: Date | null;
  /** Of a receipt, RFC 3339. */
  readonly receiptAt: string | null;
  /** Of a failure, which says no time: the message that failed, a UUIDv7. */
  readonly failedMessageId: string | null;
  readonly acknowledgedAt: Date | null;
  readonly mailboxCreatedAt: Date;
}

const dayMs = 86_400_000;
/** A message is refused when its id is older (DELIVERY rule 1), so a failure is younger than its id's time plus this. */
const maxIdAgeMs = 30 * dayMs;

/** Milliseconds since the epoch: since when there has been something to acknowledge, and nothing was. */
export function waitingSinceMs(oldest: OldestUnacknowledged): number {
  return Math.max(frameMs(oldest), oldest.acknowledgedAt?.getTime() ?? 0);
}

/** A failure's time is bounded from above: late rather than early, as revoking is for good. */
function frameMs(oldest: OldestUnacknowledged): number {
  if (oldest.storedAt !== null) return oldest.storedAt.getTime();
  const receiptMs = Date.parse(oldest.receiptAt ?? "");
  if (!Number.isNaN(receiptMs)) return receiptMs;
  const heardOfMs = (oldest.acknowledgedAt ?? oldest.mailboxCreatedAt).getTime();
  const failedId = oldest.failedMessageId;
  return failedId !== null && isUuidV7(failedId) ? Math.max(heardOfMs, uuidV7TimeMs(failedId) + maxIdAgeMs) : heardOfMs;
}

export function isSilent(sinceMs: number, nowMs: number, silentDeviceDays: number): boolean {
  return nowMs - sinceMs > silentDeviceDays * dayMs;
}
