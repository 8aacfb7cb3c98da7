import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { memoryStore } from "./memory.ts";
import { sqliteStore } from "./sqlite.ts";
import type { Store, StoredMessage } from "./store.ts";

const directory = mkdtempSync(join(tmpdir(), "sealgraph-store-"));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${++files}.db`);

const message = (id: string, status: StoredMessage["status"] = "received"): StoredMessage => ({
  id,
  conversationId: "c",
  senderUser: "u",
  senderDevice: "d",
  content: { type: "text", text: `text of ${id}` },
  time: "2026-01-01T00:00:00Z",
  status,
});
const device = {
  id: "device-1",
  userId: "u",
  username: "alice",
  name: "laptop",
  suite: "e2ee/1",
  keys: "the private keys",
};

// One suite over all of them: a browser's store belongs here too.
describe.each<[string, () => Store]>([
  ["memory", memoryStore],
  ["sqlite", () => sqliteStore({ path: newPath() })],
])("the %s store", (_name, make) => {
  test("keeps a message, the suite's state and the cursor together", async () => {
    const store = make();
    await store.transaction(async (tx) => {
      await tx.putMessage(message("m1"));
      await tx.putSeen("m1", "digest");
      await tx.putConversation({ id: "c", members: ["u", "v"], suite: "e2ee/1", suiteState: { step: 1 } });
      await tx.putPosition({ cursor: "one", seq: 1 });
    });
    await store.transaction(async (tx) => {
      expect(await tx.message("m1")).toEqual(message("m1"));
      expect(await tx.seen("m1")).toBe("digest");
      expect((await tx.conversation("c"))?.suiteState).toEqual({ step: 1 });
      expect(await tx.position()).toEqual({ cursor: "one", seq: 1 });
    });
    await store.close();
  });

  test("takes everything back when the work throws", async () => {
    const store = make();
    await store.transaction(async (tx) => {
      await tx.putPosition({ cursor: "one", seq: 1 });
      await tx.putOutbox({ messageId: "o1", conversationId: "c", input: "{}", queuedAt: "" });
    });
    const failing = store.transaction(async (tx) => {
      await tx.putMessage(message("m1"));
      await tx.putPosition({ cursor: "two", seq: 2 });
      await tx.putPosition({ cursor: "three", seq: 3 });
      await tx.removeOutbox("o1");
      throw new Error("the disk is full");
    });
    await expect(failing).rejects.toThrow("the disk is full");
    await store.transaction(async (tx) => {
      expect(await tx.message("m1")).toBeUndefined();
      expect(await tx.position()).toEqual({ cursor: "one", seq: 1 });
      expect(await tx.outboxSize()).toBe(1);
    });
    await store.close();
  });

  test("runs transactions one after another", async () => {
    const store = make();
    const increment = () =>
      store.transaction(async (tx) => {
        const seq = (await tx.position())?.seq ?? 0;
        await Promise.resolve();
        await tx.putPosition({ cursor: "c", seq: seq + 1 });
      });
    await Promise.all(Array.from({ length: 20 }, increment));
    expect((await store.transaction((tx) => tx.position()))?.seq).toBe(20);
    await store.close();
  });

  test("keeps the order of arrival when a message changes, and gives the newest of a conversation", async () => {
    const store = make();
    await store.transaction(async (tx) => {
      for (const id of ["m1", "m2", "m3"]) await tx.putMessage(message(id));
      await tx.putMessage(message("m1", "read"));
      expect((await tx.messages("c", 10)).map(({ id, status }) => `${id} ${status}`)).toEqual([
        "m1 read",
        "m2 received",
        "m3 received",
      ]);
      expect((await tx.messages("c", 2)).map(({ id }) => id)).toEqual(["m2", "m3"]);
      expect(await tx.messages("other", 10)).toEqual([]);
    });
    await store.close();
  });

  test("keeps the outbox in order, its exact input, and an entry's place when it is encrypted anew", async () => {
    const store = make();
    const entry = (messageId: string, input: string) => ({ messageId, conversationId: "c", input, queuedAt: "" });
    await store.transaction(async (tx) => {
      await tx.putOutbox(entry("o1", '{"b":1,"a":2}'));
      await tx.putOutbox(entry("o2", "{}"));
      await tx.putOutbox(entry("o1", '{"b":2,"a":2}'));
      expect((await tx.outbox()).map(({ messageId, input }) => [messageId, input])).toEqual([
        ["o1", '{"b":2,"a":2}'],
        ["o2", "{}"],
      ]);
      await tx.removeOutbox("o1");
      expect(await tx.outboxSize()).toBe(1);
    });
    await store.close();
  });

  test("finds users by name and pinned devices by user, and keeps a refused message with its error", async () => {
    const store = make();
    const pinned = {
      id: "d1",
      userId: "u",
      name: "phone",
      encryptionKey: "E",
      signingKey: "S",
      pinnedAt: "",
      revoked: false,
    };
    const refused = {
      messageId: "m9",
      conversationId: "c",
      senderUser: "u",
      senderDevice: "d1",
      suite: "e2ee/1",
      body: "b",
      header: "h",
      seq: 4,
      code: "SIGNATURE_INVALID" as const,
      reason: "r",
      refusedAt: "",
    };
    await store.transaction(async (tx) => {
      await tx.putUser({ id: "u", username: "alice", displayName: "Alice", devicesVersion: 1 });
      await tx.pin(pinned);
      await tx.pin({ ...pinned, id: "d2", userId: "v" });
      await tx.putRefused(refused);
    });
    await store.transaction(async (tx) => {
      expect((await tx.userByName("alice"))?.id).toBe("u");
      expect(await tx.pinnedDevicesOf("u")).toEqual([pinned]);
      expect(await tx.refused(10)).toEqual([refused]);
    });
    await store.close();
  });

  test("keeps the device", async () => {
    const store = make();
    expect(await store.device()).toBeUndefined();
    await store.saveDevice({ ...device, id: undefined });
    expect(await store.device()).toEqual({ ...device, id: undefined });
    await store.saveDevice(device);
    expect(await store.device()).toEqual(device);
    await store.close();
  });
});

describe("the sqlite store's file", () => {
  test("is readable by its owner only, and so are the files beside it", async () => {
    const path = newPath();
    const store = sqliteStore({ path });
    await store.saveDevice(device);
    for (const suffix of ["", "-wal", "-shm"]) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test("holds no private key in the clear when a passphrase is given, and opens with that passphrase only", async () => {
    const path = newPath();
    const store = sqliteStore({ path, passphrase: "correct horse" });
    await store.saveDevice(device);
    await store.close();
    expect(readFileSync(path).includes("the private keys")).toBe(false);

    const again = sqliteStore({ path, passphrase: "correct horse" });
    expect(await again.device()).toEqual(device);
    await again.close();
    for (const passphrase of ["wrong horse", undefined]) {
      const other = sqliteStore(passphrase === undefined ? { path } : { path, passphrase });
      await expect(other.device()).rejects.toMatchObject({ code: "PASSPHRASE" });
      await other.close();
    }
  });

  test("keeps everything over a restart", async () => {
    const path = newPath();
    const store = sqliteStore({ path });
    await store.transaction((tx) => tx.putPosition({ cursor: "one", seq: 1 }));
    await store.close();
    const again = sqliteStore({ path });
    expect(await again.transaction((tx) => tx.position())).toEqual({ cursor: "one", seq: 1 });
    await again.close();
  });
});
