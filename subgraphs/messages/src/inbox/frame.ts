/** A mailbox's entries as they pass through this service: opened, and not yet for GraphQL. */
import type { ReceiptDetail, SendFailedDetail } from "@sealgraph/platform/records.ts";
import type { Cursors } from "../cursor.ts";
import type { InboxFrame, Message } from "../generated/schema.ts";
import type { Output, Sequenced } from "./mailbox-reader.ts";

/** What the server knows of a message. */
export interface StoredMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly senderUser: string;
  readonly senderDevice: string;
  readonly suite: string;
  /** base64url, as the sender gave it. */
  readonly body: string;
  /** RFC 3339. */
  readonly acceptedAt: string;
}

export type FrameContent =
  | { readonly kind: "message"; readonly header: string; readonly message: StoredMessage }
  | { readonly kind: "receipt"; readonly detail: ReceiptDetail }
  | { readonly kind: "send_failed"; readonly detail: SendFailedDetail };

export type Frame = Sequenced & FrameContent;

/** Bytes of a frame beside its body, header and listed ids, about. */
const frameOverheadBytes = 512;
const listedIdBytes = 40;

export function weigh(content: FrameContent): number {
  switch (content.kind) {
    case "message":
      return frameOverheadBytes + content.header.length + content.message.body.length;
    case "receipt":
      return frameOverheadBytes + content.detail.messageIds.length * listedIdBytes;
    case "send_failed":
      return frameOverheadBytes;
  }
}

export function presentMessage(message: StoredMessage): Message & { __typename: "Message" } {
  const { id, conversationId, senderUser, senderDevice, suite, body, acceptedAt } = message;
  return {
    __typename: "Message",
    id,
    conversationId,
    sender: { id: senderUser },
    senderDevice: { id: senderDevice },
    suite,
    body,
    acceptedAt,
  };
}

/** What the reader sends, as the subscriber gets it. */
export function presentOutput(output: Output<Frame>, deviceId: string, cursors: Cursors): InboxFrame {
  const cursor = cursors.encode(deviceId, output.place);
  const { seq } = output.place;
  switch (output.type) {
    case "caught_up":
      return { __typename: "CaughtUp", cursor, seq };
    case "reset":
      return { __typename: "CursorReset", cursor, reason: output.reason };
    case "lagged":
      return { __typename: "Lagged", resumeAfter: cursor };
    case "frame":
      return presentFrame(output.frame, cursor);
  }
}

function presentFrame(frame: Frame, cursor: string): InboxFrame {
  const { seq } = frame;
  switch (frame.kind) {
    case "message":
      return { __typename: "MessageFrame", cursor, seq, header: frame.header, message: presentMessage(frame.message) };
    case "receipt": {
      const { kind, conversationId, messageIds, byUser, at } = frame.detail;
      return { __typename: "ReceiptFrame", cursor, seq, kind, conversationId, messageIds, byUser: { id: byUser }, at };
    }
    case "send_failed": {
      const { messageId, contentHash, code } = frame.detail;
      return { __typename: "SendFailedFrame", cursor, seq, messageId, contentHash, code };
    }
  }
}
