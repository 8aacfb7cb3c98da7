/** What a sealed body or header belongs to, as bytes to authenticate. */

export interface SealContext {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderDevice: string;
  readonly dataKeyId: string;
  /** Of the envelope. */
  readonly format: 1;
  /** A header's; absent for a body. */
  readonly recipientDevice?: string;
}

const magic = "sealgraph/envelope";

/**
 * Unambiguous: each field with its length (4 bytes, big endian) before it, in fixed order, UUIDs in lower case, a
 * body's recipient empty.
 */
export function encodeContext(context: SealContext): Buffer {
  const { format, messageId, conversationId, senderDevice, dataKeyId, recipientDevice } = context;
  const ids = [messageId, conversationId, senderDevice, dataKeyId, recipientDevice ?? ""];
  return Buffer.concat([magic, String(format), ...ids.map((id) => id.toLowerCase())].flatMap(field));
}

function field(text: string): [Buffer, Buffer] {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}

/** The KMS encryption context of a data key; a wrapped key copied to another row does not open. */
export function contextOfDataKey(dataKeyId: string): Record<string, string> {
  return { purpose: "sealgraph/messages-at-rest", dataKeyId: dataKeyId.toLowerCase() };
}
