/** The whole processor between Kafka, KMS and Postgres, on a topic and a database of its own. */
import { randomUUID } from "node:crypto";
import type { KafkaLog, LogProducer } from "@sealgraph/platform/kafka.ts";
import { OutgoingRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import type { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { startProcessor } from "../src/processor.ts";
import * as bench from "./workbench.ts";

const system = inject("system");
const patience = { timeout: 45_000, interval: 50 };

let own: Awaited<ReturnType<typeof bench.ownDatabase>>;
let kafka: KafkaLog;
let producer: LogProducer;
let topic: string;
const running: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  kafka = bench.kafkaOf(system);
  producer = await kafka.producer({ timeoutMs: 10_000 });
});
afterAll(() => kafka.stop());
beforeEach(async () => {
  own = await bench.ownDatabase(system);
  topic = await bench.ownTopic(system, 3);
});
afterEach(async () => {
  for (const processor of running.splice(0)) await processor.stop();
  await own.drop();
});

async function start(registry: Registry = bench.newRegistry()) {
  const config = {
    databaseUrl: own.url,
    kafka: { brokers: system.kafkaBrokers, clientId: "processor-test" },
    kms: { endpoint: system.kmsEndpoint, region: "us-east-1", keyId: system.kmsKeyId },
    dataKeyCacheMs: 60_000,
    dataKeyMaxUses: 100_000,
    maxBatchRecords: 500,
  };
  const processor = await startProcessor(config, bench.log, registry, topic);
  running.push(processor);
  return processor;
}

const metric = async (registry: Registry, name: string) => (await registry.getSingleMetric(name)?.get())?.values ?? [];
const seqsOf = async (device: string | undefined) =>
  (await bench.framesOf(own.database, device)).map(({ seq }) => Number(seq));
const from1 = (length: number) => Array.from({ length }, (_, at) => at + 1);

test(
  "two processors share the partitions; one that stops loses nothing and leaves no gap",
  { timeout: 90_000 },
  async () => {
    const [first, second] = [await start(), await start()];
    await vi.waitFor(() => expect([first.ready(), second.ready()]).toEqual([true, true]), patience);
    const [alice, bob] = [bench.person(1), bench.person(2)];
    const conversations = Array.from({ length: 8 }, () => randomUUID());
    const send = (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, at) => {
          const message = bench.messageRecord(conversations[at % conversations.length] as string, alice, bob);
          return producer.send(topic, { key: message.conversationId, value: JSON.stringify(message) });
        }),
      );
    await send(200);
    const stopped = first.stop();
    await send(200);
    await stopped;
    await vi.waitFor(async () => expect(await seqsOf(bob.devices[0])).toEqual(from1(400)), patience);
    expect(await seqsOf(bob.devices[1])).toEqual(from1(400));
    // STORED receipts: one per conversation and batch, without a gap among themselves.
    const stored = await bench.framesOf(own.database, alice.devices[0]);
    expect(stored.map(({ seq }) => Number(seq))).toEqual(from1(stored.length));
    expect(stored.flatMap(({ detail }) => detail?.messageIds ?? [])).toHaveLength(400);
    const offsets = await own.database.$queryRaw`
    SELECT sum(next_offset)::int AS processed FROM messages.partition_offsets WHERE topic = ${topic}`;
    expect(offsets).toEqual([{ processed: 400 }]);
  },
);

test("what was stored is told on outgoing-messages, with each mailbox's number", async () => {
  const told: OutgoingRecord[] = [];
  const reader = await kafka.readAll({
    topic: topics.outgoingMessages.name,
    from: "latest",
    onBatch: (records) => {
      for (const { value } of records) told.push(OutgoingRecord.parse(JSON.parse(String(value))));
    },
  });
  await reader.caughtUp;
  await start();
  const [alice, bob] = [bench.person(1), bench.person(1)];
  const message = bench.messageRecord(randomUUID(), alice, bob);
  await producer.send(topic, { key: message.conversationId, value: JSON.stringify(message) });
  const places = [{ deviceId: bob.devices[0], epoch: 1, seq: 1, header: message.recipients[1]?.headers[0]?.header }];
  await vi.waitFor(() => expect(told).toContainEqual(expect.objectContaining({ id: message.id, places })), patience);
  await reader.stop();
});

