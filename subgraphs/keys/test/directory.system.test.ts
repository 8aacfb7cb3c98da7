import { setTimeout as sleep } from "node:timers/promises";
import { createKafka } from "@sealgraph/platform/kafka.ts";
import { createLog } from "@sealgraph/platform/log.ts";
import { createRegistry } from "@sealgraph/platform/metrics.ts";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { createDatabase, inTransaction } from "../src/database.ts";
import { enqueueEntries } from "../src/directory/outbox.ts";
import { startRelay } from "../src/directory/relay.ts";
import { startKeys } from "../src/service.ts";
import { createFreshTopic, readDirectory } from "./fresh-parts.ts";
import { startKeysUnderTest, soon } from "./keys-under-test.ts";

const system = inject("system");
const log = createLog("keys-test", "silent");
let keys: Awaited<ReturnType<typeof startKeysUnderTest>>;
beforeEach(async () => {
  keys = await startKeysUnderTest(system, { DIRECTORY_HEARTBEAT_MS: "200" });
});
afterEach(async () => {
  await keys.stop();
});

const outboxRows = async () => (await keys.database.query("SELECT id FROM keys.directory_outbox")).length;
const versions = (entries: { devicesVersion: number }[]) => entries.map(({ devicesVersion }) => devicesVersion);

/** Users without devices, behind the program's back. */
async function insertUsers(count: number): Promise<string[]> {
  const rows = await keys.database.query<{ id: string }>(
    `INSERT INTO keys.users (id, issuer, subject, username, display_name, devices_version)
     SELECT gen_random_uuid(), 'test', n, 'inserted-' || n, 'x', 3 FROM generate_series(1, $1) AS n RETURNING id`,
    [count],
  );
  return rows.map(({ id }) => id);
}

describe("the device directory", () => {
  it("gets every version of a user in order, whichever replicas made the changes", async () => {
    const replica = await keys.startReplica();
    const urls = [keys.url, replica.url];
    const people = await Promise.all(Array.from({ length: 6 }, () => keys.person()));
    await Promise.all(
      people.map(async (person) => {
        const devices = await Promise.all(Array.from({ length: 6 }, () => person.register()));
        await Promise.all(
          devices.map(({ data }, at) =>
            person.call(
              "mutation ($id: ID!) { revokeDevice(id: $id) { id } }",
              { id: data.registerDevice.id },
              urls[at % 2],
            ),
          ),
        );
      }),
    );
    await expect.poll(outboxRows, soon).toBe(0);
    const directory = await keys.directory();
    for (const { userId } of people) {
      const changes = directory.changesOf(userId);
      expect(versions(changes)).toEqual(Array.from({ length: 13 }, (_, version) => version));
      expect(changes.map(({ devices }) => devices.length)).toEqual([0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 0]);
      expect(changes.at(-1)?.revoked).toHaveLength(6);
    }
    await directory.stop();
    await replica.stop();
  });

  it("gets heartbeats, and the program is ready with them", async () => {
    const directory = await keys.directory();
    await expect.poll(() => keys.ready(), soon).toBe(true);
    await expect.poll(() => directory.heartbeats(), soon).toBeGreaterThan(3);
    await directory.stop();
  });

  it("keeps a change that was published, but not deleted, and publishes it again", async () => {
    const kafka = createKafka({ brokers: system.kafkaBrokers, clientId: "crash" }, log);
    const database = createDatabase(keys.database.url, log);
    const fresh = await createFreshTopic(system.kafkaBrokers);
    const directory = await readDirectory(system.kafkaBrokers, fresh.topic);
    await keys.halt();
    const [userId = ""] = await insertUsers(1);
    await inTransaction(database, (transaction) => enqueueEntries(transaction, [userId]));

    const real = await kafka.producer({ timeoutMs: 5_000 });
    let crashes = 2;
    const relay = startRelay({
      database,
      topic: fresh.topic,
      heartbeatMs: 60_000,
      pollMs: 10,
      log,
      producer: Promise.resolve({
        async sendBatch(topic, records) {
          await real.sendBatch(topic, records);
          crashes -= 1;
          if (crashes >= 0) throw new Error("crashed after Kafka's acknowledgement");
        },
      }),
    });
    await expect.poll(() => versions(directory.entries), soon).toEqual([3, 3, 3]);
    await expect.poll(outboxRows, soon).toBe(0);
    await relay.stop();
    await directory.stop();
    await kafka.stop();
    await database.$disconnect();
    await fresh.delete();
  });

  it("is published by one relay at a time", async () => {
    const database = createDatabase(keys.database.url, log);
    await keys.halt();
    let atOnce = 0;
    let mostAtOnce = 0;
    const sent: string[] = [];
    const relays = Array.from({ length: 4 }, () =>
      startRelay({
        database,
        topic: "unused",
        heartbeatMs: 60_000,
        pollMs: 1,
        log,
        producer: Promise.resolve({
          async sendBatch(_topic, records) {
            atOnce += 1;
            mostAtOnce = Math.max(mostAtOnce, atOnce);
            await sleep(20);
            sent.push(...records.map(({ key }) => key).filter((key) => key !== "heartbeat"));
            atOnce -= 1;
          },
        }),
      }),
    );
    const users = await insertUsers(5);
    for (const userId of users) await inTransaction(database, (transaction) => enqueueEntries(transaction, [userId]));
    await expect.poll(outboxRows, soon).toBe(0);
    expect(sent).toEqual(users);
    expect(mostAtOnce).toBe(1);
    await Promise.all(relays.map((relay) => relay.stop()));
    await database.$disconnect();
  });

  it("is published anew, whole, when the topic was lost and Postgres was not", async () => {
    const users = await insertUsers(1_200);
    const fresh = await createFreshTopic(system.kafkaBrokers);
    const config = { ...keys.config, topic: fresh.topic };
    await keys.halt();
    const replica = await startKeys(config, log, createRegistry("keys"));
    const directory = await readDirectory(system.kafkaBrokers, fresh.topic);
    const found = () => new Set(directory.entries.map(({ userId }) => userId)).size;
    await expect.poll(found, soon).toBe(users.length);
    expect(new Set(versions(directory.entries))).toEqual(new Set([3]));

    // A start that finds everything told publishes nothing. What was published and not yet deleted would be told again.
    await expect.poll(outboxRows, soon).toBe(0);
    await replica.stop();
    const told = directory.entries.length;
    const again = await startKeys(config, log, createRegistry("keys"));
    const beats = directory.heartbeats();
    await expect.poll(() => directory.heartbeats(), soon).toBeGreaterThan(beats + 10);
    expect(directory.entries.length).toBe(told);
    await again.stop();
    await directory.stop();
    await fresh.delete();
  });

  it("gets a version over all that it had, when the database was restored to an earlier time", async () => {
    const alice = await keys.person();
    const devices = [];
    for (let count = 0; count < 3; count += 1) devices.push((await alice.register()).data.registerDevice.id as string);
    await expect.poll(outboxRows, soon).toBe(0);
    await keys.halt();
    await keys.database.query("DELETE FROM keys.devices WHERE id <> $1", [devices[0]]);
    await keys.database.query("UPDATE keys.users SET devices_version = 1");
    await keys.restart();
    const directory = await keys.directory();
    await expect
      .poll(() => directory.changesOf(alice.userId).at(-1), soon)
      .toMatchObject({ devicesVersion: 4, devices: [{ id: devices[0] }] });
    await directory.stop();
    expect((await alice.call("{ me { devicesVersion } }")).data.me.devicesVersion).toBe(4);
  });
});

