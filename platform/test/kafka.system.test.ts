/** The log's promises, against a real Kafka. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, type Admin } from "kafkajs";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { createKafka, type KafkaLog, type LogRecord, type PartitionHandler } from "../src/kafka.ts";
import { createLog } from "../src/log.ts";
import { maxRecordBytes } from "../src/topics.ts";

const { kafkaBrokers: brokers } = inject("system");
const log = createLog("kafka-test", "fatal");
const patience = { timeout: 30_000, interval: 20 };

let admin: Admin;
let kafka: KafkaLog;
let topic: string;

beforeAll(async () => {
  admin = new Kafka({ brokers, logLevel: 0 }).admin();
  await admin.connect();
  kafka = createKafka({ brokers, clientId: "kafka-test" }, log);
});
afterAll(async () => {
  await kafka.stop();
  await admin.disconnect();
});
beforeEach(async () => {
  topic = `test-log-${randomUUID()}`;
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
});

const text = ({ value }: LogRecord) => String(value);

/** Offsets in memory, as a database would keep them. */
function keeping(onBatch?: (partition: number, records: LogRecord[]) => Promise<bigint>) {
  const offsets = new Map<number, bigint>();
  const seen: LogRecord[] = [];
  const lost: number[] = [];
  const handler: PartitionHandler = {
    nextOffset: async (partition) => offsets.get(partition) ?? null,
    onBatch: async (partition, records) => {
      const next = (await onBatch?.(partition, records)) ?? (records.at(-1) as LogRecord).offset + 1n;
      seen.push(...records.filter(({ offset }) => offset < next));
      offsets.set(partition, next);
      return next;
    },
    onOffsetLost: ({ partition }) => lost.push(partition),
  };
  return {
    offsets,
    seen,
    lost,
    handler,
    consume: () => kafka.consumePartitions({ groupId: `g-${topic}`, topic, handler }),
  };
}

describe("producing", () => {
  test("answers each record's own partition and offset, and equal keys share a partition in order", async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    const sent = await Promise.all(
      Array.from({ length: 1_200 }, async (_, at) => {
        const key = `key ${at % 7}`;
        return { key, value: `value ${at}`, ...(await producer.send(topic, { key, value: `value ${at}` })) };
      }),
    );
    const read: LogRecord[] = [];
    const reader = await kafka.readAll({ topic, from: "beginning", onBatch: (records) => void read.push(...records) });
    await reader.caughtUp;
    const at = (partition: number, offset: bigint) => `${partition}/${offset}`;
    const found = new Map(read.map((record) => [at(record.partition, record.offset), text(record)]));
    expect(found.size).toBe(1_200);
    for (const { partition, offset, value } of sent) expect(found.get(at(partition, offset))).toBe(value);
    for (const of of Map.groupBy(sent, ({ key }) => key).values()) {
      expect(new Set(of.map(({ partition }) => partition)).size).toBe(1);
      expect(of.map(({ offset }) => offset)).toEqual(of.map(({ offset }) => offset).toSorted((a, b) => Number(a - b)));
    }
    await reader.stop();
    await producer.stop();
  });

  test("a record over the limit is refused by itself", async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    const large = producer.send(topic, { key: "k", value: "x".repeat(maxRecordBytes + 1) });
    const fits = producer.send(topic, { key: "k", value: "x".repeat(maxRecordBytes - 1) });
    await expect(large).rejects.toThrow(RangeError);
    await expect(fits).resolves.toMatchObject({ offset: 0n });
    await producer.stop();
  });

  test("to a topic that does not exist is LOG_UNAVAILABLE in time, and the producer works on", async () => {
    const producer = await kafka.producer({ timeoutMs: 3_000 });
    const began = performance.now();
    await expect(producer.send(`none-${randomUUID()}`, { key: "k", value: "v" })).rejects.toMatchObject({
      code: "LOG_UNAVAILABLE",
    });
    expect(performance.now() - began).toBeLessThan(3_500);
    await vi.waitFor(() => producer.send(topic, { key: "k", value: "v" }), patience);
    await producer.stop();
  });
});

