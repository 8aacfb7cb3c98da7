/**
 * The transaction's statements: one per kind and batch, whatever the batch's size.
 *
 * Rows are locked in one order by every transaction, so that none waits in a circle: partition_offsets, conversations,
 * accepted_messages, message_marks, mailboxes; within a table by key. Postgres sorts uuids as their lower-case text.
 */
import type { ConversationRecord, MessageRecord } from "@sealgraph/platform/records.ts";
import type { AcknowledgedPosition, MailboxState } from "./acknowledgements.ts";
import type { Transaction } from "./database.ts";
import { keyOf, type Mark } from "./marks.ts";
import type { Numbered } from "./number-frames.ts";
import type { Seen, Target } from "./receipts.ts";
import type { SealedMessage } from "./seal-batch.ts";

export async function openConversations(
  transaction: Transaction,
  conversations: readonly Pick<ConversationRecord, "id" | "members">[],
): Promise<void> {
  const members = new Map(conversations.map(({ id, members }) => [id, members]));
  if (members.size === 0) return;
  const rows = [...members].flatMap(([id, users]) => users.map((user) => ({ id, user })));
  const ids = rows.map(({ id }) => id);
  const users = rows.map(({ user }) => user);
  await transaction.$executeRaw`
    INSERT INTO messages.conversations (id)
    SELECT DISTINCT id FROM unnest(${[...members.keys()]}::uuid[]) AS given (id) ORDER BY id
    ON CONFLICT DO NOTHING`;
  await transaction.$executeRaw`
    INSERT INTO messages.conversation_members (conversation_id, user_id)
    SELECT DISTINCT id, user_id FROM unnest(${ids}::uuid[], ${users}::uuid[]) AS given (id, user_id) ORDER BY id, user_id
    ON CONFLICT DO NOTHING`;
}

/** Takes the ids; a concurrent batch with one of them is waited for. @returns the ids that were free. */
export async function takeMessageIds(
  transaction: Transaction,
  messages: readonly MessageRecord[],
): Promise<Set<string>> {
  if (messages.length === 0) return new Set();
  const ids = messages.map(({ id }) => id);
  const hashes = messages.map(({ contentHash }) => Buffer.from(contentHash, "base64url"));
  const devices = messages.map(({ senderDevice }) => senderDevice);
  const rows = await transaction.$queryRaw<{ id: string }[]>`
    INSERT INTO messages.accepted_messages (id, content_hash, sender_device)
    SELECT * FROM unnest(${ids}::uuid[], ${hashes}::bytea[], ${devices}::uuid[]) AS given (id, hash, device) ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING id`;
  return new Set(rows.map(({ id }) => id));
}

/** base64url of the SHA-256, by id. */
export async function contentHashesOf(transaction: Transaction, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.$queryRaw<{ id: string; content_hash: Uint8Array }[]>`
    SELECT id, content_hash FROM messages.accepted_messages WHERE id = ANY (${[...ids]}::uuid[])`;
  return new Map(rows.map(({ id, content_hash }) => [id, Buffer.from(content_hash).toString("base64url")]));
}

interface MailboxRow {
  device_id: string;
  user_id: string;
  epoch: number;
  head: bigint;
  acknowledged: bigint;
}

const mailboxesOf = (rows: MailboxRow[]): Map<string, MailboxState> =>
  new Map(
    rows.map(({ device_id: deviceId, user_id: userId, epoch, head, acknowledged }) => [
      deviceId,
      { deviceId, userId, epoch, head, acknowledged },
    ]),
  );

/** Without a lock: a device's acknowledged position is moved by the one partition that its acknowledgements are on. */
export async function readMailboxes(
  transaction: Transaction,
  deviceIds: readonly string[],
): Promise<Map<string, MailboxState>> {
  if (deviceIds.length === 0) return new Map();
  const rows = await transaction.$queryRaw<MailboxRow[]>`
    SELECT device_id, user_id, epoch, head, acknowledged FROM messages.mailboxes
    WHERE device_id = ANY (${[...deviceIds]}::uuid[])`;
  return mailboxesOf(rows);
}

