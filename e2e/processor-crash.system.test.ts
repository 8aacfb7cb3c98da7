import { Client as Postgres } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { controlOf } from "./control.ts";
import { messageIds, OpaqueDevice, type Frame } from "./opaque-device.ts";

const system = inject("system");
const control = controlOf(system.controlUrl);
const messages = 2_000;
/** After how many messages the processor is killed wherever it happens to be, and then at the point that matters most. */
const killsAnywhere = [300, 700, 1_100];
const killBetweenCommitAndPublish = 1_500;

describe("a processor that is killed", () => {
  let alice: OpaqueDevice;
  let bob: OpaqueDevice;
  const database = new Postgres({ connectionString: system.databaseUrls.admin });

  beforeAll(async () => {
    await database.connect();
    alice = await OpaqueDevice.register(system, "alice");
    bob = await OpaqueDevice.register(system, "bob");
  });
  afterAll(async () => {
    await alice.close();
    await bob.close();
    await database.end();
  });

  const head = async () => {
    const { rows } = await database.query<{ head: string }>(
      "SELECT head FROM messages.mailboxes WHERE device_id = $1",
      [bob.id],
    );
    return Number(rows[0]?.head ?? 0);
  };
  const processorWaitsForALock = async () => {
    const { rows } = await database.query<{ waiting: string }>(
      "SELECT count(*) AS waiting FROM pg_stat_activity WHERE usename = 'processor' AND wait_event_type = 'Lock'",
    );
    return Number(rows[0]?.waiting);
  };

  /** Holds Bob's mailbox so that the batch waits inside its transaction; freezes Kafka; lets the batch commit. */
  async function killAfterCommitBeforePublish(sendOne: () => Promise<void>) {
    const before = await head();
    const holder = new Postgres({ connectionString: system.databaseUrls.admin });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM messages.mailboxes WHERE device_id = $1 FOR UPDATE", [bob.id]);
    for (let count = 0; count < 5; count++) await sendOne();
    await expect.poll(processorWaitsForALock, { timeout: 15_000 }).toBeGreaterThan(0);
    process.kill(system.kafkaPid, "SIGSTOP");
    try {
      await holder.query("ROLLBACK");
      await expect.poll(head, { timeout: 15_000 }).toBeGreaterThan(before);
      await control.kill("processor", "SIGKILL"); // committed, and Kafka took nothing of it
    } finally {
      process.kill(system.kafkaPid, "SIGCONT");
      await holder.end();
    }
    await control.start("processor");
  }

  it("loses, doubles and reorders nothing of 2,000 messages, wherever it is killed", { timeout: 300_000 }, async () => {
    const received: Frame[] = [];
    const receiving = bob.collect(
      (frames) => {
        received.push(frames.at(-1)!);
        return messageIds(received).length >= messages;
      },
      { acknowledge: 64 },
    );
    const make = await alice.inputTo("bob");
    const sent: string[] = [];
    const sendOne = async () => {
      const input = make();
      await alice.sendSurely(input);
      sent.push(input.id);
    };
    let kills = 0;
    while (sent.length < messages) {
      await sendOne();
      if (killsAnywhere.includes(sent.length)) {
        await control.kill("processor", "SIGKILL");
        kills++;
        for (let count = 0; count < 50; count++) await sendOne(); // accepted while nobody stores
        await control.start("processor");
      }
      if (sent.length === killBetweenCommitAndPublish) {
        await killAfterCommitBeforePublish(sendOne);
        kills++;
      }
    }
    await receiving;
    expect(kills).toBe(killsAnywhere.length + 1);
    expect(messageIds(received)).toEqual(sent);
    const sequence = received.filter((frame) => frame.__typename === "MessageFrame").map((frame) => frame.seq);
    expect(sequence).toEqual(Array.from({ length: messages }, (_, index) => index + 1));
    expect(await head()).toBe(messages);
  });
});
