/**
 * One mailbox, one sequence (DELIVERY rule 2): here a frame gets its number. Pure; the caller holds the locks of all
 * mailboxes given, so that order of numbers is order of commits.
 */
import type { MessageRecord, ReceiptDetail, SendFailedDetail } from "@sealgraph/platform/records.ts";
import type { Target } from "./receipts.ts";

/** What becomes a frame in each of its targets' mailboxes. */
export type Entry =
  | {
      readonly kind: "message";
      readonly message: MessageRecord;
      readonly targets: readonly (Target & { header: string })[];
    }
  | { readonly kind: "receipt"; readonly detail: ReceiptDetail; readonly targets: readonly Target[] }
  | {
      readonly kind: "send_failed";
      readonly detail: SendFailedDetail;
      readonly conversationId: string;
      readonly targets: readonly Target[];
    };

export interface Place {
  readonly deviceId: string;
  readonly epoch: number;
  readonly seq: bigint;
}

/** An entry with one place per target, in the same order. */
export interface Numbered<E extends Entry = Entry> {
  readonly entry: E;
  readonly places: readonly Place[];
}

/**
 * Numbers go up by one, without a gap, in the order of the entries.
 * @param mailboxes every target's, with the last number given so far.
 * @returns the numbered entries, and the new last number of each mailbox that got frames.
 */
export function numberFrames(
  entries: readonly Entry[],
  mailboxes: ReadonlyMap<string, { readonly epoch: number; readonly head: bigint }>,
): { numbered: Numbered[]; heads: Map<string, bigint> } {
  const heads = new Map<string, bigint>();
  const numbered = entries.map((entry) => ({
    entry,
    places: entry.targets.map(({ deviceId }): Place => {
      const mailbox = mailboxes.get(deviceId);
      if (mailbox === undefined) throw new Error(`mailbox ${deviceId} is not locked`);
      const seq = (heads.get(deviceId) ?? mailbox.head) + 1n;
      heads.set(deviceId, seq);
      return { deviceId, epoch: mailbox.epoch, seq };
    }),
  }));
  return { numbered, heads };
}
