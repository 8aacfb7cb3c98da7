/**
 * Compares the topic device-directory with the database, once after each start, and enqueues the current entry of every
 * user whom the topic doesn't tell rightly. It mends
 * - a topic that was lost, emptied or made anew while Postgres stayed: all entries are published again;
 * - an old entry behind a newer one (see relay.ts);
 * - a database restored to a time before the topic's: readers keep the newest version that they saw, so the user's
 *   version is raised over it.
 * Reads the whole topic, as every messages replica does at its start, and keeps two numbers a user meanwhile.
 */
import type { KafkaLog, LogRecord } from "@sealgraph/platform/kafka.ts";
import { DirectoryRecord } from "@sealgraph/platform/records.ts";
import { inTransaction, stored, type Database } from "../database.ts";
import { enqueueEntries, lockUsers } from "./outbox.ts";
import { unlessAborted } from "./pause.ts";

/** Users compared by one statement. */
const pageUsers = 500;

/** What the topic says of a user's devicesVersion. */
interface Told {
  /** In the last record: what compaction leaves. */
  last: number;
  /** In any record: what a reader may have seen. */
  newest: number;
}

export interface Reconciled {
  readonly users: number;
  readonly enqueued: number;
}

/** @throws DomainError STORE_UNAVAILABLE; what the signal aborts with. May be repeated: it enqueues what is still wrong. */
export async function reconcile(options: {
  database: Database;
  kafka: Pick<KafkaLog, "readAll">;
  topic: string;
  signal: AbortSignal;
  /** After each commit. */
  onEnqueued: () => void;
}): Promise<Reconciled> {
  const { database, signal, onEnqueued } = options;
  const told = await readTopic(options.kafka, options.topic, signal);
  let users = 0;
  let enqueued = 0;
  let after: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const page = await stored(() =>
      database.user.findMany({
        select: { id: true, devicesVersion: true },
        where: after === undefined ? {} : { id: { gt: after } },
        orderBy: { id: "asc" },
        take: pageUsers,
      }),
    );
    const wrong = page.filter(({ id, devicesVersion }) => !isTold(told.get(id), devicesVersion));
    if (wrong.length > 0) {
      await enqueueAgain(
        database,
        wrong.map(({ id }) => ({ id, least: versionOver(told.get(id)) })),
      );
      onEnqueued();
    }
    users += page.length;
    enqueued += wrong.length;
    after = page.at(-1)?.id;
    if (page.length < pageUsers) return { users, enqueued };
  }
}

/** Entries still in the outbox make a user look untold; one more record of the same version does no harm. */
export function isTold(told: Told | undefined, devicesVersion: number): boolean {
  return told?.last === devicesVersion && told.newest === devicesVersion;
}

/** The least version that a reader takes for new. */
const versionOver = (told: Told | undefined) => (told === undefined ? 0 : told.newest + 1);

function enqueueAgain(database: Database, users: { id: string; least: number }[]) {
  const ids = users.map(({ id }) => id);
  return inTransaction(database, async (transaction) => {
    await lockUsers(transaction, ids);
    // Only where the topic is ahead of the database, which a restore alone can bring about: the topic was read first.
    await transaction.$executeRaw`
      UPDATE keys.users u SET devices_version = wrong.least
      FROM unnest(${ids}::uuid[], ${users.map(({ least }) => least)}::int[]) AS wrong (id, least)
      WHERE u.id = wrong.id AND u.devices_version < wrong.least - 1`;
    await enqueueEntries(transaction, ids);
  });
}

async function readTopic(kafka: Pick<KafkaLog, "readAll">, topic: string, signal: AbortSignal) {
  const told = new Map<string, Told>();
  const reader = await kafka.readAll({ topic, from: "beginning", onBatch: (records) => note(told, records) });
  try {
    await unlessAborted(reader.caughtUp, signal);
    signal.throwIfAborted();
    return told;
  } finally {
    await reader.stop();
  }
}

/** Exported for its test. */
export function note(told: Map<string, Told>, records: readonly Pick<LogRecord, "value">[]): void {
  for (const { value } of records) {
    const record = value === null ? undefined : parseRecord(value);
    if (record?.type !== "directory") continue;
    const { userId, devicesVersion: last } = record;
    told.set(userId, { last, newest: Math.max(last, told.get(userId)?.newest ?? 0) });
  }
}

/** Undefined for what is no record of ours; the current entry is then missing and is published again. */
function parseRecord(value: Buffer): DirectoryRecord | undefined {
  try {
    return DirectoryRecord.parse(JSON.parse(value.toString()));
  } catch {
    return undefined;
  }
}
