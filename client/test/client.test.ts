import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  SealgraphClient,
  memoryStore,
  e2ee1,
  type ClientOptions,
  type InboxEvent,
  type Store,
  type Suite,
} from "../src/index.ts";
import type { Frame } from "../src/open-message.ts";
import { ScriptedGraph, type SentInput } from "./scripted-graph.ts";

let graph: ScriptedGraph;
let clients: SealgraphClient[];

beforeEach(async () => {
  graph = await ScriptedGraph.start();
  clients = [];
  for (const name of ["alice", "bob"]) graph.addUser(name);
});
afterEach(async () => {
  for (const client of clients) await client.close();
  await graph.stop();
});

async function open(
  username: string,
  store: Store = memoryStore(),
  suite?: Suite,
  options: Partial<ClientOptions> = {},
): Promise<SealgraphClient> {
  const client = await SealgraphClient.open({
    url: graph.url,
    store,
    token: () => Promise.resolve(username),
    deviceName: `${username}'s device`,
    ...(suite === undefined ? {} : { suite }),
    ...options,
  });
  clients.push(client);
  return client;
}

function receiptFrame(
  seq: number,
  kind: "STORED" | "DELIVERED" | "READ",
  conversationId: string,
  messageId: string,
): Frame {
  const cursor = `cursor-${seq}`;
  const at = "2026-01-01T00:00:00.000Z";
  return { type: "ReceiptFrame", cursor, seq, kind, conversationId, messageIds: [messageId], at, byUser: { id: "u" } };
}

function idTakenFrame(seq: number, messageId: string, contentHash: string): Frame {
  return { type: "SendFailedFrame", cursor: `cursor-${seq}`, seq, messageId, contentHash, code: "ID_TAKEN" };
}

/** What the graph would put into a device's mailbox for the nth message sent, from 1. */
function frameOf(
  nth: number,
  seq: number,
  to: SealgraphClient,
  from: SealgraphClient,
): Extract<Frame, { type: "MessageFrame" }> {
  const input = graph.sent[nth - 1] as SentInput;
  const headers = [input.recipients].flat().flatMap((recipient) => recipient.headers);
  const header = [headers].flat(2).find(({ deviceId }) => deviceId === to.device.id)?.header ?? "";
  return {
    type: "MessageFrame",
    cursor: `cursor-${seq}`,
    seq,
    header,
    message: {
      id: input.id,
      conversationId: input.conversationId,
      suite: input.suite,
      body: input.body,
      acceptedAt: "2026-01-01T00:00:00.000Z",
      sender: { id: from.device.userId },
      senderDevice: { id: from.device.id },
    },
  };
}

/** Reads events until one is of the type given, which is the last. */
async function eventsUntil(client: SealgraphClient, type: InboxEvent["type"], count = 1): Promise<InboxEvent[]> {
  const events: InboxEvent[] = [];
  let left = count;
  for await (const event of client.inbox()) {
    events.push(event);
    if (event.type === type && --left === 0) break;
  }
  return events;
}

const caughtUp = (seq: number): Frame => ({ type: "CaughtUp", cursor: `cursor-${seq}`, seq });
const texts = (events: InboxEvent[]) =>
  events.flatMap((event) =>
    event.type === "message" && event.message.content.type === "text" ? [event.message.content.text] : [],
  );

