/** What is done with a batch of a partition: read, seal, store, tell. The partition's offset is Postgres' (rule 3). */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sealer } from "@sealgraph/platform/envelope.ts";
import type { LogProducer, LogRecord, PartitionHandler } from "@sealgraph/platform/kafka.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import type { createDataKeyStore } from "./data-keys.ts";
import { missesReferenced, refusedData, tooSlow, type Database } from "./database.ts";
import { sendDeadLetters, type Dead } from "./dead-letters.ts";
import { firstOfEach } from "./dedupe.ts";
import { readIncoming, type Incoming } from "./incoming.ts";
import type { Metrics } from "./metrics.ts";
import type { KeyedEvent } from "./outgoing.ts";
import { Fenced, nextOffset } from "./partition-offsets.ts";
import { sealBatch } from "./seal-batch.ts";
import { storeBatch, type Batch, type Stored } from "./transaction.ts";

const publishBackoffMs = 500;

export interface WorkerParts {
  readonly topic: string;
  readonly database: Database;
  readonly dataKeys: ReturnType<typeof createDataKeyStore>;
  readonly sealer: Sealer;
  readonly producer: LogProducer;
  readonly isRevoked: (deviceId: string) => boolean;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly maxBatchRecords: number;
  /** Ends the waiting for Kafka after a commit. */
  readonly stopping: AbortSignal;
}

interface Item {
  readonly record: LogRecord;
  readonly incoming: Incoming;
}

export function createWorker(parts: WorkerParts): PartitionHandler {
  const { topic, database, metrics, log } = parts;
  return {
    async nextOffset(partition) {
      metrics.offsetLost.set({ partition }, 0);
      return nextOffset(database, topic, partition);
    },

    async onBatch(partition, records) {
      const items = records
        .slice(0, parts.maxBatchRecords)
        .map((record): Item => ({ record, incoming: readIncoming(record) }));
      const done = metrics.batchSeconds.startTimer();
      try {
        await processItems(parts, partition, items);
      } catch (error) {
        if (!(error instanceof Fenced)) throw error;
        // Nothing of ours was committed. Where the partition stands is read anew; if it is another's now, the group
        // says so at the next heartbeat.
        metrics.fenced.inc();
        log.warn({ partition, reason: error.message }, "fenced");
        return (await nextOffset(database, topic, partition)) ?? (records[0] as LogRecord).offset;
      }
      done();
      const next = (items.at(-1) as Item).record.offset + 1n;
      metrics.nextOffset.set({ partition }, Number(next));
      return next;
    },

    onOffsetLost({ partition }) {
      metrics.offsetLost.set({ partition }, 1);
    },
  };
}

/** Stores the items, in one transaction; in more when one of them has to be found that Postgres refuses. */
async function processItems(parts: WorkerParts, partition: number, items: readonly Item[]): Promise<void> {
  try {
    await storeItems(parts, partition, items).catch((error: unknown) => {
      if (!missesReferenced(error)) throw error;
      // Not the records' fault: the data key's row went with a restore. It is written again.
      parts.dataKeys.forget();
      return storeItems(parts, partition, items);
    });
  } catch (error) {
    const slow = tooSlow(error);
    if (slow && items.length === 1) throw error; // an outage as far as can be told: waited for, never called poison
    if (!slow && !refusedData(error)) throw error;
    const [only] = items;
    if (items.length > 1) {
      // DELIVERY rule 8: by halves, each with its own transaction and fence, until the record stands alone. Also a batch
      // that is too much for one transaction's time: it would be too much each time again.
      const middle = Math.ceil(items.length / 2);
      await processItems(parts, partition, items.slice(0, middle));
      await processItems(parts, partition, items.slice(middle));
    } else if (only !== undefined) {
      const refused = refusedItem(only, reasonOf(error));
      if (refused === undefined) throw error;
      await processItems(parts, partition, [refused]);
    }
  }
}

