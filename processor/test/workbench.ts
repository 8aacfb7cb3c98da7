/** A database of one's own on the system's Postgres, topics of one's own on its Kafka, and records to put there. */
import { randomBytes, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createKafka, type KafkaLog, type LogRecord } from "@sealgraph/platform/kafka.ts";
import { createLog } from "@sealgraph/platform/log.ts";
import type { IncomingRecord, MessageRecord } from "@sealgraph/platform/records.ts";
import type * as kafkajs from "kafkajs";
import { Registry } from "prom-client";
import { createDatabase, type Database } from "../src/database.ts";

const migrations = new URL("../../prisma/messages/migrations/", import.meta.url);
export const log = createLog("processor-test", process.env["LOG_LEVEL"] ?? "fatal");

// The local KMS checks no signature, but the SDK signs.
process.env["AWS_ACCESS_KEY_ID"] ??= "local";
process.env["AWS_SECRET_ACCESS_KEY"] ??= "local";

export interface Addresses {
  readonly databaseUrls: { readonly admin: string };
  readonly kafkaBrokers: string[];
  readonly kmsEndpoint: string;
  readonly kmsKeyId: string;
}

/** A fresh database with the schema "messages". */
export async function ownDatabase(
  system: Addresses,
): Promise<{ url: string; database: Database; drop(): Promise<void> }> {
  const name = `processor_${randomUUID().replaceAll("-", "")}`;
  const admin = createDatabase(system.databaseUrls.admin);
  await admin.$executeRawUnsafe(`CREATE DATABASE ${name}`);
  const url = new URL(system.databaseUrls.admin);
  url.pathname = `/${name}`;
  const database = createDatabase(url.href);
  for (const entry of readdirSync(migrations, { withFileTypes: true }).filter((found) => found.isDirectory())) {
    const sql = readFileSync(new URL(`${entry.name}/migration.sql`, migrations), "utf8");
    for (const statement of sql.split(/;\s*$/m).filter((text) => text.trim() !== ""))
      await database.$executeRawUnsafe(statement);
  }
  return {
    url: url.href,
    database,
    async drop() {
      await database.$disconnect();
      await admin.$executeRawUnsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.$disconnect();
    },
  };
}

/** kafkajs itself, by way of the platform, which depends on it and whose module makes no topics. */
const { Kafka } = createRequire(import.meta.resolve("@sealgraph/platform/kafka.ts"))("kafkajs") as typeof kafkajs;

export async function ownTopic(system: Addresses, partitions: number): Promise<string> {
  const topic = `test-incoming-${randomUUID()}`;
  await withAdmin(system, (admin) => admin.createTopics({ topics: [{ topic, numPartitions: partitions }] }));
  return topic;
}

export async function withAdmin<T>(system: Addresses, use: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: system.kafkaBrokers, logLevel: 0 }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

export const kafkaOf = (system: Addresses): KafkaLog =>
  createKafka({ brokers: system.kafkaBrokers, clientId: "processor-test" }, log);

export const newRegistry = () => new Registry();

export const base64url = (bytes: number) => randomBytes(bytes).toString("base64url");

export interface Person {
  readonly userId: string;
  readonly devices: readonly string[];
}

export const person = (devices: number): Person => ({
  userId: randomUUID(),
  devices: Array.from({ length: devices }, () => randomUUID()),
});

/** A message from the sender's first device to all other devices of both. */
export function messageRecord(
  conversationId: string,
  sender: Person,
  recipient: Person,
  given: Partial<MessageRecord> = {},
): MessageRecord {
  const [senderDevice = ""] = sender.devices;
  return {
    v: 1,
    type: "message",
    id: randomUUID(),
    contentHash: base64url(32),
    conversationId,
    senderUser: sender.userId,
    senderDevice,
    suite: "e2ee/1",
    body: base64url(200),
    acceptedAt: new Date().toISOString(),
    recipients: [sender, recipient].map(({ userId, devices }) => ({
      userId,
      devicesVersion: devices.length,
      headers: devices
        .filter((deviceId) => deviceId !== senderDevice)
        .map((deviceId) => ({ deviceId, header: base64url(256) })),
    })),
    ...given,
  };
}

export const acknowledgeRecord = (user: Person, seq: number, device = 0, epoch = 1): IncomingRecord => ({
  v: 1,
  type: "acknowledge",
  userId: user.userId,
  deviceId: user.devices[device] ?? "",
  epoch,
  seq,
  at: new Date().toISOString(),
});

export const markReadRecord = (user: Person, messageIds: string[], device = 0): IncomingRecord => ({
  v: 1,
  type: "mark_read",
  userId: user.userId,
  deviceId: user.devices[device] ?? "",
  messageIds,
  at: new Date().toISOString(),
});

/** Records as Kafka would give them. */
export function asLog(
  topic: string,
  partition: number,
  firstOffset: bigint,
  values: readonly (object | string)[],
): LogRecord[] {
  return values.map((value, index) => ({
    topic,
    partition,
    offset: firstOffset + BigInt(index),
    timestampMs: Date.now(),
    key: Buffer.from("key"),
    value: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
  }));
}

export interface FrameRow {
  seq: bigint;
  kind: string;
  message_id: string | null;
  detail: {
    kind?: string;
    messageIds?: string[];
    byUser?: string;
    messageId?: string;
    contentHash?: string;
    code?: string;
  } | null;
}

export const framesOf = (database: Database, deviceId: string | undefined) =>
  database.$queryRaw<FrameRow[]>`
    SELECT seq, kind, message_id, detail FROM messages.frames WHERE device_id = ${deviceId}::uuid ORDER BY seq`;
