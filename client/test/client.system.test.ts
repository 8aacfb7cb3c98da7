import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { memoryStore } from "../src/index.ts";
import { sqliteStore } from "../src/store/sqlite.ts";
import { People, Reader } from "./people.ts";

const people = new People();
const folder = mkdtempSync(join(tmpdir(), "sealgraph-client-"));
/** Frames are there well within this time, on a busy machine too. */
const soon = { timeout: 20_000, interval: 25 };

afterEach(() => people.leave());
afterAll(() => rmSync(folder, { recursive: true }));

describe("two people", () => {
  test("what one sends the other reads, and receipts come back", async () => {
    const alice = await people.open("alice");
    const bob = await people.open("bob");
    const [alices, bobs] = [new Reader(alice), new Reader(bob)];
    const { id, conversationId, status } = await alice.send("bob", "hello");
    expect(status).toBe("accepted");
    await expect.poll(() => bobs.texts, soon).toEqual(["hello"]);
    await expect.poll(() => alices.types(), soon).toContain("delivered");
    await bob.markRead([id]);
    await expect.poll(() => alices.types(), soon).toContain("read");
    expect(alices.types()).toContain("stored");
    expect((await alice.messages(conversationId)).map(({ status }) => status)).toEqual(["read"]);
    expect((await bob.messages(conversationId)).map(({ status }) => status)).toEqual(["read"]);
  });

  test("what was sent while a device was away is there when it comes back, in order", async () => {
    const alice = await people.open("alice");
    const bob = await people.open("bob");
    const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`);
    await Promise.all(texts.map((text) => alice.send("bob", text)));
    const bobs = new Reader(bob);
    await expect.poll(() => bobs.texts, soon).toEqual(texts);
  });

  test("a device goes on after its saved cursor, and gets nothing twice", async () => {
    const alice = await people.open("alice");
    const path = join(folder, "bob.db");
    const store = sqliteStore({ path, passphrase: "p" });
    const bob = await people.open("bob", { store });
    const before = new Reader(bob);
    await alice.send("bob", "one");
    await expect.poll(() => before.texts, soon).toEqual(["one"]);
    await bob.close();
    await before.ended;
    await store.close();

    await alice.send("bob", "two");
    const reopened = sqliteStore({ path, passphrase: "p" });
    const again = await people.open("bob", { store: reopened });
    expect(again.device.id).toBe(bob.device.id);
    const after = new Reader(again);
    await expect.poll(() => after.types(), soon).toContain("caughtUp");
    await expect.poll(() => after.texts, soon).toEqual(["two"]);
    const [conversation] = await again.conversations();
    expect(await again.messages(conversation?.id ?? "")).toHaveLength(2);
    await again.close();
    await after.ended;
    await reopened.close();
  });

  test("one's own other device gets what one sends", async () => {
    const phone = await people.open("alice");
    const laptop = await people.open("alice");
    await people.open("bob");
    const reader = new Reader(phone);
    await laptop.send("bob", "from the laptop");
    await expect.poll(() => reader.texts, soon).toEqual(["from the laptop"]);
    const message = reader.events.find(({ type }) => type === "message");
    expect(message).toMatchObject({ message: { senderDevice: laptop.device.id, status: "stored" } });
  });
});

describe("devices", () => {
  test("an added device is told, and reads what is sent from then on", async () => {
    const alice = await people.open("alice");
    await people.open("bob");
    await alice.send("bob", "to one device");
    const phone = await people.open("bob");
    const [alices, phones] = [new Reader(alice), new Reader(phone)];
    await expect.poll(() => phones.types(), soon).toContain("caughtUp");
    await expect
      .poll(async () => {
        await alice.send("bob", "to both");
        return phones.texts.includes("to both");
      }, soon)
      .toBe(true);
    await expect.poll(() => alices.types(), soon).toContain("deviceAdded");
    const added = alices.events.filter(({ type }) => type === "deviceAdded");
    expect(added).toMatchObject([{ username: "bob", deviceId: phone.device.id }]);
    expect(phones.texts).not.toContain("to one device");
  });

  test("a revoked device's inbox ends", async () => {
    const bob = await people.open("bob");
    const reader = new Reader(bob);
    await expect.poll(() => reader.types(), soon).toContain("caughtUp");
    await bob.revokeDevice();
    await reader.ended;
    expect(reader.error).toMatchObject({ code: "DEVICE_REVOKED" });
  });
});

describe("the outbox", () => {
  test("a message whose answer was lost is sent again after a restart, and arrives once", async () => {
    const store = memoryStore();
    const bobs = new Reader(await people.open("bob"));
    let sends = 0;
    const losing: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(init?.body).includes("mutation SendMessage")) return response;
      sends++;
      throw new TypeError("the connection broke before the answer");
    };
    const alice = await people.open("alice", { store, fetch: losing });
    const sending = alice.send("bob", "once");
    await expect.poll(() => sends, soon).toBeGreaterThan(1);
    await alice.close();
    expect(await sending).toMatchObject({ status: "queued" });
    expect(await store.transaction((tx) => tx.outboxSize())).toBe(1);

    await people.open("alice", { store });
    await expect.poll(() => store.transaction((tx) => tx.outboxSize()), soon).toBe(0);
    await expect.poll(() => bobs.texts, soon).toEqual(["once"]);
    const messages = await store.transaction(async (tx) => tx.messages((await tx.conversations())[0]?.id ?? "", 10));
    expect(messages.map(({ status }) => status)).toEqual(["accepted"]);
  });
});
