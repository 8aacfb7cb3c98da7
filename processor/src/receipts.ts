/** Who is told what about which messages (DELIVERY rule 9). Pure. */
import type { MessageRecord, ReceiptDetail, ReceiptKind } from "@sealgraph/platform/records.ts";

/** A device and whose it is. */
export interface Target {
  readonly deviceId: string;
  readonly userId: string;
}

export interface Receipt {
  readonly detail: ReceiptDetail;
  readonly targets: readonly Target[];
}

/** A message that a user may have received or read. */
export interface Seen {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderUser: string;
  /** The reader. */
  readonly userId: string;
  /** RFC 3339 */
  readonly at: string;
}

/** More ids than this in one receipt are told in several, so that a frame stays small. */
export const maxReceiptIds = 1_000;

/** STORED goes to the sending device alone: it is how that device learns the message's place. */
export function storedReceipts(messages: readonly MessageRecord[], at: string): Receipt[] {
  const groups = Map.groupBy(
    messages,
    (message) => `${message.conversationId} ${message.senderUser} ${message.senderDevice}`,
  );
  return [...groups.values()].flatMap((group) => {
    const { conversationId, senderUser, senderDevice } = group[0] as MessageRecord;
    const ids = group.map(({ id }) => id);
    return receipts("STORED", conversationId, senderUser, ids, at, [{ deviceId: senderDevice, userId: senderUser }]);
  });
}

/**
 * DELIVERED and READ go to every device of the message's sender, one receipt per (conversation, reader, kind).
 * @param devicesOf the mailboxes of a user that may still get frames.
 */
export function seenReceipts(
  kind: "DELIVERED" | "READ",
  seen: readonly Seen[],
  devicesOf: (userId: string) => readonly string[],
): Receipt[] {
  const groups = Map.groupBy(
    seen,
    ({ conversationId, userId, senderUser }) => `${conversationId} ${userId} ${senderUser}`,
  );
  return [...groups.values()].flatMap((group) => {
    const { conversationId, userId, senderUser } = group[0] as Seen;
    const targets = devicesOf(senderUser).map((deviceId) => ({ deviceId, userId: senderUser }));
    if (targets.length === 0) return [];
    const at = group.map((one) => one.at).reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a));
    const ids = group.map(({ messageId }) => messageId);
    return receipts(kind, conversationId, userId, ids, at, targets);
  });
}

function receipts(
  kind: ReceiptKind,
  conversationId: string,
  byUser: string,
  messageIds: string[],
  at: string,
  targets: Target[],
): Receipt[] {
  const parts: Receipt[] = [];
  for (let start = 0; start < messageIds.length; start += maxReceiptIds) {
    const detail = { kind, conversationId, messageIds: messageIds.slice(start, start + maxReceiptIds), byUser, at };
    parts.push({ detail, targets });
  }
  return parts;
}