describe("an outage", () => {
  it("of Postgres is STORE_UNAVAILABLE, and passes", async () => {
    const alice = await keys.person();
    await alice.call("{ me { id } }");
    const name = new URL(keys.database.url).pathname.slice(1);
    const directory = await keys.directory();
    await asAdmin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    const codes = new Set<string | undefined>();
    for (let count = 0; count < 10; count += 1) {
      const answers = await Promise.all([alice.call("{ me { id } }"), alice.register()]);
      for (const { errors } of answers) codes.add(errors?.[0]?.extensions.code);
    }
    expect(codes).toEqual(new Set(["STORE_UNAVAILABLE"]));
    await asAdmin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await expect.poll(async () => (await alice.register()).errors, soon).toBeUndefined();
    await expect.poll(() => directory.changesOf(alice.userId).at(-1)?.devices.length, soon).toBe(1);
    await directory.stop();
  });

  it.skipIf(system.kafkaPid === 0)("of Kafka delays the directory, loses nothing, and shows in readiness", async () => {
    const alice = await keys.person();
    await expect.poll(() => keys.ready(), soon).toBe(true);
    process.kill(system.kafkaPid, "SIGSTOP");
    try {
      expect((await alice.register()).errors).toBeUndefined();
      expect((await alice.register()).errors).toBeUndefined();
      await expect.poll(() => keys.ready(), { timeout: 15_000, interval: 200 }).toBe(false);
      expect(await outboxRows()).toBeGreaterThan(0);
    } finally {
      process.kill(system.kafkaPid, "SIGCONT");
    }
    await expect.poll(outboxRows, { timeout: 30_000, interval: 200 }).toBe(0);
    await expect.poll(() => keys.ready(), soon).toBe(true);
    const directory = await keys.directory();
    expect(directory.changesOf(alice.userId).at(-1)).toMatchObject({ devicesVersion: 2 });
    await directory.stop();
  });
});

const asAdmin = async (sql: string) => {
  const database = createDatabase(system.databaseUrls.admin, log);
  await database.$executeRawUnsafe(sql);
  await database.$disconnect();
};
