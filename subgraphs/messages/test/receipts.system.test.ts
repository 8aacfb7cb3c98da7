import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { eventually, startMessagesUnderTest, type MessagesUnderTest, type Person } from "./messages-under-test.ts";
import type { TestDevice } from "./test-device.ts";

let messages: MessagesUnderTest;
let alice: Person;
let bob: Person;
let from: TestDevice;
let to: TestDevice;

beforeAll(async () => {
  messages = await startMessagesUnderTest(inject("system"));
  [alice, bob] = await Promise.all([messages.person(), messages.person()]);
  from = alice.devices[0] as TestDevice;
  to = bob.devices[0] as TestDevice;
});
afterAll(() => messages.stop());

describe("a message's receipts", () => {
  it("come to the sender: stored, delivered by acknowledge, read by markRead, once each", async () => {
    const told = from.subscribe();
    const got = to.subscribe();
    const input = from.inputTo(alice, bob);
    await from.send(input);
    const frames = await got.until((all) => all.some(({ __typename }) => __typename === "MessageFrame"));
    const cursor = frames.find(({ __typename }) => __typename === "MessageFrame")?.cursor ?? "";
    await to.acknowledge(cursor);
    await told.until((all) => all.some(({ kind }) => kind === "DELIVERED"));
    expect(await to.markRead([input.id, randomUUID(), input.id])).toEqual({ ids: [input.id], error: undefined });
    await told.until((all) => all.some(({ kind }) => kind === "READ"));
    await to.acknowledge(cursor);
    await eventually(async () => expect((await to.markRead([input.id])).ids).toEqual([input.id]));
    const receipts = told.of("ReceiptFrame").map(({ kind, messageIds, byUser }) => [kind, messageIds, byUser.id]);
    expect(receipts).toEqual([
      ["STORED", [input.id], alice.userId],
      ["DELIVERED", [input.id], bob.userId],
      ["READ", [input.id], bob.userId],
    ]);
    told.stop();
    got.stop();
  });
});

describe("acknowledge", () => {
  it("refuses a cursor that is forged, of another device, of another epoch or past the head", async () => {
    // A mailbox that nobody sends to again: its row is changed by hand.
    const carol = await messages.person();
    const reader = carol.devices[0] as TestDevice;
    await from.send(from.inputTo(alice, carol));
    const stream = reader.subscribe();
    const frames = await stream.until((all) => all.some(({ __typename }) => __typename === "MessageFrame"));
    const cursor = frames.find(({ __typename }) => __typename === "MessageFrame")?.cursor ?? "";
    stream.stop();
    const refused = { code: "CURSOR_INVALID", retryable: false };
    expect((await reader.acknowledge(`B${cursor.slice(1)}`)).error).toMatchObject(refused);
    expect((await from.acknowledge(cursor)).error).toMatchObject(refused);
    const become = (change: string) =>
      messages.query(`UPDATE messages.mailboxes SET ${change} WHERE device_id = $1`, [reader.id]);
    await become("epoch = 2");
    expect((await reader.acknowledge(cursor)).error).toMatchObject(refused);
    await become("epoch = 1, head = 0");
    expect((await reader.acknowledge(cursor)).error).toMatchObject(refused);
    await become("head = 1");
    expect((await reader.acknowledge(cursor)).error).toBeUndefined();
  });

  it("refuses somebody else's device", async () => {
    expect((await to.acknowledge("x", from.id)).error).toMatchObject({ code: "DEVICE_FORBIDDEN" });
  });
});

describe("markRead", () => {
  it.each([
    ["no ids", [], "BAD_USER_INPUT"],
    ["more than 500 ids", Array.from({ length: 501 }, () => randomUUID()), "BAD_USER_INPUT"],
    ["an id that is no UUID", ["1"], "BAD_USER_INPUT"],
  ])("refuses %s", async (_, ids, code) => {
    expect((await to.markRead(ids)).error).toMatchObject({ code });
  });

  it("marks nothing of one's own, and nothing of others' conversations", async () => {
    const input = from.inputTo(alice, bob);
    await from.send(input);
    await eventually(async () => expect((await to.markRead([input.id])).ids).toEqual([input.id]));
    expect((await from.markRead([input.id])).ids).toEqual([]);
    const carol = await messages.person();
    expect((await (carol.devices[0] as TestDevice).markRead([input.id])).ids).toEqual([]);
  });
});
