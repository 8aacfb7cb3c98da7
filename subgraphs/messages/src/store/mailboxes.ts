/** How far each mailbox is. One without a row yet is empty, in its first epoch. */
import type { MailboxState } from "../inbox/mailbox-reader.ts";
import { gather } from "./batches.ts";
import { Prisma, safeInteger, type Store } from "./store.ts";

export interface MailboxRow extends MailboxState {
  readonly deviceId: string;
}

export interface Mailboxes {
  /** Gathered with those of concurrent requests; reads after it was asked for. */
  find(deviceId: string): Promise<MailboxState>;
  /** Those of many devices in one statement; a device without a mailbox has no row. */
  list(deviceIds: readonly string[]): Promise<MailboxRow[]>;
}

const empty: MailboxState = { epoch: 1, head: 0, acknowledged: 0, purged: 0 };

interface Row {
  device_id: string;
  epoch: number;
  head: bigint;
  acknowledged: bigint;
  purged: bigint;
}

export function mailboxes(store: Store): Mailboxes {
  const list = async (deviceIds: readonly string[]): Promise<MailboxRow[]> => {
    const rows = await store.query<Row>(
      Prisma.sql`SELECT device_id, epoch, head, acknowledged, purged FROM messages.mailboxes
                 WHERE device_id = ANY(${deviceIds}::uuid[])`,
    );
    return rows.map((row) => ({
      deviceId: row.device_id,
      epoch: row.epoch,
      head: safeInteger(row.head),
      acknowledged: safeInteger(row.acknowledged),
      purged: safeInteger(row.purged),
    }));
  };
  const find = gather(list, ({ deviceId }) => deviceId);
  return { list, find: async (deviceId) => (await find(deviceId)) ?? empty };
}
