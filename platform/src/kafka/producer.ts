/**
 * The producer. kafkajs sends what one call gives it; this gathers concurrent sends into one call (twenty times the
 * throughput) with one batch in flight at a time, and bounds what waits, in records, bytes and time.
 */
import { Partitioners, type Kafka, type Message, type Producer, type RecordMetadata } from "kafkajs";
import { DomainError } from "../errors.ts";
import { forever, reasonOf } from "./forever.ts";
import type { LogProducer, OutgoingLogRecord } from "./types.ts";
import type { Log } from "../log.ts";
import { maxRecordBytes } from "../topics.ts";

const maxBatchRecords = 500;
const maxBatchBytes = 900_000;
const maxQueuedRecords = 20_000;
const maxQueuedBytes = 64 * 1_048_576;

interface Waiting {
  readonly topic: string;
  readonly message: Message;
  readonly bytes: number;
  readonly resolve: (place: { partition: number; offset: bigint }) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
  /** Answered already, by its timeout. */
  settled: boolean;
}

/** Resolves when connected, however long that takes; rejects only when stopped before. */
export async function createProducer(options: { kafka: Kafka; log: Log; timeoutMs: number }): Promise<LogProducer> {
  const { kafka, log, timeoutMs } = options;
  const stopping = new AbortController();
  const partitionOf = new WeakMap<Message, number>();
  let queue: Waiting[] = [];
  let queuedBytes = 0;
  let sending: Promise<void> | undefined;
  let producer: Producer | undefined;

  const connect = () =>
    forever(
      stopping.signal,
      async () => {
        const created = kafka.producer({
          idempotent: true,
          allowAutoTopicCreation: false,
          createPartitioner: () => {
            const byKey = Partitioners.DefaultPartitioner();
            // Remembered, because the answer gives offsets by partition, not by record, and because a second try must
            // put each record where the first did.
            return (args) => {
              const partition = partitionOf.get(args.message) ?? byKey(args);
              partitionOf.set(args.message, partition);
              return partition;
            };
          },
        });
        try {
          await created.connect();
        } catch (error) {
          await created.disconnect().catch(() => undefined);
          throw error;
        }
        return created;
      },
      (error, attempt) => log.warn({ reason: reasonOf(error), attempt }, "producer cannot connect"),
    );

  const unavailable = (cause?: unknown) =>
    new DomainError("LOG_UNAVAILABLE", undefined, cause === undefined ? {} : { cause });

  const settle = (waiting: Waiting, outcome: { partition: number; offset: bigint } | { error: unknown }) => {
    if (waiting.settled) return;
    waiting.settled = true;
    clearTimeout(waiting.timer);
    if ("error" in outcome) waiting.reject(outcome.error);
    else waiting.resolve(outcome);
  };

  const takeBatch = (): Waiting[] => {
    let bytes = 0;
    let count = 0;
    for (const waiting of queue) {
      if (count === maxBatchRecords || (count > 0 && bytes + waiting.bytes > maxBatchBytes)) break;
      bytes += waiting.bytes;
      count += 1;
    }
    const taken = queue.slice(0, count);
    queue = queue.slice(count);
    queuedBytes -= bytes;
    return taken.filter((waiting) => !waiting.settled);
  };

  const sendBatch = async (batch: Waiting[]) => {
    producer ??= await connect();
    if (producer === undefined) throw unavailable();
    const messagesByTopic = Map.groupBy(batch, (waiting) => waiting.topic);
    const answers = await producer.sendBatch({
      acks: -1,
      topicMessages: [...messagesByTopic].map(([topic, of]) => ({ topic, messages: of.map(({ message }) => message) })),
    });
    const offsets = offsetsOf(answers);
    for (const waiting of batch) {
      const partition = partitionOf.get(waiting.message);
      const offset = partition === undefined ? undefined : offsets.take(waiting.topic, partition);
      // kafkajs forgets a partition whose leader moved to a broker that had answered already: no answer, no promise.
      if (partition === undefined || offset === undefined) throw new Error("a record was not acknowledged");
      settle(waiting, { partition, offset });
    }
  };

  const run = async () => {
    while (queue.length > 0) {
      const batch = takeBatch();
      if (batch.length === 0) continue;
      try {
        await sendBatch(batch);
      } catch (error) {
        log.warn({ reason: reasonOf(error), records: batch.length }, "batch was not acknowledged");
        for (const waiting of batch) settle(waiting, { error: unavailable(error) });
        // After a batch of unknown fate this producer's sequence numbers may be taken: Kafka would take the next batch
        // for a repetition and drop it, acknowledged. A new producer has a new id.
        const retired = producer;
        producer = undefined;
        await retired?.disconnect().catch(() => undefined);
      }
    }
  };

  const flush = () => {
    // setImmediate: whatever else this turn of the event loop sends goes into the same batch.
    sending ??= new Promise<void>((resolve) => setImmediate(resolve)).then(run).finally(() => {
      sending = undefined;
      if (queue.length > 0) flush();
    });
  };

  const send = (topic: string, record: OutgoingLogRecord): Promise<{ partition: number; offset: bigint }> => {
    const bytes = Buffer.byteLength(record.value) + Buffer.byteLength(record.key);
    if (bytes > maxRecordBytes)
      return Promise.reject(new RangeError(`a record of ${bytes} bytes is over ${maxRecordBytes} bytes`));
    if (stopping.signal.aborted || queue.length >= maxQueuedRecords || queuedBytes + bytes > maxQueuedBytes)
      return Promise.reject(unavailable());
    return new Promise((resolve, reject) => {
      const { key, value, partition } = record;
      const waiting: Waiting = {
        topic,
        message: partition === undefined ? { key, value } : { key, value, partition },
        bytes,
        resolve,
        reject,
        timer: setTimeout(() => settle(waiting, { error: unavailable() }), timeoutMs),
        settled: false,
      };
      queue.push(waiting);
      queuedBytes += bytes;
      flush();
    });
  };

  producer = await connect();
  return {
    send,
    async sendBatch(topic, records) {
      // All are awaited, so that no rejection is left alone.
      const results = await Promise.allSettled(records.map((record) => send(topic, record)));
      for (const result of results) if (result.status === "rejected") throw result.reason;
    },
    async stop() {
      if (stopping.signal.aborted) return sending;
      // What was taken on is sent or times out; nothing new is taken on.
      const drained = sending;
      stopping.abort();
      await drained;
      await producer?.disconnect().catch(() => undefined);
    },
  };
}

/** Offsets in the order in which the records of each partition were given. */
function offsetsOf(answers: RecordMetadata[]) {
  const next = new Map<string, bigint>();
  for (const { topicName, partition, errorCode, baseOffset } of answers)
    if (errorCode === 0 && baseOffset !== undefined && BigInt(baseOffset) >= 0n)
      next.set(`${partition}/${topicName}`, BigInt(baseOffset));
  return {
    take(topic: string, partition: number): bigint | undefined {
      const key = `${partition}/${topic}`;
      const offset = next.get(key);
      if (offset !== undefined) next.set(key, offset + 1n);
      return offset;
    },
  };
}