/** Device ids by user, of those users who have a mailbox. */
export async function devicesOfUsers(
  transaction: Transaction,
  userIds: readonly string[],
): Promise<Map<string, string[]>> {
  if (userIds.length === 0) return new Map();
  const rows = await transaction.$queryRaw<{ user_id: string; device_id: string }[]>`
    SELECT user_id, device_id FROM messages.mailboxes WHERE user_id = ANY (${[...new Set(userIds)]}::uuid[])
    ORDER BY device_id`;
  const devices = new Map<string, string[]>();
  for (const { user_id, device_id } of rows) devices.set(user_id, [...(devices.get(user_id) ?? []), device_id]);
  return devices;
}

/** Others' messages between what was acknowledged before and what is now. */
export async function newlyAcknowledged(
  transaction: Transaction,
  positions: readonly AcknowledgedPosition[],
): Promise<Seen[]> {
  const moved = positions.filter(({ from, to }) => to > from);
  if (moved.length === 0) return [];
  const devices = moved.map(({ deviceId }) => deviceId);
  const users = moved.map(({ userId }) => userId);
  const from = moved.map((position) => position.from);
  const to = moved.map((position) => position.to);
  const at = new Map(moved.map((position) => [position.deviceId, position.at]));
  const rows = await transaction.$queryRaw<(SeenRow & { device_id: string })[]>`
    SELECT given.device_id, given.user_id, message.id, message.conversation_id, message.sender_user
    FROM unnest(${devices}::uuid[], ${users}::uuid[], ${from}::bigint[], ${to}::bigint[])
      AS given (device_id, user_id, after_seq, to_seq)
    JOIN messages.frames AS frame ON frame.device_id = given.device_id
      AND frame.seq > given.after_seq AND frame.seq <= given.to_seq AND frame.kind = 'message'
    JOIN messages.messages AS message ON message.id = frame.message_id
    WHERE message.sender_user <> given.user_id
    ORDER BY given.device_id, frame.seq`;
  return rows.map((row) => seenOf(row, at.get(row.device_id) ?? ""));
}

/** Of these (message, reader) only what the reader got from somebody else: a frame of it is, or was, in a mailbox of theirs. */
export async function reallyReceived(
  transaction: Transaction,
  read: readonly { messageId: string; userId: string; at: string }[],
): Promise<Seen[]> {
  if (read.length === 0) return [];
  const at = new Map(read.map((one) => [keyOf(one), one.at]));
  const ids = read.map(({ messageId }) => messageId);
  const users = read.map(({ userId }) => userId);
  const rows = await transaction.$queryRaw<SeenRow[]>`
    SELECT given.user_id, message.id, message.conversation_id, message.sender_user
    FROM unnest(${ids}::uuid[], ${users}::uuid[]) WITH ORDINALITY AS given (message_id, user_id, place)
    JOIN messages.messages AS message ON message.id = given.message_id
    WHERE message.sender_user <> given.user_id
      AND (EXISTS (SELECT FROM messages.frames AS frame
                   JOIN messages.mailboxes AS mailbox ON mailbox.device_id = frame.device_id
                   WHERE frame.message_id = given.message_id AND mailbox.user_id = given.user_id)
        OR EXISTS (SELECT FROM messages.message_marks AS mark
                   WHERE mark.message_id = given.message_id AND mark.user_id = given.user_id))
    ORDER BY given.place`;
  return rows.map((row) => seenOf(row, at.get(keyOf({ messageId: row.id, userId: row.user_id })) ?? ""));
}

interface SeenRow {
  id: string;
  conversation_id: string;
  sender_user: string;
  user_id: string;
}

const seenOf = (row: SeenRow, at: string): Seen => ({
  messageId: row.id,
  conversationId: row.conversation_id,
  senderUser: row.sender_user,
  userId: row.user_id,
  at,
});

const times = (marks: readonly Mark[]) => ({
  messageIds: marks.map(({ messageId }) => messageId),
  userIds: marks.map(({ userId }) => userId),
  deliveredAt: marks.map(({ deliveredAt }) => deliveredAt),
  readAt: marks.map(({ readAt }) => readAt),
});

