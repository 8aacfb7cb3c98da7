/** Reading a record of incoming-messages: what cannot be read is told apart here, once (DELIVERY rule 8). */
import type { LogRecord } from "@sealgraph/platform/kafka.ts";
import { IncomingRecord, type MessageRecord } from "@sealgraph/platform/records.ts";

export type Incoming =
  | { readonly readable: true; readonly offset: bigint; readonly record: IncomingRecord }
  | {
      readonly readable: false;
      readonly offset: bigint;
      readonly code: DeadLetterCode;
      readonly reason: string;
      /** The message that it was, when it could be read: its sender is told that it failed (DELIVERY rule 1). */
      readonly message?: MessageRecord;
    };

/** EMPTY: no value. NOT_JSON, NOT_A_RECORD: not of records.ts. REFUSED: Postgres does not take it. */
export type DeadLetterCode = "EMPTY" | "NOT_JSON" | "NOT_A_RECORD" | "REFUSED";

const maxReasonLength = 500;

export function readIncoming({ offset, value }: LogRecord): Incoming {
  const dead = (code: DeadLetterCode, reason: string): Incoming => ({
    readable: false,
    offset,
    code,
    reason: reason.slice(0, maxReasonLength),
  });
  if (value === null) return dead("EMPTY", "the record has no value");
  let json: unknown;
  try {
    json = JSON.parse(value.toString("utf8"));
  } catch {
    // JSON.parse quotes the input in its message; a record's content belongs in the dead letter, not in its reason.
    return dead("NOT_JSON", "the value is not JSON");
  }
  const parsed = IncomingRecord.safeParse(json);
  if (parsed.success) return { readable: true, offset, record: canonical(parsed.data) };
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(value)"}: ${message}`);
  return dead("NOT_A_RECORD", issues.join("; "));
}

const lower = (id: string) => id.toLowerCase();

/** Ids as Postgres writes them, so that equal ids are equal strings; bytes in their one canonical base64url. */
function canonical(record: IncomingRecord): IncomingRecord {
  switch (record.type) {
    case "message":
      return canonicalMessage(record);
    case "acknowledge":
      return { ...record, userId: lower(record.userId), deviceId: lower(record.deviceId) };
    case "mark_read":
      return {
        ...record,
        userId: lower(record.userId),
        deviceId: lower(record.deviceId),
        messageIds: record.messageIds.map(lower),
      };
    case "conversation":
      return { ...record, id: lower(record.id), members: record.members.map(lower) };
  }
}

function canonicalMessage(record: MessageRecord): MessageRecord {
  const bytes = (text: string) => Buffer.from(text, "base64url").toString("base64url");
  const seen = new Set<string>();
  return {
    ...record,
    id: lower(record.id),
    conversationId: lower(record.conversationId),
    senderUser: lower(record.senderUser),
    senderDevice: lower(record.senderDevice),
    contentHash: bytes(record.contentHash),
    body: bytes(record.body),
    recipients: record.recipients.map((recipient) => ({
      ...recipient,
      userId: lower(recipient.userId),
      headers: recipient.headers
        .map(({ deviceId, header }) => ({ deviceId: lower(deviceId), header: bytes(header) }))
        // One frame per message and mailbox, whoever wrote the record.
        .filter(({ deviceId }) => !seen.has(deviceId) && seen.add(deviceId)),
    })),
  };
}
