import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { topics } from "@sealgraph/platform/topics.ts";
import { eventually, startMessagesUnderTest, type MessagesUnderTest, type Person } from "./messages-under-test.ts";
import type { Frame, TestDevice } from "./test-device.ts";

let messages: MessagesUnderTest;
beforeAll(async () => {
  messages = await startMessagesUnderTest(inject("system"), {
    REPLAY_PAGE_FRAMES: "7",
    HEAD_POLL_MS: "200",
    READER_LAG_WAIT_MS: "500",
    READER_CREDIT_FRAMES: "40",
  });
});
afterAll(() => messages.stop());

const only = (person: Person) => person.devices[0] as TestDevice;
const ids = (frames: readonly Frame[]) =>
  frames.filter(({ __typename }) => __typename === "MessageFrame").map(({ message }) => message.id);
const seqs = (frames: readonly Frame[]) =>
  frames.filter(({ __typename }) => __typename.endsWith("Frame")).map(({ seq }) => seq);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

async function pair() {
  const [alice, bob] = await Promise.all([messages.person(), messages.person()]);
  const from = only(alice);
  const send = async (count: number, bodyBytes?: number) => {
    const inputs = Array.from({ length: count }, () => from.inputTo(alice, bob, bodyBytes));
    for (const input of inputs) expect(await from.send(input)).toMatchObject({ __typename: "MessageAccepted" });
    return inputs;
  };
  return { alice, bob, from, to: only(bob), send };
}

const headOf = async (deviceId: string) =>
  Number(
    (await messages.query("SELECT head FROM messages.mailboxes WHERE device_id = $1", [deviceId])).rows[0]?.head ?? 0,
  );

