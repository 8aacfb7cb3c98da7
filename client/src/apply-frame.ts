/** What a frame changes in the store, in one transaction with the cursor after it. */
import type { InboxEvent } from "./events.ts";
import { isBefore } from "./message-status.ts";
import { openMessage, type Frame, type MessageFrame, type OpenMessageOptions } from "./open-message.ts";
import { markFailed } from "./outbox.ts";
import type { RefusedMessage, StoreTransaction } from "./store/store.ts";
import { SuiteError } from "./suites/errors.ts";
import type { KeyedTurns } from "./turns.ts";

export type SequencedFrame = Extract<Frame, { seq: number; type: "MessageFrame" | "ReceiptFrame" | "SendFailedFrame" }>;

export interface ApplyOptions extends OpenMessageOptions {
  suiteTurns: KeyedTurns;
}

/** @returns what there is to tell; undefined when there is nothing. */
export function applyFrame(options: ApplyOptions, frame: SequencedFrame): Promise<InboxEvent | undefined> {
  switch (frame.type) {
    case "MessageFrame":
      return options.suiteTurns.take(frame.message.conversationId, () => applyMessage(options, frame));
    case "ReceiptFrame":
      return applyReceipt(options, frame);
    case "SendFailedFrame":
      return applySendFailed(options, frame);
  }
}

async function applyMessage(options: ApplyOptions, frame: MessageFrame): Promise<InboxEvent | undefined> {
  try {
    const { message, conversation, digest, repeated } = await openMessage(options, frame);
    await options.store.transaction(async (tx) => {
      if (!repeated) {
        await tx.putMessage(message);
        await tx.putSeen(message.id, digest);
        await tx.putConversation(conversation);
      }
      await putPosition(tx, frame);
    });
    return repeated ? undefined : { type: "message", message, seq: frame.seq };
  } catch (error) {
    if (!(error instanceof SuiteError)) throw error;
    const refused = refusedMessage(frame, error);
    await options.store.transaction(async (tx) => {
      await tx.putRefused(refused);
      await putPosition(tx, frame);
    });
    return { type: "refused", refused };
  }
}

function refusedMessage({ message, header, seq }: MessageFrame, error: SuiteError): RefusedMessage {
  return {
    messageId: message.id,
    conversationId: message.conversationId,
    senderUser: message.sender.id,
    senderDevice: message.senderDevice.id,
    suite: message.suite,
    body: message.body,
    header,
    seq,
    code: error.code,
    reason: error.message,
    refusedAt: new Date().toISOString(),
  };
}

const statusOf = { STORED: "stored", DELIVERED: "delivered", READ: "read" } as const;

async function applyReceipt(
  { store }: ApplyOptions,
  frame: Extract<SequencedFrame, { type: "ReceiptFrame" }>,
): Promise<InboxEvent> {
  const status = statusOf[frame.kind];
  await store.transaction(async (tx) => {
    for (const id of frame.messageIds) {
      const message = await tx.message(id);
      if (message !== undefined && isBefore(message.status, status)) {
        const { failure: _over, ...rest } = message;
        await tx.putMessage({ ...rest, status });
      }
      // Stored, so accepted: the answer to sendMessage may have been lost.
      await tx.removeOutbox(id);
    }
    await putPosition(tx, frame);
  });
  const { conversationId, messageIds, at } = frame;
  return { type: status, conversationId, messageIds, at, byUser: frame.byUser.id };
}

async function applySendFailed(
  { store }: ApplyOptions,
  frame: Extract<SequencedFrame, { type: "SendFailedFrame" }>,
): Promise<InboxEvent | undefined> {
  return store.transaction(async (tx) => {
    const message = await tx.message(frame.messageId);
    // The hash says which input failed: one that was replaced before is nobody's concern.
    const ours = message === undefined || message.contentHash === frame.contentHash;
    const failed = ours && (await markFailed(tx, frame.messageId, frame.code));
    await putPosition(tx, frame);
    return failed ? { type: "sendFailed", messageId: frame.messageId, code: frame.code } : undefined;
  });
}

function putPosition(tx: StoreTransaction, { cursor, seq }: SequencedFrame): Promise<void> {
  return tx.putPosition({ cursor, seq });
}
