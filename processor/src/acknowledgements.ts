/** Acknowledgements: cumulative, idempotent, of the mailbox's own epoch, never past its head (DELIVERY rules 5 and 6). Pure. */
import type { AcknowledgeRecord } from "@sealgraph/platform/records.ts";

export interface MailboxState {
  readonly deviceId: string;
  readonly userId: string;
  readonly epoch: number;
  readonly head: bigint;
  readonly acknowledged: bigint;
}

/** Where a device's acknowledged position is after the batch. from = to: it was there already. */
export interface AcknowledgedPosition {
  readonly deviceId: string;
  readonly userId: string;
  readonly epoch: number;
  /** Everything up to here was acknowledged before. */
  readonly from: bigint;
  readonly to: bigint;
  /** RFC 3339: when the device said so. */
  readonly at: string;
}

/**
 * One position per device that sent an acknowledgement which counts. What doesn't count (another's device, an older or
 * newer epoch, past the head) is left out, not clamped: it says nothing about this mailbox.
 */
export function positionsAfter(
  acknowledgements: readonly AcknowledgeRecord[],
  mailboxes: ReadonlyMap<string, MailboxState>,
): AcknowledgedPosition[] {
  const positions = new Map<string, AcknowledgedPosition>();
  for (const { deviceId, userId, epoch, seq, at } of acknowledgements) {
    const mailbox = mailboxes.get(deviceId);
    if (mailbox === undefined || mailbox.userId !== userId || mailbox.epoch !== epoch) continue;
    const said = BigInt(seq);
    if (said > mailbox.head) continue;
    const from = mailbox.acknowledged;
    const before = positions.get(deviceId);
    const to = [from, before?.to ?? from, said].reduce((a, b) => (a > b ? a : b));
    positions.set(deviceId, {
      deviceId,
      userId,
      epoch,
      from,
      to,
      at: before !== undefined && to === before.to ? before.at : at,
    });
  }
  return [...positions.values()];
}