describe("inbox", () => {
  it("replays what is stored, says that it has caught up, and goes on live without a seam", async () => {
    const { to, from, send } = await pair();
    const before = await send(20);
    await eventually(async () => expect(await headOf(to.id)).toBe(20));
    const stream = to.subscribe();
    const during = send(10);
    const sent = [...before, ...(await during)];
    const frames = await stream.until((frames) => ids(frames).length === 30);
    expect(ids(frames)).toEqual(sent.map(({ id }) => id));
    expect(seqs(frames)).toEqual(upTo(30));
    expect(stream.of("CaughtUp")).toHaveLength(1);
    expect(stream.of("CaughtUp")[0]?.seq).toBeGreaterThanOrEqual(20);
    const last = sent.at(-1);
    expect(frames.findLast(({ __typename }) => __typename === "MessageFrame")).toMatchObject({
      header: last?.recipients[1]?.headers[0]?.header,
      message: {
        body: last?.body,
        conversationId: last?.conversationId,
        sender: { id: from.userId },
        senderDevice: { id: from.id },
      },
    });
    stream.stop();
  });

  it("gives from the store exactly what it gave live, bodies and headers too", async () => {
    const { to, send } = await pair();
    const live = to.subscribe();
    await live.caughtUp();
    await send(1, 98_304);
    await send(3, 1);
    await live.until((frames) => ids(frames).length === 4);
    const replayed = to.subscribe();
    await replayed.caughtUp();
    expect(replayed.of("MessageFrame")).toEqual(live.of("MessageFrame"));
    live.stop();
    replayed.stop();
  });

  it("of large messages is replayed in pages of bounded size, none left out", async () => {
    const { to, send } = await pair();
    await send(25, 98_304);
    await eventually(async () => expect(await headOf(to.id)).toBe(25));
    const stream = to.subscribe();
    expect(seqs(await stream.caughtUp())).toEqual(upTo(25));
    stream.stop();
  });

  it("goes on after the cursor given, on a replica that was just started", async () => {
    const { to, send } = await pair();
    await send(5);
    const first = to.subscribe();
    const frames = await first.until((frames) => ids(frames).length === 5);
    first.stop();
    await messages.restart("SIGKILL");
    const second = to.subscribe({ after: frames.find(({ seq }) => seq === 3)?.cursor ?? "" });
    expect(seqs(await second.caughtUp())).toEqual([4, 5]);
    second.stop();
  });

  it("without a cursor starts after the last acknowledged frame", async () => {
    const { to, send } = await pair();
    await send(5);
    const first = to.subscribe();
    const frames = await first.until((frames) => ids(frames).length === 5);
    first.stop();
    const cursor = frames.find(({ seq }) => seq === 4)?.cursor ?? "";
    expect(await to.acknowledge(cursor)).toEqual({ deviceId: to.id, cursor, error: undefined });
    await eventually(async () => {
      const second = to.subscribe();
      try {
        expect(seqs(await second.caughtUp())).toEqual([5]);
      } finally {
        second.stop();
      }
    });
  });

  it("finds a frame whose notification was lost", async () => {
    const { to, bob } = await pair();
    const stream = to.subscribe();
    await stream.caughtUp();
    const detail = { messageId: randomUUID(), contentHash: randomBytes(32).toString("base64url"), code: "ID_TAKEN" };
    await messages.query("INSERT INTO messages.mailboxes (device_id, user_id, head) VALUES ($1, $2, 1)", [
      to.id,
      bob.userId,
    ]);
    await messages.query(
      "INSERT INTO messages.frames (device_id, seq, kind, detail) VALUES ($1, 1, 'send_failed', $2)",
      [to.id, JSON.stringify(detail)],
    );
    await stream.until((frames) => frames.some(({ __typename }) => __typename === "SendFailedFrame"));
    expect(stream.of("SendFailedFrame")[0]).toMatchObject({ seq: 1, ...detail });
    stream.stop();
  });

  it("passes over a record that it can't read", async () => {
    const { to, send } = await pair();
    const stream = to.subscribe();
    await stream.caughtUp();
    await messages.publish(topics.outgoingMessages, to.id, { v: 2, type: "message" });
    await send(1);
    await stream.until((frames) => ids(frames).length === 1);
    expect(await messages.metrics()).toMatch(/sealgraph_unparsable_records_total\{.*outgoing-messages.*\} 1/);
    stream.stop();
  });

  it.each([
    ["forged", (cursor: string) => `${cursor.slice(0, -8)}AAAAAAAA`, "INVALID"],
    ["of nobody", () => "hello", "INVALID"],
  ])("from a cursor %s says CursorReset and replays from the acknowledged frame", async (_, forge, reason) => {
    const { to, send } = await pair();
    await send(2);
    const first = to.subscribe();
    const frames = await first.until((frames) => ids(frames).length === 2);
    first.stop();
    const second = to.subscribe({ after: forge(frames.find(({ seq }) => seq === 2)?.cursor ?? "") });
    await second.caughtUp();
    expect(second.frames[0]).toMatchObject({ __typename: "CursorReset", reason });
    expect(seqs(second.frames)).toEqual([1, 2]);
    // The cursor given in its place is good.
    const third = to.subscribe({ after: second.frames[0]?.cursor ?? "" });
    await third.caughtUp();
    expect(third.of("CursorReset")).toEqual([]);
    second.stop();
    third.stop();
  });

  it("from another device's cursor says CursorReset", async () => {
    const { from, to, send } = await pair();
    await send(1);
    const other = from.subscribe();
    await other.until((frames) => seqs(frames).length === 1);
    const stream = to.subscribe({ after: other.frames.find(({ seq }) => seq === 1)?.cursor ?? "" });
    await stream.caughtUp();
    expect(stream.frames[0]).toMatchObject({ __typename: "CursorReset", reason: "FOREIGN" });
    other.stop();
    stream.stop();
  });

  it("begins again when the mailbox's epoch was raised", async () => {
    const { to, send } = await pair();
    await send(2);
    const stream = to.subscribe();
    await stream.until((frames) => ids(frames).length === 2);
    await messages.query("UPDATE messages.mailboxes SET epoch = epoch + 1 WHERE device_id = $1", [to.id]);
    await stream.until((frames) => frames.filter(({ __typename }) => __typename === "CaughtUp").length === 2);
    expect(stream.of("CursorReset")).toMatchObject([{ reason: "EPOCH_CHANGED" }]);
    expect(seqs(stream.frames)).toEqual([1, 2, 1, 2]);
    stream.stop();
  });

  it("waits for acknowledgements when its credit is used up, then says Lagged with a cursor that goes on", async () => {
    const { to, send } = await pair();
    await send(45);
    const stream = to.subscribe();
    expect(await stream.ended).toEqual([]);
    expect(seqs(stream.frames)).toEqual(upTo(40));
    expect(stream.frames.at(-1)).toMatchObject({ __typename: "Lagged" });
    const next = to.subscribe({ after: stream.frames.at(-1)?.resumeAfter ?? "" });
    expect(seqs(await next.caughtUp())).toEqual([41, 42, 43, 44, 45]);
    next.stop();
  });

  it("goes on without end for a reader that acknowledges", async () => {
    const { to, send } = await pair();
    await send(100);
    const stream = to.subscribe();
    let acknowledged = 0;
    await stream.until((frames) => {
      const last = frames.at(-1);
      if (last !== undefined && last.seq >= acknowledged + 16) {
        acknowledged = last.seq;
        void to.acknowledge(last.cursor);
      }
      return ids(frames).length === 100;
    });
    expect(seqs(stream.frames)).toEqual(upTo(100));
    stream.stop();
  });

  it("ends with DEVICE_REVOKED when the device is revoked, and is refused from then on", async () => {
    const { to, bob } = await pair();
    const stream = to.subscribe();
    await stream.caughtUp();
    await bob.revoke(to.id);
    expect(await stream.ended).toEqual(["DEVICE_REVOKED"]);
    expect(await to.subscribe().ended).toEqual(["DEVICE_REVOKED"]);
  });

  it("ends with TOKEN_EXPIRED when the token's time is over", async () => {
    const { to, bob } = await pair();
    const brief = await bob.deviceOf(to.id, 2);
    const stream = brief.subscribe();
    await stream.caughtUp();
    expect(await stream.ended).toEqual(["TOKEN_EXPIRED"]);
  });

  it("is refused for somebody else's device, and for one that nobody has", async () => {
    const { to, from } = await pair();
    expect(await to.subscribe({ deviceId: from.id }).ended).toEqual(["DEVICE_FORBIDDEN"]);
    expect(await to.subscribe({ deviceId: randomUUID() }).ended).toEqual(["DEVICE_UNKNOWN"]);
  });

  it("waits for the version of the device list that it names", async () => {
    const { to, bob } = await pair();
    expect(await to.subscribe({ devicesVersion: 9 }).ended).toEqual(["DIRECTORY_BEHIND"]);
    const stream = to.subscribe({ devicesVersion: bob.list.version + 1 });
    await bob.announce();
    await stream.caughtUp();
    stream.stop();
  });

  it("leaves nothing behind when its subscriber goes", async () => {
    const { to } = await pair();
    const streams = [to.subscribe(), to.subscribe()];
    await Promise.all(streams.map((stream) => stream.caughtUp()));
    for (const stream of streams) stream.stop();
    await eventually(async () => expect(await messages.metrics()).toMatch(/sealgraph_inbox_streams\{.*\} 0/));
  });
});