/** Inserts the marks that are not there. @param marks sorted by key. @returns, locked, those that were there, as they are. */
export async function addMarks(transaction: Transaction, marks: readonly Mark[]): Promise<Map<string, Mark>> {
  if (marks.length === 0) return new Map();
  const { messageIds, userIds, deliveredAt, readAt } = times(marks);
  const inserted = await transaction.$queryRaw<{ message_id: string; user_id: string }[]>`
    INSERT INTO messages.message_marks (message_id, user_id, delivered_at, read_at)
    SELECT * FROM unnest(${messageIds}::uuid[], ${userIds}::uuid[], ${deliveredAt}::timestamptz[], ${readAt}::timestamptz[])
      AS given (message_id, user_id, delivered_at, read_at)
    ORDER BY message_id, user_id
    ON CONFLICT DO NOTHING
    RETURNING message_id, user_id`;
  const isNew = new Set(inserted.map((row) => keyOf({ messageId: row.message_id, userId: row.user_id })));
  const old = times(marks.filter((mark) => !isNew.has(keyOf(mark))));
  if (old.messageIds.length === 0) return new Map();
  const rows = await transaction.$queryRaw<
    { message_id: string; user_id: string; delivered_at: Date | null; read_at: Date | null }[]
  >`
    SELECT mark.message_id, mark.user_id, mark.delivered_at, mark.read_at
    FROM messages.message_marks AS mark
    JOIN unnest(${old.messageIds}::uuid[], ${old.userIds}::uuid[]) AS given (message_id, user_id)
      ON given.message_id = mark.message_id AND given.user_id = mark.user_id
    ORDER BY mark.message_id, mark.user_id
    FOR UPDATE OF mark`;
  const stored = rows.map((row): Mark => ({
    messageId: row.message_id,
    userId: row.user_id,
    deliveredAt: row.delivered_at?.toISOString() ?? null,
    readAt: row.read_at?.toISOString() ?? null,
  }));
  return new Map(stored.map((mark) => [keyOf(mark), mark]));
}

/** @param marks rows that this transaction has locked. */
export async function updateMarks(transaction: Transaction, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return;
  const { messageIds, userIds, deliveredAt, readAt } = times(marks);
  await transaction.$executeRaw`
    UPDATE messages.message_marks AS mark
    SET delivered_at = given.delivered_at, read_at = given.read_at
    FROM unnest(${messageIds}::uuid[], ${userIds}::uuid[], ${deliveredAt}::timestamptz[], ${readAt}::timestamptz[])
      AS given (message_id, user_id, delivered_at, read_at)
    WHERE mark.message_id = given.message_id AND mark.user_id = given.user_id`;
}

/** Makes the mailboxes that are missing, then locks them all until the end of the transaction (DELIVERY rule 2). */
export async function lockMailboxes(
  transaction: Transaction,
  targets: readonly Target[],
): Promise<Map<string, MailboxState>> {
  const owners = new Map(targets.map(({ deviceId, userId }) => [deviceId, userId]));
  if (owners.size === 0) return new Map();
  const devices = [...owners.keys()];
  await transaction.$executeRaw`
    INSERT INTO messages.mailboxes (device_id, user_id)
    SELECT * FROM unnest(${devices}::uuid[], ${[...owners.values()]}::uuid[]) AS given (device_id, user_id)
    ORDER BY device_id
    ON CONFLICT DO NOTHING`;
  const rows = await transaction.$queryRaw<MailboxRow[]>`
    SELECT device_id, user_id, epoch, head, acknowledged FROM messages.mailboxes
    WHERE device_id = ANY (${devices}::uuid[])
    ORDER BY device_id
    FOR UPDATE`;
  return mailboxesOf(rows);
}

export async function insertMessages(
  transaction: Transaction,
  messages: readonly MessageRecord[],
  sealed: ReadonlyMap<string, SealedMessage>,
  dataKeyId: string,
): Promise<void> {
  if (messages.length === 0) return;
  const columns = {
    id: messages.map(({ id }) => id),
    conversation: messages.map(({ conversationId }) => conversationId),
    user: messages.map(({ senderUser }) => senderUser),
    device: messages.map(({ senderDevice }) => senderDevice),
    suite: messages.map(({ suite }) => suite),
    body: messages.map(({ id }) => mustHave(sealed.get(id)).body),
    acceptedAt: messages.map(({ acceptedAt }) => acceptedAt),
  };
  await transaction.$executeRaw`
    INSERT INTO messages.messages
      (id, conversation_id, sender_user, sender_device, suite, sealed_body, accepted_at, data_key_id)
    SELECT given.*, ${dataKeyId}::uuid
    FROM unnest(${columns.id}::uuid[], ${columns.conversation}::uuid[], ${columns.user}::uuid[], ${columns.device}::uuid[],
      ${columns.suite}::text[], ${columns.body}::bytea[], ${columns.acceptedAt}::timestamptz[]) AS given`;
}

