/** Opens what the processor sealed: bodies and headers, each bound to its message (ARCHITECTURE, "KMS envelope"). */
import type { Opener } from "@sealgraph/platform/envelope.ts";
import type { StoredMessage } from "../inbox/frame.ts";

/** A message with its data key; null throughout where a left join found none. */
export interface SealedMessageRow {
  id: string | null;
  conversation_id: string;
  sender_user: string;
  sender_device: string;
  suite: string;
  sealed_body: Uint8Array;
  accepted_at: Date;
  body_key_id: string;
  body_wrapped_key: Uint8Array;
}

function sealContext(row: SealedMessageRow, dataKeyId: string) {
  return {
    messageId: row.id ?? "",
    conversationId: row.conversation_id,
    senderDevice: row.sender_device,
    dataKeyId,
    format: 1 as const,
  };
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws DomainError KMS_UNAVAILABLE */
export async function openBody(row: SealedMessageRow, opener: Opener): Promise<StoredMessage> {
  const dataKey = { dataKeyId: row.body_key_id, wrapped: buffer(row.body_wrapped_key) };
  const body = await opener.open(dataKey, buffer(row.sealed_body), sealContext(row, row.body_key_id));
  return {
    id: row.id ?? "",
    conversationId: row.conversation_id,
    senderUser: row.sender_user,
    senderDevice: row.sender_device,
    suite: row.suite,
    body: body.toString("base64url"),
    acceptedAt: row.accepted_at.toISOString(),
  };
}

export interface SealedHeader {
  sealed: Uint8Array;
  dataKeyId: string;
  wrapped: Uint8Array;
  /** Whose header it is. */
  deviceId: string;
}

/** @throws DomainError KMS_UNAVAILABLE */
export async function openHeader(row: SealedMessageRow, header: SealedHeader, opener: Opener): Promise<string> {
  const { sealed, dataKeyId, wrapped, deviceId } = header;
  const context = { ...sealContext(row, dataKeyId), recipientDevice: deviceId };
  const opened = await opener.open({ dataKeyId, wrapped: buffer(wrapped) }, buffer(sealed), context);
  return opened.toString("base64url");
}