/** The item as a dead letter, its sender told; as one without telling, when that is refused too; then undefined. */
function refusedItem({ record, incoming }: Item, reason: string): Item | undefined {
  const { offset } = incoming;
  if (incoming.readable) {
    const message = incoming.record.type === "message" ? { message: incoming.record } : {};
    return { record, incoming: { readable: false, offset, code: "REFUSED", reason, ...message } };
  }
  const { code, reason: first, message } = incoming;
  return message && { record, incoming: { readable: false, offset, code, reason: `${first}; then ${reason}` } };
}

async function storeItems(parts: WorkerParts, partition: number, items: readonly Item[]): Promise<void> {
  const { database, sealer, dataKeys, producer, isRevoked, metrics, log, topic } = parts;
  const now = new Date().toISOString();
  const dead = items.flatMap(({ record, incoming }): Dead[] =>
    incoming.readable ? [] : [{ record, code: incoming.code, reason: incoming.reason }],
  );
  const records = items.flatMap(({ incoming }) => (incoming.readable ? [incoming.record] : []));
  const refused = items.flatMap(({ incoming }) =>
    !incoming.readable && incoming.message !== undefined ? [incoming.message] : [],
  );
  // Of an id that comes twice only the first is stored (dedupe.ts), so only that one's ciphertext is sealed.
  const messages = firstOfEach(records.filter((record) => record.type === "message")).first;
  let sealed: Batch["sealed"] = null;
  if (messages.length > 0) {
    const dataKey = await sealer.current();
    await dataKeys.save(dataKey);
    sealed = { dataKey, messages: sealBatch(sealer, dataKey, messages) };
  }
  // Before the commit: after it nobody would look at them again.
  await sendDeadLetters(producer, dead, now);

  const expected = (items[0] as Item).record.offset;
  const next = (items.at(-1) as Item).record.offset + 1n;
  const stored = await storeBatch(
    database,
    { topic, partition, expected, next, records, refused, sealed, now },
    isRevoked,
  );

  count(metrics, records, dead, stored);
  for (const { record, code, reason } of dead)
    log.error({ code, reason, partition, offset: String(record.offset) }, "record sent to dead-letters");
  await publish(parts, stored.events);
}

/**
 * Tells what was committed, until Kafka has it. At least once: a worker that dies before has told some or none, and the
 * readers' look at the heads finds what they were not told (DELIVERY rule 4).
 */
async function publish(parts: WorkerParts, events: readonly KeyedEvent[]): Promise<void> {
  const { producer, stopping, log, metrics } = parts;
  let left = events.map(({ key, event }) => ({ key, value: JSON.stringify(event) }));
  for (let attempt = 0; left.length > 0; attempt += 1) {
    const results = await Promise.allSettled(left.map((record) => producer.send(topics.outgoingMessages.name, record)));
    const failed = results.map((result) => (result.status === "rejected" ? result.reason : undefined));
    const tooLarge = failed.filter((reason) => reason instanceof RangeError);
    if (tooLarge.length > 0) {
      metrics.unpublished.inc({ reason: "too_large" }, tooLarge.length);
      log.error({ events: tooLarge.length }, "events too large for outgoing-messages");
    }
    left = left.filter((_, index) => failed[index] !== undefined && !(failed[index] instanceof RangeError));
    if (left.length === 0) return;
    if (stopping.aborted) {
      metrics.unpublished.inc({ reason: "stopping" }, left.length);
      log.warn({ events: left.length }, "stopped before the events were sent");
      return;
    }
    log.warn({ events: left.length, attempt, reason: reasonOf(failed.find(Boolean)) }, "events not sent, trying again");
    await sleep(publishBackoffMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

function count(metrics: Metrics, records: Batch["records"], dead: readonly Dead[], stored: Stored): void {
  for (const { type } of records) metrics.records.inc({ type });
  for (const { code } of dead) {
    metrics.records.inc({ type: "dead" });
    metrics.deadLetters.inc({ code });
  }
  metrics.messages.inc(stored.messages);
  metrics.frames.inc(stored.frames);
}

/** The last line of a Prisma error is Postgres' own; the lines above quote our source. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.trim().split("\n").at(-1) ?? "").slice(0, 500);
}
