/** What a batch leaves behind, against Postgres and KMS; Kafka's part is in processor.system.test.ts. */
import { randomUUID } from "node:crypto";
import { createOpener, createSealer } from "@sealgraph/platform/envelope.ts";
import type { LogProducer, PartitionHandler } from "@sealgraph/platform/kafka.ts";
import { createKms } from "@sealgraph/platform/kms.ts";
import type { DeadLetter, MessageRecord, OutgoingRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { createDataKeyStore } from "../src/data-keys.ts";
import { createDatabase, type Database } from "../src/database.ts";
import { createMetrics } from "../src/metrics.ts";
import { createWorker } from "../src/worker.ts";
import * as bench from "./workbench.ts";

const system = inject("system");
const topic = "incoming-of-this-test";
const signal = { heartbeat: async () => undefined };

let own: Awaited<ReturnType<typeof bench.ownDatabase>>;
let database: Database;

beforeAll(async () => {
  own = await bench.ownDatabase(system);
  database = own.database;
});
afterAll(() => own.drop());

/** Sends to nowhere and keeps what was sent: the log is not what is tested here. */
function keepingProducer() {
  const sent: { topic: string; key: string; value: unknown }[] = [];
  const keep = (to: string, { key, value }: { key: string; value: string | Buffer }) =>
    sent.push({ topic: to, key, value: JSON.parse(String(value)) });
  const producer: LogProducer = {
    send: async (to, record) => ({ partition: 0, offset: BigInt(keep(to, record)) }),
    sendBatch: async (to, records) => records.forEach((record) => keep(to, record)),
    stop: async () => undefined,
  };
  return {
    producer,
    events: () =>
      sent.filter((one) => one.topic === topics.outgoingMessages.name).map((one) => one.value as OutgoingRecord),
    letters: () => sent.filter((one) => one.topic === topics.deadLetters.name).map((one) => one.value as DeadLetter),
  };
}

function worker(options: { on?: Database; revoked?: string[]; maxBatchRecords?: number; kmsEndpoint?: string } = {}) {
  const kms = createKms({
    endpoint: options.kmsEndpoint ?? system.kmsEndpoint,
    region: "us-east-1",
    keyId: system.kmsKeyId,
  });
  const kept = keepingProducer();
  const used = options.on ?? database;
  const handler = createWorker({
    topic,
    database: used,
    dataKeys: createDataKeyStore(used),
    sealer: createSealer({ kms, cacheMs: 60_000, maxUses: 100_000 }),
    producer: kept.producer,
    isRevoked: (id) => options.revoked?.includes(id) ?? false,
    metrics: createMetrics(bench.newRegistry()),
    log: bench.log,
    maxBatchRecords: options.maxBatchRecords ?? 500,
    stopping: new AbortController().signal,
  });
  return { handler, ...kept };
}

let lastPartition = 0;
/** Feeds values to a partition of its own, one batch after another. */
function feed(handler: PartitionHandler) {
  const partition = (lastPartition += 1);
  let next = 0n;
  return {
    partition,
    async batch(...values: (object | string)[]) {
      const records = bench.asLog(topic, partition, next, values);
      next = await handler.onBatch(partition, records, signal);
      return next;
    },
  };
}

describe("a message", () => {
  test("becomes one frame per recipient device, and STORED for the sending device", async () => {
    const { handler, events } = worker();
    const [alice, bob] = [bench.person(2), bench.person(2)];
    const message = bench.messageRecord(randomUUID(), alice, bob);
    await feed(handler).batch(message);
    for (const device of [alice.devices[1], ...bob.devices])
      expect(await bench.framesOf(database, device)).toMatchObject([
        { seq: 1n, kind: "message", message_id: message.id },
      ]);
    expect(await bench.framesOf(database, alice.devices[0])).toMatchObject([
      { seq: 1n, kind: "receipt", detail: { kind: "STORED", messageIds: [message.id], byUser: alice.userId } },
    ]);
    const [told, stored] = events();
    expect(told).toMatchObject({ type: "message", id: message.id, body: message.body });
    expect(told?.type === "message" && told.places.map(({ deviceId }) => deviceId).toSorted()).toEqual(
      [alice.devices[1], ...bob.devices].toSorted(),
    );
    expect(stored).toMatchObject({
      type: "receipt",
      detail: { kind: "STORED" },
      places: [{ deviceId: alice.devices[0], seq: 1 }],
    });
    const members = await database.$queryRaw`
      SELECT user_id FROM messages.conversation_members WHERE conversation_id = ${message.conversationId}::uuid`;
    expect(members).toHaveLength(2);
  });

  async function opens(message: MessageRecord, bob: bench.Person) {
    const [row] = await database.$queryRaw<
      { sealed_body: Uint8Array; sealed_header: Uint8Array; data_key_id: string; wrapped_key: Uint8Array }[]
    >`SELECT sealed_body, sealed_header, m.data_key_id, wrapped_key FROM messages.messages m
      JOIN messages.frames f ON f.message_id = m.id JOIN messages.data_keys k ON k.id = m.data_key_id AND k.id = f.data_key_id
      WHERE m.id = ${message.id}::uuid`;
    if (row === undefined) throw new Error("not stored");
    const opener = createOpener({
      kms: createKms({ endpoint: system.kmsEndpoint, region: "us-east-1" }),
      cacheMs: 60_000,
      maxKeys: 10,
    });
    const dataKey = { dataKeyId: row.data_key_id, wrapped: Buffer.from(row.wrapped_key) };
    const context = {
      messageId: message.id,
      conversationId: message.conversationId,
      senderDevice: message.senderDevice,
      dataKeyId: row.data_key_id,
      format: 1,
    } as const;
    const body = await opener.open(dataKey, Buffer.from(row.sealed_body), context);
    expect(body.toString("base64url")).toBe(message.body);
    const [recipientDevice = ""] = bob.devices;
    const header = await opener.open(dataKey, Buffer.from(row.sealed_header), { ...context, recipientDevice });
    expect(header.toString("base64url")).toBe(message.recipients[1]?.headers[0]?.header);
    await expect(opener.open(dataKey, Buffer.from(row.sealed_header), context)).rejects.toThrow("damaged");
  }

  test("lies sealed, and opens with its own context and no other", async () => {
    const { handler } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const message = bench.messageRecord(randomUUID(), alice, bob);
    await feed(handler).batch(message);
    await opens(message, bob);
  });

  test("whose id another one in the batch has as well is stored with its own ciphertext, whoever the other is for", async () => {
    const { handler, letters } = worker();
    const [alice, bob, carol] = [bench.person(1), bench.person(1), bench.person(1)];
    for (const other of [bob, carol]) {
      const message = bench.messageRecord(randomUUID(), alice, bob);
      const loser = bench.messageRecord(randomUUID(), alice, other, { id: message.id });
      expect(await feed(handler).batch(message, loser)).toBe(2n);
      await opens(message, bob);
    }
    expect(letters()).toEqual([]);
  });

  test("gets no frame on a revoked device, and STORED when there is no other", async () => {
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const { handler, events } = worker({ revoked: [...bob.devices] });
    await feed(handler).batch(bench.messageRecord(randomUUID(), alice, bob));
    expect(await bench.framesOf(database, bob.devices[0])).toEqual([]);
    expect(await bench.framesOf(database, alice.devices[0])).toMatchObject([{ seq: 1n, detail: { kind: "STORED" } }]);
    expect(events().map(({ type }) => type)).toEqual(["receipt"]);
  });

  test("STORED names all of a conversation's messages of the batch in one frame", async () => {
    const { handler } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const conversation = randomUUID();
    const messages = [1, 2, 3].map(() => bench.messageRecord(conversation, alice, bob));
    await feed(handler).batch(...messages);
    const frames = await bench.framesOf(database, alice.devices[0]);
    expect(frames.map(({ detail }) => detail?.messageIds)).toEqual([messages.map(({ id }) => id)]);
  });
});

describe("one message per id", () => {
  test("an identical loser is silent, in the same batch and in a later one", async () => {
    const { handler } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const message = bench.messageRecord(randomUUID(), alice, bob);
    const line = feed(handler);
    await line.batch(message, message);
    await line.batch(message);
    expect(await bench.framesOf(database, bob.devices[0])).toHaveLength(1);
    expect(await bench.framesOf(database, alice.devices[0])).toHaveLength(1);
  });

  test("a different loser gets ID_TAKEN with its own contentHash, and the first in the log is kept", async () => {
    const { handler, events } = worker();
    const [alice, bob, carol] = [bench.person(1), bench.person(1), bench.person(1)];
    const first = bench.messageRecord(randomUUID(), alice, bob);
    const sameBatch = bench.messageRecord(randomUUID(), carol, bob, { id: first.id });
    const later = bench.messageRecord(randomUUID(), carol, bob, { id: first.id.toUpperCase() });
    const line = feed(handler);
    await line.batch(first, sameBatch);
    await line.batch(later);
    expect(await bench.framesOf(database, carol.devices[0])).toMatchObject([
      {
        seq: 1n,
        kind: "send_failed",
        detail: { messageId: first.id, contentHash: sameBatch.contentHash, code: "ID_TAKEN" },
      },
      {
        seq: 2n,
        kind: "send_failed",
        detail: { messageId: first.id, contentHash: later.contentHash, code: "ID_TAKEN" },
      },
    ]);
    expect(await bench.framesOf(database, bob.devices[0])).toHaveLength(1);
    expect(events().filter(({ type }) => type === "send_failed")).toHaveLength(2);
  });
});

describe("an acknowledgement", () => {
  test("moves the position, and DELIVERED goes once to every device of the sender", async () => {
    const { handler, events } = worker();
    const [alice, bob] = [bench.person(2), bench.person(2)];
    const conversation = randomUUID();
    const messages = [1, 2].map(() => bench.messageRecord(conversation, alice, bob));
    const line = feed(handler);
    await line.batch(...messages);
    await line.batch(bench.acknowledgeRecord(bob, 1), bench.acknowledgeRecord(bob, 2));
    // Bob's other device, and the first again: nothing new is delivered.
    await line.batch(bench.acknowledgeRecord(bob, 2, 1), bench.acknowledgeRecord(bob, 2));
    const receiptsOf = async (device: string | undefined) =>
      (await bench.framesOf(database, device)).filter(({ detail }) => detail?.kind === "DELIVERED");
    for (const device of alice.devices)
      expect(await receiptsOf(device)).toMatchObject([
        { detail: { messageIds: messages.map(({ id }) => id), byUser: bob.userId } },
      ]);
    for (const device of bob.devices) {
      expect(await receiptsOf(device)).toEqual([]);
      const rows = await database.$queryRaw`
        SELECT acknowledged FROM messages.mailboxes WHERE device_id = ${device}::uuid AND acknowledged_at IS NOT NULL`;
      expect(rows).toEqual([{ acknowledged: 2n }]);
    }
    const acknowledged = events().filter(({ type }) => type === "acknowledged");
    expect(acknowledged).toMatchObject([
      { deviceId: bob.devices[0], seq: 2 },
      { deviceId: bob.devices[1], seq: 2 },
      { deviceId: bob.devices[0], seq: 2 },
    ]);
  });

  test("by the sender's own other device delivers nothing", async () => {
    const { handler } = worker();
    const [alice, bob] = [bench.person(2), bench.person(1)];
    const line = feed(handler);
    await line.batch(bench.messageRecord(randomUUID(), alice, bob));
    await line.batch(bench.acknowledgeRecord(alice, 1, 1));
    expect(await bench.framesOf(database, alice.devices[0])).toMatchObject([{ detail: { kind: "STORED" } }]);
  });

  test("of a receipt makes no receipt", async () => {
    const { handler } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const line = feed(handler);
    await line.batch(bench.messageRecord(randomUUID(), alice, bob));
    await line.batch(bench.acknowledgeRecord(bob, 1));
    await line.batch(bench.acknowledgeRecord(alice, 2));
    expect((await bench.framesOf(database, alice.devices[0])).map(({ detail }) => detail?.kind)).toEqual([
      "STORED",
      "DELIVERED",
    ]);
    expect(await bench.framesOf(database, bob.devices[0])).toHaveLength(1);
  });

  test.each([
    ["past the head", 3, 1, false],
    ["of another epoch", 1, 2, false],
    ["of another's device", 1, 1, true],
  ])("%s does not count", async (_, seq, epoch, stolen) => {
    const { handler, events } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const line = feed(handler);
    await line.batch(bench.messageRecord(randomUUID(), alice, bob));
    await line.batch(bench.acknowledgeRecord(stolen ? { ...alice, devices: bob.devices } : bob, seq, 0, epoch));
    const rows =
      await database.$queryRaw`SELECT acknowledged FROM messages.mailboxes WHERE device_id = ${bob.devices[0]}::uuid`;
    expect(rows).toEqual([{ acknowledged: 0n }]);
    expect(events().filter(({ type }) => type === "acknowledged")).toEqual([]);
  });
});

describe("a read mark", () => {
  test("makes READ once, and DELIVERED no more", async () => {
    const { handler } = worker();
    const [alice, bob] = [bench.person(1), bench.person(2)];
    const message = bench.messageRecord(randomUUID(), alice, bob);
    const line = feed(handler);
    await line.batch(message);
    await line.batch(bench.markReadRecord(bob, [message.id]), bench.markReadRecord(bob, [message.id], 1));
    await line.batch(bench.markReadRecord(bob, [message.id]), bench.acknowledgeRecord(bob, 1));
    expect((await bench.framesOf(database, alice.devices[0])).map(({ detail }) => detail?.kind)).toEqual([
      "STORED",
      "READ",
    ]);
  });

  test("after delivery makes READ too, once", async () => {
    const { handler } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const message = bench.messageRecord(randomUUID(), alice, bob);
    const line = feed(handler);
    await line.batch(message);
    await line.batch(bench.acknowledgeRecord(bob, 1));
    await line.batch(bench.markReadRecord(bob, [message.id]));
    await line.batch(bench.markReadRecord(bob, [message.id]));
    const kinds = (await bench.framesOf(database, alice.devices[0])).map(({ detail }) => detail?.kind);
    expect(kinds).toEqual(["STORED", "DELIVERED", "READ"]);
  });

  test("of one's own message, of a stranger's, or of none makes nothing", async () => {
    const { handler } = worker();
    const [alice, bob, eve] = [bench.person(2), bench.person(1), bench.person(1)];
    const message = bench.messageRecord(randomUUID(), alice, bob);
    const line = feed(handler);
    await line.batch(message);
    await line.batch(
      bench.markReadRecord(alice, [message.id], 1),
      bench.markReadRecord(eve, [message.id]),
      bench.markReadRecord(bob, [randomUUID()]),
    );
    expect((await bench.framesOf(database, alice.devices[0])).map(({ detail }) => detail?.kind)).toEqual(["STORED"]);
  });
});

describe("poison", () => {
  test("that cannot be read goes to dead-letters with its reason, and the line goes on", async () => {
    const { handler, letters } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const line = feed(handler);
    const next = await line.batch(
      "no json",
      { v: 1, type: "unheard-of" },
      bench.messageRecord(randomUUID(), alice, bob),
    );
    expect(next).toBe(3n);
    expect(letters()).toMatchObject([
      { code: "NOT_JSON", offset: "0", topic, value: Buffer.from("no json").toString("base64url") },
      { code: "NOT_A_RECORD", offset: "1" },
    ]);
    expect(await bench.framesOf(database, bob.devices[0])).toHaveLength(1);
  });

  test("that Postgres refuses is found among its neighbours, which are all stored", async () => {
    const { handler, letters } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const conversation = randomUUID();
    const messages = Array.from({ length: 7 }, (_, index) =>
      bench.messageRecord(conversation, alice, bob, index === 4 ? { suite: "a\u0000b" } : {}),
    );
    expect(await feed(handler).batch(...messages)).toBe(7n);
    expect(letters()).toMatchObject([{ code: "REFUSED", offset: "4", reason: expect.stringContaining("0x00") }]);
    const stored = await bench.framesOf(database, bob.devices[0]);
    expect(stored.map(({ message_id }) => message_id)).toEqual(
      messages.filter((_, at) => at !== 4).map(({ id }) => id),
    );
    expect(stored.map(({ seq }) => seq)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
    // What was accepted ends in frames or in a failure: its sender is told.
    const told = await bench.framesOf(database, alice.devices[0]);
    expect(told.filter(({ kind }) => kind === "send_failed").map(({ detail }) => detail)).toMatchObject([
      { messageId: messages[4]?.id, code: "NOT_STORED" },
    ]);
  });

  test("that Postgres refuses although only its sender is told does not stop the line", async () => {
    const { handler, letters } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const line = feed(handler);
    await line.batch(bench.messageRecord(randomUUID(), alice, bob));
    // A mailbox whose head was set back: its next number is taken.
    await database.$executeRaw`UPDATE messages.mailboxes SET head = 0 WHERE device_id = ${alice.devices[0]}::uuid`;
    expect(await line.batch(bench.messageRecord(randomUUID(), alice, bob))).toBe(2n);
    expect(new Set(letters().map(({ code, offset }) => `${code} ${offset}`))).toEqual(new Set(["REFUSED 1"]));
  });
});

describe("an outage is not poison", () => {
  test("of KMS: the batch is refused as a whole, with nothing stored and no dead letter", async () => {
    const { handler, letters } = worker({ kmsEndpoint: "http://127.0.0.1:9" });
    const line = feed(handler);
    await expect(
      line.batch("no json", bench.messageRecord(randomUUID(), bench.person(1), bench.person(1))),
    ).rejects.toMatchObject({
      code: "KMS_UNAVAILABLE",
    });
    expect(await handler.nextOffset(line.partition)).toBeNull();
    expect(letters()).toEqual([]);
  });

  test("of Postgres: so too", async () => {
    const elsewhere = createDatabase("postgresql://nobody@127.0.0.1:9/none");
    const { handler, letters } = worker({ on: elsewhere });
    await expect(feed(handler).batch(bench.markReadRecord(bench.person(1), [randomUUID()]))).rejects.toThrow();
    expect(letters()).toEqual([]);
    await elsewhere.$disconnect();
  });

  test("that breaks off in the middle of a batch: so too, and the same batch is stored afterwards", async () => {
    const { handler, letters } = worker();
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const line = feed(handler);
    await line.batch(bench.messageRecord(randomUUID(), alice, bob));
    const second = bench.messageRecord(randomUUID(), alice, bob);
    const records = bench.asLog(topic, line.partition, 1n, [second]);
    let broken: Promise<unknown> | undefined;
    await database.$transaction(async (holding) => {
      await holding.$queryRaw`SELECT head FROM messages.mailboxes WHERE device_id = ${bob.devices[0]}::uuid FOR UPDATE`;
      broken = handler.onBatch(line.partition, records, signal).catch((error: unknown) => error);
      await vi.waitFor(async () => {
        // Not in the holding transaction, which would see its first look again and again.
        const ended = await database.$queryRaw`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        expect(ended).toHaveLength(1);
      });
    });
    expect(await broken).toBeInstanceOf(Error);
    expect(await handler.nextOffset(line.partition)).toBe(1n);
    expect(letters()).toEqual([]);
    await vi.waitFor(async () => expect(await handler.onBatch(line.partition, records, signal)).toBe(2n));
    expect((await bench.framesOf(database, bob.devices[0])).map(({ seq }) => seq)).toEqual([1n, 2n]);
  });
});

describe("the fence", () => {
  test("a worker that lost its partition commits nothing, and learns where it stands", async () => {
    const [slow, quick] = [worker(), worker()];
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const line = feed(quick.handler);
    await line.batch(bench.messageRecord(randomUUID(), alice, bob), bench.messageRecord(randomUUID(), alice, bob));
    const stale = bench.asLog(topic, line.partition, 0n, [bench.messageRecord(randomUUID(), alice, bob)]);
    expect(await slow.handler.onBatch(line.partition, stale, signal)).toBe(2n);
    expect(await bench.framesOf(database, bob.devices[0])).toHaveLength(2);
    expect(slow.events()).toEqual([]);
  });

  test("of two workers with the same batch at once one commits it", async () => {
    const [one, other] = [worker(), worker()];
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const partition = (lastPartition += 1);
    const values = Array.from({ length: 20 }, () => bench.messageRecord(randomUUID(), alice, bob));
    const records = bench.asLog(topic, partition, 5n, values);
    const next = await Promise.all([one, other].map(({ handler }) => handler.onBatch(partition, records, signal)));
    expect(next).toEqual([25n, 25n]);
    expect((await bench.framesOf(database, bob.devices[0])).map(({ seq }) => Number(seq))).toEqual(
      values.map((_, at) => at + 1),
    );
    expect([one.events().length, other.events().length].toSorted()[0]).toBe(0);
  });
});

describe("one mailbox, one sequence", () => {
  test("workers that write to the same mailboxes at once leave no gap and no double", async () => {
    const [alice, bob, carol] = [bench.person(2), bench.person(3), bench.person(2)];
    const pairs = [
      [alice, bob],
      [bob, carol],
      [carol, alice],
      [bob, alice],
    ] as const;
    const rounds = 12;
    await Promise.all(
      pairs.map(async ([from, to], index) => {
        // A database client each: as many processors.
        const client = createDatabase(own.url);
        const { handler } = worker({ on: client });
        const line = feed(handler);
        const conversation = randomUUID();
        for (let round = 0; round < rounds; round += 1) {
          const messages = Array.from({ length: 5 }, () => bench.messageRecord(conversation, from, to));
          await line.batch(...messages, bench.acknowledgeRecord(to, round, index % to.devices.length));
        }
        await client.$disconnect();
      }),
    );
    for (const device of [...alice.devices, ...bob.devices, ...carol.devices]) {
      const seqs = (await bench.framesOf(database, device)).map(({ seq }) => Number(seq));
      expect(seqs).toEqual(seqs.map((_, at) => at + 1));
      const [mailbox] = await database.$queryRaw<{ head: bigint }[]>`
        SELECT head FROM messages.mailboxes WHERE device_id = ${device}::uuid`;
      expect(Number(mailbox?.head)).toBe(seqs.length);
      expect(seqs.length).toBeGreaterThanOrEqual(rounds * 5);
    }
  });

  test("a batch takes at most as many records as configured", async () => {
    const { handler } = worker({ maxBatchRecords: 2 });
    const [alice, bob] = [bench.person(1), bench.person(1)];
    const messages = [1, 2, 3].map(() => bench.messageRecord(randomUUID(), alice, bob));
    expect(await feed(handler).batch(...messages)).toBe(2n);
  });
});
