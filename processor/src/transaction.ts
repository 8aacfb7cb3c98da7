/** One batch, one transaction: everything, or nothing (DELIVERY rule 3). */
import type { DataKey } from "@sealgraph/platform/envelope.ts";
import type { IncomingRecord, MessageRecord } from "@sealgraph/platform/records.ts";
import { positionsAfter } from "./acknowledgements.ts";
import { connectionWaitMs, transactionTimeoutMs, type Database, type Transaction } from "./database.ts";
import { firstOfEach, idTaken } from "./dedupe.ts";
import { keyOf, marksAfter } from "./marks.ts";
import { numberFrames, type Entry } from "./number-frames.ts";
import { eventsOf, type KeyedEvent } from "./outgoing.ts";
import { advanceOffset } from "./partition-offsets.ts";
import { seenReceipts, storedReceipts, type Receipt } from "./receipts.ts";
import type { SealedMessage } from "./seal-batch.ts";
import * as statements from "./statements.ts";

export interface Batch {
  readonly topic: string;
  readonly partition: number;
  /** The first record's offset: the stored next offset must be it. */
  readonly expected: bigint;
  /** After the last record, readable or not. */
  readonly next: bigint;
  /** In order of the log. */
  readonly records: readonly IncomingRecord[];
  /** Messages that Postgres did not take before: only their senders are told. */
  readonly refused: readonly MessageRecord[];
  /** The data key and what was sealed under it; null without a message. Its row is committed already. */
  readonly sealed: { readonly dataKey: DataKey; readonly messages: ReadonlyMap<string, SealedMessage> } | null;
  /** RFC 3339 */
  readonly now: string;
}

export interface Stored {
  readonly events: readonly KeyedEvent[];
  /** Messages that were new, and frames that were numbered. */
  readonly messages: number;
  readonly frames: number;
}

/**
 * @param isRevoked by the copy of the device directory: a revoked device gets no more frames (DELIVERY rule 11).
 * @throws Fenced when another worker has the partition; what Prisma throws otherwise. Then nothing is stored.
 */
export async function storeBatch(
  database: Database,
  batch: Batch,
  isRevoked: (deviceId: string) => boolean,
): Promise<Stored> {
  const limits = { timeout: transactionTimeoutMs, maxWait: connectionWaitMs };
  return database.$transaction((transaction) => store(transaction, batch, isRevoked), limits);
}

async function store(transaction: Transaction, batch: Batch, isRevoked: (id: string) => boolean): Promise<Stored> {
  await advanceOffset(transaction, batch);

  const messages = batch.records.filter((record) => record.type === "message");
  const opened = batch.records.filter((record) => record.type === "conversation");
  await statements.openConversations(transaction, [...opened, ...messages.map(conversationOf)]);

  const { fresh, failed } = await dedupe(transaction, messages);
  const { positions, receipts } = await acknowledge(transaction, batch.records, isRevoked);

  const active = <T extends { deviceId: string }>(targets: readonly T[]) =>
    targets.filter(({ deviceId }) => !isRevoked(deviceId));
  const receiptEntry = ({ detail, targets }: Receipt): Entry => ({ kind: "receipt", detail, targets: active(targets) });
  const sendFailed = (message: MessageRecord, code: string): Entry => ({
    kind: "send_failed",
    detail: { messageId: message.id, contentHash: message.contentHash, code },
    conversationId: message.conversationId,
    targets: active([{ deviceId: message.senderDevice, userId: message.senderUser }]),
  });
  // Messages in the order of the log; then what is said about them.
  const entries: Entry[] = [
    ...fresh.map((message): Entry => ({ kind: "message", message, targets: active(recipientsOf(message)) })),
    ...storedReceipts(fresh, batch.now).map(receiptEntry),
    ...receipts.map(receiptEntry),
    ...failed.map((message) => sendFailed(message, "ID_TAKEN")),
    ...batch.refused.map((message) => sendFailed(message, "NOT_STORED")),
  ];

  const mailboxes = await statements.lockMailboxes(transaction, [
    ...entries.flatMap(({ targets }): readonly { deviceId: string; userId: string }[] => targets),
    ...positions,
  ]);
  const { numbered, heads } = numberFrames(entries, mailboxes);

  const sealed = batch.sealed?.messages ?? new Map<string, SealedMessage>();
  const dataKeyId = batch.sealed?.dataKey.id ?? null;
  if (dataKeyId !== null) await statements.insertMessages(transaction, fresh, sealed, dataKeyId);
  await statements.insertFrames(transaction, numbered, sealed, dataKeyId);
  await statements.updateHeads(transaction, heads);
  await statements.updateAcknowledged(transaction, positions);

  const frames = numbered.reduce((sum, { places }) => sum + places.length, 0);
  return { events: eventsOf(numbered, positions), messages: fresh.length, frames };
}

/** Which messages are new, and which fail because their id is another's (DELIVERY rule 1). */
async function dedupe(transaction: Transaction, messages: readonly MessageRecord[]) {
  const { first, later } = firstOfEach(messages);
  const free = await statements.takeMessageIds(transaction, first);
  const losers = [...first.filter(({ id }) => !free.has(id)), ...later];
  const hashes = await statements.contentHashesOf(transaction, [...new Set(losers.map(({ id }) => id))]);
  return { fresh: first.filter(({ id }) => free.has(id)), failed: idTaken(losers, hashes) };
}

/** Acknowledged positions, marks, and the receipts that the marks make (DELIVERY rules 6 and 9). */
async function acknowledge(
  transaction: Transaction,
  records: readonly IncomingRecord[],
  isRevoked: (deviceId: string) => boolean,
) {
  const acknowledgements = records.filter((record) => record.type === "acknowledge");
  const mailboxes = await statements.readMailboxes(transaction, [
    ...new Set(acknowledgements.map(({ deviceId }) => deviceId)),
  ]);
  const positions = positionsAfter(acknowledgements, mailboxes);
  const acknowledged = await statements.newlyAcknowledged(transaction, positions);

  const said = records
    .filter((record) => record.type === "mark_read")
    .flatMap(({ messageIds, userId, at }) => messageIds.map((messageId) => ({ messageId, userId, at })));
  // Of each (message, reader) the first in the log.
  const read = await statements.reallyReceived(transaction, [
    ...new Map(said.toReversed().map((one) => [keyOf(one), one])).values(),
  ]);

  // Most marks are new: inserted as they would be if none were there, then put right by those that were.
  const stored = await statements.addMarks(transaction, marksAfter(acknowledged, read, new Map()).marks);
  const after = marksAfter(acknowledged, read, stored);
  await statements.updateMarks(
    transaction,
    after.marks.filter((mark) => stored.has(keyOf(mark))),
  );

  const senders = [...after.delivered, ...after.read].map(({ senderUser }) => senderUser);
  const devices = await statements.devicesOfUsers(transaction, senders);
  const devicesOf = (userId: string) => (devices.get(userId) ?? []).filter((deviceId) => !isRevoked(deviceId));
  const receipts = [
    ...seenReceipts("DELIVERED", after.delivered, devicesOf),
    ...seenReceipts("READ", after.read, devicesOf),
  ];
  return { positions, receipts };
}

const conversationOf = (message: MessageRecord) => ({
  id: message.conversationId,
  members: message.recipients.map(({ userId }) => userId),
});

const recipientsOf = (message: MessageRecord) =>
  message.recipients.flatMap(({ userId, headers }) => headers.map((header) => ({ ...header, userId })));
