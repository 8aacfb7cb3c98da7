/** A database and a topic of a test's own, in the running Postgres and Kafka, so that no other relay is at work on them. */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createKafka, type LogRecord } from "@sealgraph/platform/kafka.ts";
import { createLog } from "@sealgraph/platform/log.ts";
import { DirectoryRecord, type DirectoryEntry } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import { Kafka, logLevel } from "kafkajs";
import { Client, type QueryResultRow } from "pg";

const prismaFolder = new URL("../../../prisma/keys/", import.meta.url);

async function asAdmin<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Migrated and granted; the URL is that of the role keys_service. */
export async function createFreshDatabase(urls: { admin: string; keys: string }) {
  const name = `keys_${randomUUID().replaceAll("-", "")}`;
  const inIt = (text: string) => Object.assign(new URL(text), { pathname: `/${name}` }).href;
  await asAdmin(urls.admin, (client) => client.query(`CREATE DATABASE ${name}`));
  await asAdmin(inIt(urls.admin), async (client) => {
    const migrations = new URL("migrations/", prismaFolder);
    for (const folder of readdirSync(migrations, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
      await client.query(readFileSync(new URL(`${folder.name}/migration.sql`, migrations), "utf8"));
    await client.query(readFileSync(new URL("grants.sql", prismaFolder), "utf8"));
  });
  return {
    url: inIt(urls.keys),
    adminUrl: inIt(urls.admin),
    /** Any SQL, as the superuser. */
    query: <Row extends QueryResultRow>(sql: string, values: unknown[] = []) =>
      asAdmin(inIt(urls.admin), async (client) => (await client.query<Row>(sql, values)).rows),
    drop: () => asAdmin(urls.admin, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

/** Like device-directory, under another name. */
export async function createFreshTopic(brokers: string[]) {
  const topic = `directory-${randomUUID()}`;
  const { partitions, config } = topics.deviceDirectory;
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      {
        topic,
        numPartitions: partitions,
        replicationFactor: 1,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      },
    ],
  });
  return {
    topic,
    async delete() {
      await admin.deleteTopics({ topics: [topic] });
      await admin.disconnect();
    },
  };
}

/** Everything that a topic holds and gets, checked against the records' schema. */
export async function readDirectory(brokers: string[], topic: string) {
  const kafka = createKafka({ brokers, clientId: "keys-test" }, createLog("keys-test", "error"));
  const entries: DirectoryEntry[] = [];
  let heartbeats = 0;
  const reader = await kafka.readAll({
    topic,
    from: "beginning",
    onBatch(records: LogRecord[]) {
      for (const { key, value } of records) {
        const record = DirectoryRecord.parse(JSON.parse(value?.toString() ?? "null"));
        if (key?.toString() !== (record.type === "directory" ? record.userId : "heartbeat"))
          throw new Error(`record under the key ${key?.toString()}`);
        if (record.type === "directory") entries.push(record);
        else heartbeats += 1;
      }
    },
  });
  await reader.caughtUp;
  return {
    entries,
    /** Without repetitions at once, which "at least once" allows. */
    changesOf: (userId: string) =>
      entries
        .filter((entry) => entry.userId === userId)
        .filter((entry, at, own) => entry.devicesVersion !== own[at - 1]?.devicesVersion),
    heartbeats: () => heartbeats,
    stop: () => kafka.stop(),
  };
}