describe("receiving", () => {
  test("stores each message with the cursor after it, tells it, and acknowledges", async () => {
    const alice = await open("alice");
    const store = memoryStore();
    const bob = await open("bob", store);
    await alice.send("bob", "one");
    await alice.send("bob", "two");
    graph.onSubscribe = (subscription) => {
      subscription.push(frameOf(1, 1, bob, alice));
      subscription.push(frameOf(2, 2, bob, alice));
      subscription.push(caughtUp(2));
    };
    const events = await eventsUntil(bob, "caughtUp");
    expect(texts(events)).toEqual(["one", "two"]);
    expect(await store.transaction((tx) => tx.position())).toEqual({ cursor: "cursor-2", seq: 2 });
    expect(graph.acknowledged.at(-1)).toBe("cursor-2");
    const [conversation] = await bob.conversations();
    expect((await bob.messages(conversation?.id ?? "")).map(({ status }) => status)).toEqual(["received", "received"]);
  });

  test("goes on after the saved cursor, and acknowledges it again in case that was lost", async () => {
    const store = memoryStore();
    const bob = await open("bob", store);
    await store.transaction((tx) => tx.putPosition({ cursor: "cursor-7", seq: 7 }));
    graph.onSubscribe = (subscription) => subscription.push(caughtUp(7));
    await eventsUntil(bob, "caughtUp");
    expect(graph.subscriptions[0]?.variables).toMatchObject({
      deviceId: bob.device.id,
      after: "cursor-7",
      devicesVersion: 1,
    });
    expect(graph.acknowledged).toEqual(["cursor-7"]);
  });

  test("drops a frame that it has", async () => {
    const alice = await open("alice");
    const bob = await open("bob");
    await alice.send("bob", "one");
    graph.onSubscribe = (subscription) => {
      for (let copy = 0; copy < 3; copy++) subscription.push(frameOf(1, 1, bob, alice));
      subscription.push(caughtUp(1));
    };
    expect(texts(await eventsUntil(bob, "caughtUp"))).toEqual(["one"]);
  });

  test.each([
    ["a jump in seq", (bob: SealgraphClient, alice: SealgraphClient) => frameOf(2, 3, bob, alice)],
    ["a CaughtUp beyond what came", () => caughtUp(2)],
  ])("%s is a missing frame: it subscribes again from the cursor", async (_name, jump) => {
    const alice = await open("alice");
    const bob = await open("bob");
    await alice.send("bob", "one");
    await alice.send("bob", "two");
    graph.onSubscribe = (subscription) => {
      if (graph.subscriptions.length === 1) {
        subscription.push(frameOf(1, 1, bob, alice));
        subscription.push(jump(bob, alice));
      } else {
        subscription.push(frameOf(2, 2, bob, alice));
        subscription.push(caughtUp(2));
      }
    };
    const events = await eventsUntil(bob, "caughtUp");
    expect(events.map(({ type }) => type)).toEqual(["message", "reconnecting", "message", "caughtUp"]);
    expect(events[1]).toMatchObject({ code: "FRAME_MISSING" });
    expect(graph.subscriptions[1]?.variables["after"]).toBe("cursor-1");
  });

  test.each([
    ["the connection breaks", (subscription: { drop(): void }) => subscription.drop(), "NETWORK"],
    [
      "the graph says that it lagged",
      (subscription: { push(frame: Frame): void }) => subscription.push({ type: "Lagged", resumeAfter: "x" }),
      "LAGGED",
    ],
    [
      "the token is over",
      (subscription: { fail(code: string): void }) => subscription.fail("TOKEN_EXPIRED"),
      "TOKEN_EXPIRED",
    ],
  ])("when %s it connects again with a new session", async (_name, breakIt, code) => {
    const bob = await open("bob");
    graph.onSubscribe = (subscription) => {
      if (graph.subscriptions.length === 1) breakIt(subscription);
      else subscription.push(caughtUp(0));
    };
    const events = await eventsUntil(bob, "caughtUp");
    expect(events[0]).toMatchObject({ type: "reconnecting", code });
    const sessions = graph.subscriptions.map(({ variables }) => variables["session"]);
    expect(new Set(sessions).size).toBe(2);
  });

  test.each(["SESSION_REPLACED", "DEVICE_REVOKED"])("%s ends the inbox for good", async (code) => {
    const bob = await open("bob");
    graph.onSubscribe = (subscription) => subscription.fail(code);
    await expect(eventsUntil(bob, "caughtUp")).rejects.toMatchObject({ code });
    expect(graph.subscriptions).toHaveLength(1);
  });

  test("after a CursorReset it takes whatever number comes, and drops messages that it has silently", async () => {
    const alice = await open("alice");
    const store = memoryStore();
    const bob = await open("bob", store);
    await alice.send("bob", "one");
    await alice.send("bob", "two");
    graph.onSubscribe = (subscription) => {
      subscription.push(frameOf(1, 41, bob, alice));
      subscription.push({ type: "CursorReset", cursor: "epoch-2", reason: "the history was restored" });
      subscription.push(frameOf(1, 1, bob, alice));
      subscription.push(frameOf(2, 2, bob, alice));
      subscription.push(caughtUp(2));
    };
    const events = await eventsUntil(bob, "caughtUp");
    expect(events.map(({ type }) => type)).toEqual(["message", "cursorReset", "message", "caughtUp"]);
    expect(await store.transaction((tx) => tx.position())).toEqual({ cursor: "cursor-2", seq: 2 });
  });

  test("acknowledges every 64 frames without waiting for the clock", async () => {
    const bob = await open("bob");
    const receipt = (seq: number) => receiptFrame(seq, "STORED", "c", "m");
    graph.onSubscribe = (subscription) => {
      for (let seq = 1; seq <= 200; seq++) subscription.push(receipt(seq));
    };
    await eventsUntil(bob, "stored", 200);
    expect(graph.acknowledged.length).toBeGreaterThanOrEqual(2);
    expect(graph.acknowledged.at(-1)).toBe("cursor-200");
  });

  test("only one inbox at a time; closing ends it", async () => {
    const bob = await open("bob");
    graph.onSubscribe = (subscription) => subscription.push(caughtUp(0));
    const events: string[] = [];
    const running = (async () => {
      for await (const event of bob.inbox()) events.push(event.type);
    })();
    await expect.poll(() => events).toEqual(["caughtUp"]);
    await expect(bob.inbox().next()).rejects.toThrow(TypeError);
    await bob.close();
    await running;
    expect(events).toEqual(["caughtUp"]);
  });
});