describe("consuming partitions", () => {
  test("goes on from the handler's offsets, not from Kafka's", async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    for (let at = 0; at < 5; at += 1) await producer.send(topic, { key: "k", value: `v${at}`, partition: 1 });
    const state = keeping();
    const first = await state.consume();
    await vi.waitFor(() => expect(state.seen.map(text)).toEqual(["v0", "v1", "v2", "v3", "v4"]), patience);
    await first.stop();
    state.offsets.set(1, 3n);
    const second = await state.consume();
    await vi.waitFor(() => expect(state.seen.map(text).slice(5)).toEqual(["v3", "v4"]), patience);
    await second.stop();
    await producer.stop();
  });

  test("a handler that throws gets the same records again, and loses its membership neither way", async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    let failures = 0;
    const state = keeping(async (_, records) => {
      if (failures < 4) {
        failures += 1;
        throw new Error("database away");
      }
      return (records.at(-1) as LogRecord).offset + 1n;
    });
    const consumer = await state.consume();
    await producer.send(topic, { key: "k", value: "once" });
    await vi.waitFor(() => expect(state.seen.map(text)).toEqual(["once"]), patience);
    expect(failures).toBe(4);
    await consumer.stop();
    await producer.stop();
  });

  test("a handler that takes a part of a batch is given the rest", async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    await producer.sendBatch(
      topic,
      Array.from({ length: 10 }, (_, at) => ({ key: "k", value: `v${at}` })),
    );
    const sizes: number[] = [];
    const state = keeping(async (_, records) => {
      sizes.push(records.length);
      return (records[0] as LogRecord).offset + 3n < (records.at(-1) as LogRecord).offset + 1n
        ? (records[0] as LogRecord).offset + 3n
        : (records.at(-1) as LogRecord).offset + 1n;
    });
    const consumer = await state.consume();
    await vi.waitFor(
      () => expect(state.seen.map(text)).toEqual(Array.from({ length: 10 }, (_, at) => `v${at}`)),
      patience,
    );
    expect(sizes).toEqual([10, 7, 4, 1]);
    await consumer.stop();
    await producer.stop();
  });

  test(
    "a handler that takes longer than the session keeps its partition by heartbeats",
    { timeout: 60_000 },
    async () => {
      const producer = await kafka.producer({ timeoutMs: 10_000 });
      let calls = 0;
      const state = keeping(async (_, records) => {
        calls += 1;
        await sleep(9_000);
        return (records.at(-1) as LogRecord).offset + 1n;
      });
      const consumer = await state.consume();
      await producer.send(topic, { key: "k", value: "slow" });
      await vi.waitFor(() => expect(state.seen.map(text)).toEqual(["slow"]), patience);
      await sleep(1_000);
      expect(calls).toBe(1);
      await consumer.stop();
      await producer.stop();
    },
  );

  test("a log cut while it is read stops that partition and no other", async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    const state = keeping();
    const consumer = await state.consume();
    await vi.waitFor(() => expect(consumer.ready()).toBe(true), patience);
    // The handler's truth moves beyond the log's end: what a restored, shorter log looks like.
    state.offsets.set(0, 50n);
    await producer.send(topic, { key: "k", value: "a", partition: 0 });
    await consumer.stop();
    state.seen.length = 0;
    const again = await state.consume();
    await vi.waitFor(() => expect(state.lost).toContain(0), patience);
    await producer.send(topic, { key: "k", value: "b", partition: 0 });
    await producer.send(topic, { key: "k", value: "c", partition: 1 });
    await vi.waitFor(() => expect(state.seen.map(text)).toContain("c"), patience);
    expect(state.seen.map(text)).not.toContain("b");
    expect(again.ready()).toBe(false);
    await again.stop();
    await producer.stop();
  });

  test("records deleted under a paused reader are not skipped over in silence", { timeout: 60_000 }, async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    let away = true;
    const state = keeping(async (_, records) => {
      if (away) throw new Error("database away");
      return (records.at(-1) as LogRecord).offset + 1n;
    });
    const body = "x".repeat(400_000);
    for (let at = 0; at < 8; at += 1) await producer.send(topic, { key: "k", value: `${at}${body}`, partition: 0 });
    const consumer = await state.consume();
    await sleep(1_500);
    // kafkajs deletes only where it knows the leader already.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "6" }] });
    away = false;
    // What had been fetched may be handed over; what follows it is gone, and that is said.
    await vi.waitFor(() => expect(state.lost).toEqual([0]), patience);
    const offsets = state.seen.map(({ offset }) => Number(offset));
    expect(offsets).toEqual(offsets.map((_, at) => at));
    expect(offsets.length).toBeLessThan(6);
    await consumer.stop();
    await producer.stop();
  });

  test("two members share the partitions, and one that leaves hands its over", { timeout: 60_000 }, async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    const state = keeping();
    const [first, second] = [await state.consume(), await state.consume()];
    await vi.waitFor(() => {
      expect([first.assigned().length, second.assigned().length]).toEqual([1, 1]);
      expect([first.ready(), second.ready()]).toEqual([true, true]);
    }, patience);
    await first.stop();
    await vi.waitFor(() => expect(second.assigned()).toHaveLength(2), patience);
    for (const partition of [0, 1]) await producer.send(topic, { key: "k", value: `to ${partition}`, partition });
    await vi.waitFor(() => expect(state.seen.map(text).toSorted()).toEqual(["to 0", "to 1"]), patience);
    await second.stop();
    await producer.stop();
  });
});

describe("reading all", () => {
  test("from latest gives what comes after, to every reader", async () => {
    const producer = await kafka.producer({ timeoutMs: 10_000 });
    await producer.send(topic, { key: "k", value: "before" });
    const seen: string[][] = [[], []];
    const readers = await Promise.all(
      seen.map((into) =>
        kafka.readAll({ topic, from: "latest", onBatch: (records) => void into.push(...records.map(text)) }),
      ),
    );
    await Promise.all(readers.map(({ caughtUp }) => caughtUp));
    await producer.send(topic, { key: "k", value: "after" });
    await vi.waitFor(() => expect(seen).toEqual([["after"], ["after"]]), patience);
    for (const reader of readers) await reader.stop();
    await producer.stop();
  });

  test("of an empty topic is caught up at once", async () => {
    const reader = await kafka.readAll({ topic, from: "beginning", onBatch: () => undefined });
    await reader.caughtUp;
    await reader.stop();
  });
});
