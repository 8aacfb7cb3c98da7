/**
 * What travels on the topics, as JSON. Every value names its version; a reader refuses one it doesn't know.
 * Bytes are base64url without padding, times RFC 3339 in UTC, offsets and sequence numbers safe integers.
 */
import { z } from "zod";

const uuid = z.uuid();
const base64url = z.base64url();
const timestamp = z.iso.datetime();
const seq = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const version = z.literal(1);

/** A message that was accepted (DELIVERY rule 1). Key: conversation id. */
export const MessageRecord = z.object({
  v: version,
  type: z.literal("message"),
  id: uuid,
  /** SHA-256 of the canonical input (RFC 8785). */
  contentHash: base64url,
  conversationId: uuid,
  senderUser: uuid,
  senderDevice: uuid,
  suite: z.string(),
  body: base64url,
  acceptedAt: timestamp,
  recipients: z.array(
    z.object({
      userId: uuid,
      devicesVersion: z.number().int().nonnegative(),
      headers: z.array(z.object({ deviceId: uuid, header: base64url })),
    }),
  ),
});
export type MessageRecord = z.infer<typeof MessageRecord>;

/** A device has stored everything up to seq. Key: device id. */
export const AcknowledgeRecord = z.object({
  v: version,
  type: z.literal("acknowledge"),
  userId: uuid,
  deviceId: uuid,
  epoch: z.number().int().positive(),
  seq: z.number().int().nonnegative(),
  at: timestamp,
});
export type AcknowledgeRecord = z.infer<typeof AcknowledgeRecord>;

/** A user has read these messages. Key: device id. */
export const MarkReadRecord = z.object({
  v: version,
  type: z.literal("mark_read"),
  userId: uuid,
  deviceId: uuid,
  messageIds: z.array(uuid).min(1).max(500),
  at: timestamp,
});
export type MarkReadRecord = z.infer<typeof MarkReadRecord>;

/** A conversation was opened. Key: conversation id. */
export const ConversationRecord = z.object({
  v: version,
  type: z.literal("conversation"),
  id: uuid,
  members: z.array(uuid).min(1).max(2),
  at: timestamp,
});
export type ConversationRecord = z.infer<typeof ConversationRecord>;

export const IncomingRecord = z.discriminatedUnion("type", [
  MessageRecord,
  AcknowledgeRecord,
  MarkReadRecord,
  ConversationRecord,
]);
export type IncomingRecord = z.infer<typeof IncomingRecord>;

/** A place in a mailbox. */
const Place = z.object({ deviceId: uuid, epoch: z.number().int().positive(), seq });

export const ReceiptKind = z.enum(["STORED", "DELIVERED", "READ"]);
export type ReceiptKind = z.infer<typeof ReceiptKind>;

/** What a receipt frame says; stored in frames.detail as it is. */
export const ReceiptDetail = z.object({
  kind: ReceiptKind,
  conversationId: uuid,
  messageIds: z.array(uuid),
  byUser: uuid,
  at: timestamp,
});
export type ReceiptDetail = z.infer<typeof ReceiptDetail>;

/** What a failure frame says; stored in frames.detail as it is. */
export const SendFailedDetail = z.object({ messageId: uuid, contentHash: base64url, code: z.string() });
export type SendFailedDetail = z.infer<typeof SendFailedDetail>;

/** A stored message: the body once, and where it stands in each mailbox. Key: conversation id. */
export const MessageEvent = z.object({
  v: version,
  type: z.literal("message"),
  id: uuid,
  conversationId: uuid,
  senderUser: uuid,
  senderDevice: uuid,
  suite: z.string(),
  body: base64url,
  acceptedAt: timestamp,
  places: z.array(Place.extend({ header: base64url })),
});
export type MessageEvent = z.infer<typeof MessageEvent>;

/** Key: conversation id. */
export const ReceiptEvent = z.object({
  v: version,
  type: z.literal("receipt"),
  detail: ReceiptDetail,
  places: z.array(Place),
});
export type ReceiptEvent = z.infer<typeof ReceiptEvent>;

/** Key: conversation id. */
export const SendFailedEvent = z.object({
  v: version,
  type: z.literal("send_failed"),
  detail: SendFailedDetail,
  places: z.array(Place),
});
export type SendFailedEvent = z.infer<typeof SendFailedEvent>;

/** A mailbox's acknowledged position moved. Key: device id. */
export const AcknowledgedEvent = z.object({
  v: version,
  type: z.literal("acknowledged"),
  deviceId: uuid,
  epoch: z.number().int().positive(),
  seq: z.number().int().nonnegative(),
});
export type AcknowledgedEvent = z.infer<typeof AcknowledgedEvent>;

export const OutgoingRecord = z.discriminatedUnion("type", [
  MessageEvent,
  ReceiptEvent,
  SendFailedEvent,
  AcknowledgedEvent,
]);
export type OutgoingRecord = z.infer<typeof OutgoingRecord>;

/** A user's active devices. Key: user id. A reader keeps the newest version it has seen. */
export const DirectoryEntry = z.object({
  v: version,
  type: z.literal("directory"),
  userId: uuid,
  devicesVersion: z.number().int().nonnegative(),
  devices: z.array(z.object({ id: uuid })),
  /** Ids of the user's revoked devices, so that a reader can tell revoked from unknown. */
  revoked: z.array(uuid),
});
export type DirectoryEntry = z.infer<typeof DirectoryEntry>;

/** Says that the relay lives: a copy that heard none for 10 s is not ready. Key: heartbeat. */
export const DirectoryHeartbeat = z.object({ v: version, type: z.literal("heartbeat"), at: timestamp });

export const DirectoryRecord = z.discriminatedUnion("type", [DirectoryEntry, DirectoryHeartbeat]);
export type DirectoryRecord = z.infer<typeof DirectoryRecord>;

/** A record that can never be stored, as it was, with the reason (DELIVERY rule 8). Key: the record's own. */
export const DeadLetter = z.object({
  v: version,
  type: z.literal("dead_letter"),
  topic: z.string(),
  partition: z.number().int(),
  offset: z.string(),
  timestamp: z.string(),
  /** Null when the record had none. */
  key: base64url.nullable(),
  value: base64url.nullable(),
  code: z.string(),
  reason: z.string(),
  at: timestamp,
});
export type DeadLetter = z.infer<typeof DeadLetter>;