describe("refusing", () => {
  const refusedCode = async (bob: SealgraphClient, frame: Frame): Promise<string> => {
    graph.onSubscribe = (subscription) => subscription.push(frame);
    const events = await eventsUntil(bob, "refused");
    const last = events.at(-1);
    return last?.type === "refused" ? last.refused.code : "none";
  };

  test("a changed body is refused, kept with the error, acknowledged, and the line goes on", async () => {
    const alice = await open("alice");
    const bob = await open("bob");
    await alice.send("bob", "one");
    await alice.send("bob", "two");
    const good = frameOf(1, 1, bob, alice);
    const changed = { ...good, header: frameOf(2, 1, bob, alice).header };
    graph.onSubscribe = (subscription) => {
      subscription.push(changed);
      subscription.push(frameOf(2, 2, bob, alice));
      // The same id was not accepted before, so the true one still can be.
      subscription.push({ ...good, seq: 3, cursor: "cursor-3" });
      subscription.push(caughtUp(3));
    };
    const events = await eventsUntil(bob, "caughtUp");
    expect(events.map(({ type }) => type)).toEqual(["refused", "message", "message", "caughtUp"]);
    expect(texts(events)).toEqual(["two", "one"]);
    expect(await bob.refused()).toMatchObject([
      { code: "DECRYPTION_FAILED", messageId: good.message.id, body: good.message.body },
    ]);
    expect(graph.acknowledged.at(-1)).toBe("cursor-3");
  });

  test("another message under an id that was accepted is refused", async () => {
    const alice = await open("alice");
    const bob = await open("bob");
    let reuse: string | undefined;
    const sameId: Suite = {
      ...e2ee1,
      seal: (keys, state, input) => e2ee1.seal(keys as never, state, { ...input, messageId: reuse ?? input.messageId }),
    } as Suite;
    const liar = await open("alice", memoryStore(), sameId);
    await alice.send("bob", "one");
    reuse = graph.sent[0]?.id;
    // The liar is another device of Alice's that signs Alice's first id anew.
    await liar.send("bob", "something else");
    const second = frameOf(2, 2, bob, liar);
    graph.onSubscribe = (subscription) => {
      subscription.push(frameOf(1, 1, bob, alice));
      subscription.push({ ...second, message: { ...second.message, id: reuse ?? "" } });
    };
    const events = await eventsUntil(bob, "refused");
    expect(events.at(-1)).toMatchObject({ refused: { code: "REPLAYED_WITH_OTHER_CONTENT" } });
  });

  test("a message in a conversation that is not of these two is refused", async () => {
    const alice = await open("alice");
    const bob = await open("bob");
    await alice.send("bob", "one");
    const frame = frameOf(1, 1, bob, alice);
    const message = { ...frame.message, conversationId: crypto.randomUUID() };
    expect(await refusedCode(bob, { ...frame, message })).toBe("NOT_A_MEMBER");
  });

  test("a message of a device that is not the sender's is refused", async () => {
    const alice = await open("alice");
    const bob = await open("bob");
    await alice.send("bob", "one");
    const frame = frameOf(1, 1, bob, alice);
    const message = { ...frame.message, senderDevice: { id: crypto.randomUUID() } };
    expect(await refusedCode(bob, { ...frame, message })).toBe("SENDER_UNKNOWN");
  });

  test("a suite that is not known is refused", async () => {
    const alice = await open("alice");
    const bob = await open("bob");
    await alice.send("bob", "one");
    const frame = frameOf(1, 1, bob, alice);
    expect(await refusedCode(bob, { ...frame, message: { ...frame.message, suite: "e2ee/0" } })).toBe("SUITE_UNKNOWN");
  });
});

