/** Mailboxes and their oldest unacknowledged frames, read from the schema messages as the role maintenance. */
import { stored, type Database } from "../database.ts";
import type { OldestUnacknowledged } from "./silence.ts";

/** One mailbox; `oldest` is null when everything in it has been acknowledged. */
export interface Mailbox {
  readonly deviceId: string;
  readonly oldest: OldestUnacknowledged | null;
}

/** Of a page: so each statement is short, whatever the number of mailboxes. */
const maxPageMailboxes = 200;
/** Before every device's id. */
const nilUuid = "00000000-0000-0000-0000-000000000000";

interface Row extends OldestUnacknowledged {
  readonly deviceId: string;
  readonly hasUnacknowledged: boolean;
}

/** The database's time, which is what frames are stored with. @throws DomainError STORE_UNAVAILABLE */
export async function nowMsOf(database: Database): Promise<number> {
  const [row] = await stored(() => database.$queryRaw<{ now: Date }[]>`SELECT now() AS now`);
  if (row === undefined) throw new Error("Postgres did not tell the time");
  return row.now.getTime();
}

/** All mailboxes once, in order of device, up to 200 at a time. @throws DomainError STORE_UNAVAILABLE */
export async function* pagesOfMailboxes(database: Database): AsyncGenerator<Mailbox[], void, void> {
  let after = nilUuid;
  for (;;) {
    const rows = await stored(() => readPage(database, after));
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ deviceId, hasUnacknowledged, ...oldest }) => ({
      deviceId,
      oldest: hasUnacknowledged ? oldest : null,
    }));
    if (rows.length < maxPageMailboxes) return;
    after = last.deviceId;
  }
}

function readPage(database: Database, after: string): Promise<Row[]> {
  return database.$queryRaw<Row[]>`
    WITH page AS (
      SELECT device_id, acknowledged, head > acknowledged AS has_unacknowledged, acknowledged_at, created_at
      FROM messages.mailboxes
      WHERE device_id > ${after}::uuid
      ORDER BY device_id
      LIMIT ${maxPageMailboxes})
    SELECT page.device_id AS "deviceId",
      page.has_unacknowledged AS "hasUnacknowledged",
      page.acknowledged_at AS "acknowledgedAt",
      page.created_at AS "mailboxCreatedAt",
      message.stored_at AS "storedAt",
      CASE frame.kind WHEN 'receipt' THEN frame.detail->>'at' END AS "receiptAt",
      CASE frame.kind WHEN 'send_failed' THEN frame.detail->>'messageId' END AS "failedMessageId"
    FROM page
    LEFT JOIN messages.frames AS frame
      ON page.has_unacknowledged AND frame.device_id = page.device_id AND frame.seq = page.acknowledged + 1
    LEFT JOIN messages.messages AS message ON message.id = frame.message_id
    ORDER BY page.device_id`;
}