test("the stored offset is where it goes on, whatever Kafka has committed; one outside the log stops its partition only", async () => {
  const [alice, bob] = [bench.person(1), bench.person(1)];
  const send = (partition: number) => {
    const message = bench.messageRecord(randomUUID(), alice, bob);
    return producer
      .send(topic, { key: message.conversationId, value: JSON.stringify(message), partition })
      .then(() => message.id);
  };
  const skipped = [await send(0), await send(0)];
  const wanted = [await send(0), await send(1)];
  await send(2);
  await own.database.$executeRaw`
    INSERT INTO messages.partition_offsets (topic, partition, next_offset) VALUES (${topic}, 0, 2), (${topic}, 2, 1000)`;
  const registry = bench.newRegistry();
  const processor = await start(registry);
  const received = async () => (await bench.framesOf(own.database, bob.devices[0])).map(({ message_id }) => message_id);
  await vi.waitFor(async () => expect((await received()).toSorted()).toEqual(wanted.toSorted()), patience);
  expect(await received()).not.toContain(skipped[0]);
  const lost = (await metric(registry, "sealgraph_processor_offset_lost")).filter(({ value }) => value === 1);
  expect(lost.map(({ labels }) => labels["partition"])).toEqual([2]);
  expect(processor.ready()).toBe(false);
  const [row] = await own.database.$queryRaw<{ next_offset: bigint }[]>`
    SELECT next_offset FROM messages.partition_offsets WHERE topic = ${topic} AND partition = 2`;
  expect(row?.next_offset).toBe(1000n);
});

test("a log that lost what follows the stored offset stops its partition; it is not read on from elsewhere", async () => {
  const [alice, bob] = [bench.person(1), bench.person(1)];
  for (let sent = 0; sent < 5; sent += 1) {
    const message = bench.messageRecord(randomUUID(), alice, bob);
    await producer.send(topic, { key: "any", value: JSON.stringify(message), partition: 0 });
  }
  await own.database.$executeRaw`
    INSERT INTO messages.partition_offsets (topic, partition, next_offset) VALUES (${topic}, 0, 1)`;
  await bench.withAdmin(system, async (admin) => {
    // kafkajs deletes only where it knows the leader already.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "3" }] });
  });
  const registry = bench.newRegistry();
  await start(registry);
  await vi.waitFor(async () => {
    const values = await metric(registry, "sealgraph_processor_offset_lost");
    expect(values).toContainEqual({ labels: { partition: 0 }, value: 1 });
  }, patience);
  expect(await seqsOf(bob.devices[0])).toEqual([]);
});

test("a record that cannot be read lies in dead-letters", async () => {
  const letters: { topic: string; code: string }[] = [];
  const reader = await kafka.readAll({
    topic: topics.deadLetters.name,
    from: "latest",
    onBatch: (records) => {
      for (const { value } of records) letters.push(JSON.parse(String(value)) as { topic: string; code: string });
    },
  });
  await reader.caughtUp;
  await start();
  await producer.send(topic, { key: "poison", value: "{" });
  await vi.waitFor(
    () => expect(letters).toContainEqual(expect.objectContaining({ topic, code: "NOT_JSON" })),
    patience,
  );
  await reader.stop();
});

test("2,000 messages of 1 kB are stored within 20 s", async () => {
  const [alice, bob] = [bench.person(1), bench.person(2)];
  const body = bench.base64url(1_000);
  const conversations = Array.from({ length: 50 }, () => randomUUID());
  await Promise.all(
    Array.from({ length: 2_000 }, (_, at) => {
      const message = bench.messageRecord(conversations[at % conversations.length] as string, alice, bob, { body });
      return producer.send(topic, { key: message.conversationId, value: JSON.stringify(message) });
    }),
  );
  await start();
  const began = performance.now();
  await vi.waitFor(async () => {
    const [row] = await own.database.$queryRaw<{ n: number }[]>`SELECT count(*)::int AS n FROM messages.messages`;
    expect(row?.n).toBe(2_000);
  }, patience);
  const tookMs = performance.now() - began;
  process.stdout.write(`  2,000 messages stored in ${Math.round(tookMs)} ms\n`);
  expect(tookMs).toBeLessThan(20_000);
});