/** @param dataKeyId of the sealed headers; null when there is no message among the entries. */
export async function insertFrames(
  transaction: Transaction,
  numbered: readonly Numbered[],
  sealed: ReadonlyMap<string, SealedMessage>,
  dataKeyId: string | null,
): Promise<void> {
  const rows = numbered.flatMap(({ entry, places }) => {
    const detail = entry.kind === "message" ? null : JSON.stringify(entry.detail);
    const message = entry.kind === "message" ? entry.message.id : null;
    const headers = message === null ? undefined : mustHave(sealed.get(message)).headers;
    return places.map(({ deviceId, seq }) => ({
      deviceId,
      seq,
      kind: entry.kind,
      message,
      header: headers === undefined ? null : mustHave(headers.get(deviceId)),
      detail,
    }));
  });
  if (rows.length === 0) return;
  const columns = {
    device: rows.map(({ deviceId }) => deviceId),
    seq: rows.map(({ seq }) => seq),
    kind: rows.map(({ kind }) => kind),
    message: rows.map(({ message }) => message),
    header: rows.map(({ header }) => header),
    dataKey: rows.map(({ header }) => (header === null ? null : dataKeyId)),
    detail: rows.map(({ detail }) => detail),
  };
  await transaction.$executeRaw`
    INSERT INTO messages.frames (device_id, seq, kind, message_id, sealed_header, data_key_id, detail)
    SELECT device_id, seq, kind, message_id, sealed_header, data_key_id, detail::jsonb
    FROM unnest(${columns.device}::uuid[], ${columns.seq}::bigint[], ${columns.kind}::text[], ${columns.message}::uuid[],
      ${columns.header}::bytea[], ${columns.dataKey}::uuid[], ${columns.detail}::text[])
      AS given (device_id, seq, kind, message_id, sealed_header, data_key_id, detail)`;
}

/** New heads, under the locks of lockMailboxes. */
export async function updateHeads(transaction: Transaction, heads: ReadonlyMap<string, bigint>): Promise<void> {
  if (heads.size === 0) return;
  await transaction.$executeRaw`
    UPDATE messages.mailboxes AS mailbox SET head = given.head
    FROM unnest(${[...heads.keys()]}::uuid[], ${[...heads.values()]}::bigint[]) AS given (device_id, head)
    WHERE mailbox.device_id = given.device_id`;
}

/** Under the locks of lockMailboxes. Said again on the locked row: never back, never past the head, same epoch. */
export async function updateAcknowledged(
  transaction: Transaction,
  positions: readonly AcknowledgedPosition[],
): Promise<void> {
  const moved = positions.filter(({ from, to }) => to > from);
  if (moved.length === 0) return;
  const columns = {
    device: moved.map(({ deviceId }) => deviceId),
    epoch: moved.map(({ epoch }) => epoch),
    to: moved.map(({ to }) => to),
    at: moved.map(({ at }) => at),
  };
  await transaction.$executeRaw`
    UPDATE messages.mailboxes AS mailbox
    SET acknowledged = given.to_seq, acknowledged_at = greatest(mailbox.acknowledged_at, given.at)
    FROM unnest(${columns.device}::uuid[], ${columns.epoch}::int[], ${columns.to}::bigint[], ${columns.at}::timestamptz[])
      AS given (device_id, epoch, to_seq, at)
    WHERE mailbox.device_id = given.device_id AND mailbox.epoch = given.epoch
      AND given.to_seq > mailbox.acknowledged AND given.to_seq <= mailbox.head`;
}

function mustHave<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a message was not sealed");
  return value;
}
