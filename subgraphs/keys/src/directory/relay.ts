/**
 * Publishes the outbox to the topic device-directory (DELIVERY rule 11). Rows are deleted in the transaction that read
 * them, after Kafka acknowledged: a crash between the two publishes them again, never loses them. Across replicas one
 * relay at a time works, under an advisory lock that ends with the transaction, so that versions of a user reach the
 * topic in order. A relay that lost its lock while its records were under way may still put an old entry behind a newer
 * one; running readers keep the newest, and `reconcile` mends the topic at the next start.
 */
import type { Log } from "@sealgraph/platform/log.ts";
import type { LogProducer } from "@sealgraph/platform/kafka.ts";
import type { DirectoryRecord } from "@sealgraph/platform/records.ts";
import { inTransaction, stored, type Database } from "../database.ts";
import { createPause, unlessAborted } from "./pause.ts";

/** Rows of one transaction. */
export const maxBatchRows = 500;
/** Any number that nothing else in this database locks: "sealdir" in ASCII. */
const relayLock = 0x7365616c646972n;
const heartbeatKey = "heartbeat";
const minBackoffMs = 100;
const maxBackoffMs = 2_000;

export interface RelayOptions {
  readonly database: Database;
  /** Fulfilled when Kafka was first reached; nothing is tried before. */
  readonly producer: Promise<Producer>;
  readonly topic: string;
  readonly heartbeatMs: number;
  readonly pollMs: number;
  readonly log: Log;
  /** After Kafka acknowledged. */
  readonly onPublished?: (published: { entries: number; heartbeatAtMs: number }) => void;
}

export interface Relay {
  /** Look at the outbox now. */
  wake(): void;
  /** When Postgres last answered, ms since the epoch; 0 before. */
  databaseAnsweredAtMs(): number;
  /** When Kafka last acknowledged a heartbeat of this relay, which it sends after what was in the outbox; 0 before. */
  heartbeatAtMs(): number;
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
}

type Producer = Pick<LogProducer, "sendBatch">;
type Round = "idle" | "busy" | "drained" | "more";

export function startRelay(options: RelayOptions): Relay {
  const { database, topic, heartbeatMs, pollMs, log, onPublished } = options;
  const pause = createPause();
  const stopping = new AbortController();
  let databaseAnsweredAtMs = 0;
  let heartbeatAtMs = 0;

  const publish = async (producer: Producer, rows: OutboxRow[], isHeartbeatDue: boolean) => {
    const records = rows.map((row) => ({ key: row.userId, value: JSON.stringify(row.payload) }));
    const nowMs = Date.now();
    if (isHeartbeatDue) records.push({ key: heartbeatKey, value: JSON.stringify(heartbeat(nowMs)) });
    if (records.length === 0) return;
    await producer.sendBatch(topic, records);
    if (isHeartbeatDue) heartbeatAtMs = nowMs;
    onPublished?.({ entries: rows.length, heartbeatAtMs });
  };

  const round = async (producer: Producer): Promise<Round> => {
    const isHeartbeatDue = Date.now() - heartbeatAtMs >= heartbeatMs;
    const isPending = await stored(() => hasPending(database));
    databaseAnsweredAtMs = Date.now();
    if (!isPending && !isHeartbeatDue) return "idle";
    return inTransaction(database, async (transaction) => {
      const [lock] = await transaction.$queryRaw<
        { held: boolean }[]
      >`SELECT pg_try_advisory_xact_lock(${relayLock}) AS held`;
      if (lock?.held !== true) return "busy";
      const rows = await transaction.directoryOutbox.findMany({ orderBy: { id: "asc" }, take: maxBatchRows });
      await publish(producer, rows, isHeartbeatDue);
      const ids = rows.map(({ id }) => id);
      if (ids.length > 0) await transaction.directoryOutbox.deleteMany({ where: { id: { in: ids } } });
      return rows.length === maxBatchRows ? "more" : "drained";
    });
  };

  const run = async () => {
    const producer = await unlessAborted(options.producer, stopping.signal);
    if (producer === undefined) return;
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const outcome = await round(producer);
        if (failures > 0) log.info({ failures }, "directory relay works again");
        failures = 0;
        if (outcome !== "more") await pause.wait(pollMs);
      } catch (error) {
        // The rows stay: whatever it was, they are tried again.
        failures += 1;
        log.warn({ error: String(error), failures }, "directory relay could not publish");
        await pause.sleep(Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures, 10)));
      }
    }
  };
  const running = run();

  return {
    wake: pause.wake,
    databaseAnsweredAtMs: () => databaseAnsweredAtMs,
    heartbeatAtMs: () => heartbeatAtMs,
    async stop() {
      stopping.abort();
      pause.end();
      await running;
    },
  };
}

interface OutboxRow {
  readonly id: bigint;
  readonly userId: string;
  readonly payload: unknown;
}

async function hasPending(database: Database): Promise<boolean> {
  const [row] = await database.$queryRaw<
    { pending: boolean }[]
  >`SELECT EXISTS (SELECT FROM keys.directory_outbox) AS pending`;
  return row?.pending === true;
}

function heartbeat(nowMs: number): DirectoryRecord {
  return { v: 1, type: "heartbeat", at: new Date(nowMs).toISOString() };
}