describe("sending", () => {
  test("encrypts anew, under the same id, only after StaleDevices", async () => {
    const alice = await open("alice");
    await open("bob");
    await alice.send("bob", "one");
    const phone = await open("bob");
    graph.sendAnswers.push({ stale: ["bob"] });
    await alice.send("bob", "two");
    const [, stale, anew] = graph.sent as [SentInput, SentInput, SentInput];
    expect(anew.id).toBe(stale.id);
    expect(anew.body).not.toBe(stale.body);
    const devices = [anew.recipients].flat().flatMap(({ headers }) => [headers].flat().map(({ deviceId }) => deviceId));
    expect(devices).toContain(phone.device.id);
  });

  test("sends the exact input again when the answer was lost", async () => {
    const alice = await open("alice");
    await open("bob");
    graph.sendAnswers.push("lose the answer", { code: "LOG_UNAVAILABLE", retryable: true });
    expect(await alice.send("bob", "one")).toMatchObject({ status: "accepted" });
    expect(graph.sent).toHaveLength(3);
    expect(new Set(graph.sent.map((input) => JSON.stringify(input))).size).toBe(1);
  });

  test("a refusal for good is thrown, and the message is kept as failed", async () => {
    const alice = await open("alice");
    await open("bob");
    graph.sendAnswers.push({ code: "ID_OUT_OF_TIME", retryable: false });
    await expect(alice.send("bob", "one")).rejects.toMatchObject({ code: "ID_OUT_OF_TIME" });
    const [conversation] = await alice.conversations();
    expect(await alice.messages(conversation?.id ?? "")).toMatchObject([
      { status: "failed", failure: "ID_OUT_OF_TIME" },
    ]);
    expect(await alice.send("bob", "two")).toMatchObject({ status: "accepted" });
  });

  test("a next process sends what this one left, as the same input", async () => {
    const store = memoryStore();
    const alice = await open("alice", store);
    await open("bob");
    await alice.send("bob", "one");
    const { input } = await store.transaction(async (tx) => {
      const entry = {
        messageId: "m",
        conversationId: graph.sent[0]?.conversationId ?? "",
        input: JSON.stringify({ ...graph.sent[0], id: "m" }),
        queuedAt: "",
      };
      await tx.putOutbox(entry);
      return entry;
    });
    await alice.close();
    await open("alice", store);
    await expect.poll(() => graph.sent.length).toBe(2);
    expect(JSON.stringify(graph.sent[1])).toBe(input);
    await expect.poll(() => store.transaction((tx) => tx.outboxSize())).toBe(0);
  });

  test("messages of one conversation are sent in order, and one look-up serves them all", async () => {
    const alice = await open("alice");
    await open("bob");
    const sent = await Promise.all(["a", "b", "c", "d"].map((text) => alice.send("bob", text)));
    const [conversation] = await alice.conversations();
    const stored = await alice.messages(conversation?.id ?? "");
    expect(graph.sent.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    expect(stored.map(({ content }) => content)).toEqual(["a", "b", "c", "d"].map((text) => ({ type: "text", text })));
    expect(sent.every(({ status }) => status === "accepted")).toBe(true);
  });

  test("receipts move a message forward, never back, and a failure of its input is told", async () => {
    const alice = await open("alice");
    await open("bob");
    const { id, conversationId } = await alice.send("bob", "one");
    const lost = await alice.send("bob", "two");
    graph.onSubscribe = (subscription) => {
      subscription.push(receiptFrame(1, "READ", conversationId, id));
      subscription.push(receiptFrame(2, "STORED", conversationId, id));
      subscription.push(idTakenFrame(3, lost.id, "another"));
      subscription.push(caughtUp(3));
    };
    const events = await eventsUntil(alice, "caughtUp");
    expect(events.map(({ type }) => type)).toEqual(["read", "stored", "caughtUp"]);
    expect((await alice.messages(conversationId)).map(({ status }) => status)).toEqual(["read", "accepted"]);
  });

  test("a message that is in its place does not fail by a later input of the same id, in either order of the frames", async () => {
    const alice = await open("alice");
    await open("bob");
    const { conversationId } = await alice.send("bob", "one");
    await alice.send("bob", "two");
    const [first, second] = await alice.messages(conversationId);
    const stored = (seq: number, messageId: string) => receiptFrame(seq, "STORED", conversationId, messageId);
    graph.onSubscribe = (subscription) => {
      subscription.push(stored(1, first!.id));
      subscription.push(idTakenFrame(2, first!.id, first!.contentHash!));
      subscription.push(idTakenFrame(3, second!.id, second!.contentHash!));
      subscription.push(stored(4, second!.id));
      subscription.push(caughtUp(4));
    };
    await eventsUntil(alice, "caughtUp");
    expect((await alice.messages(conversationId)).map(({ status }) => status)).toEqual(["stored", "stored"]);
  });

  test("an input that reached the log although the graph said that it might not have takes the id: that is no failure", async () => {
    const alice = await open("alice");
    await open("bob");
    graph.sendAnswers.push({ code: "LOG_UNAVAILABLE", retryable: true }, { stale: ["bob"] });
    graph.sendAnswers.push({ code: "ID_TAKEN", retryable: false });
    expect(await alice.send("bob", "one")).toMatchObject({ status: "accepted" });
    expect(new Set(graph.sent.map(({ id }) => id)).size).toBe(1);
  });

  test("a message that gets its place while it is encrypted anew keeps it, and is not sent once more", async () => {
    const store = memoryStore();
    let sealed = 0;
    const slow: Suite = {
      ...e2ee1,
      seal: async (keys, state, input) => {
        if (++sealed === 2) {
          await store.transaction(async (tx) => {
            const message = await tx.message(input.messageId);
            if (message !== undefined) await tx.putMessage({ ...message, status: "stored" });
            await tx.removeOutbox(input.messageId);
          });
        }
        return e2ee1.seal(keys as never, state, input);
      },
    };
    const alice = await open("alice", store, slow);
    await open("bob");
    graph.sendAnswers.push({ stale: ["bob"] });
    expect(await alice.send("bob", "one")).toMatchObject({ status: "stored" });
    expect(graph.sent).toHaveLength(1);
    expect(await store.transaction((tx) => tx.outboxSize())).toBe(0);
  });

  test.each(["TOKEN_EXPIRED", "UNAUTHENTICATED"])("%s leaves the message queued, and says so", async (code) => {
    const alice = await open("alice");
    await open("bob");
    graph.sendAnswers.push({ code, retryable: false });
    const { id, status, reason } = await alice.send("bob", "one");
    expect({ status, reason }).toEqual({ status: "queued", reason: code });
    expect(await alice.send("bob", "two")).toMatchObject({ status: "accepted" });
    expect(graph.sent.map((input) => input.id).slice(0, 2)).toEqual([id, id]);
    expect(graph.sent).toHaveLength(3);
  });

  test("a key found changed while encrypting anew leaves the message queued; it is sent when the key is accepted", async () => {
    const alice = await open("alice");
    const bob = await open("bob");
    await alice.send("bob", "one");
    const device = graph.user("bob").devices[0];
    if (device === undefined) throw new Error("no device");
    device.encryptionKey = (await e2ee1.generateKeys()).public.encryptionKey;
    graph.sendAnswers.push({ stale: ["bob"] });
    expect(await alice.send("bob", "two")).toMatchObject({ status: "queued", reason: "KEY_CHANGED" });
    graph.sendAnswers.push({ stale: ["bob"] });
    await alice.acceptKey(bob.device.id);
    const [conversation] = await alice.conversations();
    const statuses = async () => (await alice.messages(conversation?.id ?? "")).map(({ status }) => status);
    await expect.poll(statuses).toEqual(["accepted", "accepted"]);
  });

  test("closing ends a request under way: the message stays queued, and the store is not used any more", async () => {
    const inner = memoryStore();
    let storeClosed = false;
    let usedAfter = false;
    const store: Store = {
      device: () => inner.device(),
      saveDevice: (device) => inner.saveDevice(device),
      close: () => inner.close(),
      transaction: (work) => {
        usedAfter ||= storeClosed;
        return inner.transaction(work);
      },
    };
    const alice = await open("alice", store);
    await open("bob");
    graph.sendAnswers.push("never answer");
    const sending = alice.send("bob", "one");
    await expect.poll(() => graph.sent.length).toBe(1);
    const startedAt = Date.now();
    await alice.close();
    storeClosed = true;
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    expect(await sending).toMatchObject({ status: "queued", reason: "CLOSED" });
    expect(usedAfter).toBe(false);
    await expect(alice.send("bob", "two")).rejects.toMatchObject({ code: "CLOSED" });
    expect(await inner.transaction((tx) => tx.outboxSize())).toBe(1);
  });

  test("what goes wrong with a message that nobody waits for any more is told by the inbox", async () => {
    const store = memoryStore();
    const first = await open("alice", store);
    await open("bob");
    graph.sendAnswers.push({ code: "TOKEN_EXPIRED", retryable: false });
    const { id } = await first.send("bob", "one");
    await first.close();
    graph.sendAnswers.push({ contentHash: "another" });
    const alice = await open("alice", store);
    graph.onSubscribe = (subscription) => subscription.push(caughtUp(0));
    expect((await eventsUntil(alice, "sendFailed")).at(-1)).toEqual({
      type: "sendFailed",
      messageId: id,
      code: "CONTENT_HASH_MISMATCH",
    });
  });

  test("a user without a device, and no such user, are errors with a name", async () => {
    const alice = await open("alice");
    await expect(alice.send("bob", "one")).rejects.toMatchObject({ code: "RECIPIENT_HAS_NO_DEVICE" });
    await expect(alice.send("carol", "one")).rejects.toMatchObject({ code: "USER_UNKNOWN" });
    expect(graph.sent).toHaveLength(0);
  });
});

describe("keys", () => {
  test("are pinned on first use; an added device is told once", async () => {
    const alice = await open("alice");
    await open("bob");
    await alice.send("bob", "one");
    const phone = await open("bob");
    graph.sendAnswers.push({ stale: ["bob"] });
    await alice.send("bob", "two");
    await alice.devicesOf("bob");
    graph.onSubscribe = (subscription) => subscription.push(caughtUp(0));
    const events = await eventsUntil(alice, "caughtUp");
    expect(events.filter(({ type }) => type === "deviceAdded")).toMatchObject([
      { username: "bob", deviceId: phone.device.id },
    ]);
  });

  test("a changed key is told, and nothing is sent until it is accepted", async () => {
    const alice = await open("alice");
    const bob = await open("bob");
    await alice.send("bob", "one");
    const device = graph.user("bob").devices[0];
    if (device === undefined) throw new Error("no device");
    device.encryptionKey = (await e2ee1.generateKeys()).public.encryptionKey;
    await alice.devicesOf("bob");
    await expect(alice.send("bob", "two")).rejects.toMatchObject({ code: "KEY_CHANGED" });
    expect(graph.sent).toHaveLength(1);
    graph.onSubscribe = (subscription) => subscription.push(caughtUp(0));
    expect(await eventsUntil(alice, "caughtUp")).toMatchObject([
      { type: "keyChanged", deviceId: bob.device.id },
      { type: "caughtUp" },
    ]);
    await alice.acceptKey(bob.device.id);
    expect(await alice.send("bob", "three")).toMatchObject({ status: "accepted" });
  });

  test("where the application asks, nothing is sent to a user with an added device until it is accepted", async () => {
    const store = memoryStore();
    const asking = { newDevices: "ask" } as const;
    const first = await open("alice", store, undefined, asking);
    await open("bob");
    expect(await first.send("bob", "one")).toMatchObject({ status: "accepted" });
    const phone = await open("bob");
    graph.sendAnswers.push({ stale: ["bob"] });
    expect(await first.send("bob", "two")).toMatchObject({ status: "queued", reason: "NEW_DEVICE" });
    await first.close();

    graph.sendAnswers.push({ stale: ["bob"] });
    const alice = await open("alice", store, undefined, asking);
    await expect(alice.send("bob", "three")).rejects.toMatchObject({ code: "NEW_DEVICE" });
    const headersFor = (id: string) => graph.sent.filter((input) => JSON.stringify(input).includes(id)).length;
    await expect.poll(() => graph.sendAnswers.length).toBe(0);
    expect(headersFor(phone.device.id)).toBe(0);

    graph.sendAnswers.push({ stale: ["bob"] });
    await alice.acceptDevice(phone.device.id);
    await expect.poll(() => headersFor(phone.device.id)).toBe(1);
    expect(await alice.send("bob", "three")).toMatchObject({ status: "accepted" });
    await alice.close();
  });

  test("a device keeps its id over restarts, and a store begun by one user is not used for another", async () => {
    const store = memoryStore();
    const first = await open("bob", store);
    expect((await open("bob", store)).device.id).toBe(first.device.id);
    const begun = memoryStore();
    await begun.saveDevice({ ...(await store.device()), id: undefined } as never);
    await expect(open("alice", begun)).rejects.toMatchObject({ code: "DEVICE_OF_OTHER_USER" });
    expect((await open("bob", begun)).device.id).toBe(first.device.id);
  });
});
