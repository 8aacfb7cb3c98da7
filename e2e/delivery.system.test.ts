import { Client as Postgres } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { caughtUp, messageIds, OpaqueDevice, type Frame } from "./opaque-device.ts";

const system = inject("system");
const seqs = (frames: readonly Frame[]) =>
  frames.filter((f) => f.seq !== undefined && f.__typename !== "CaughtUp").map((f) => f.seq);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("delivery", () => {
  const database = new Postgres({ connectionString: system.databaseUrls.admin });
  let alice: OpaqueDevice;
  let bob: OpaqueDevice;
  const headOfBob = async () => {
    const { rows } = await database.query<{ head: string }>(
      "SELECT head FROM messages.mailboxes WHERE device_id = $1",
      [bob.id],
    );
    return Number(rows[0]?.head ?? 0);
  };
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

  it(
    "gives a device that was offline all 500 messages in order, then CaughtUp, then live ones",
    { timeout: 240_000 },
    async () => {
      const make = await alice.inputTo("bob");
      const sent: string[] = [];
      // One after another: that is what makes an order.
      for (let count = 0; count < 500; count++) {
        const input = make();
        await alice.sendSurely(input);
        sent.push(input.id);
      }
      await expect.poll(headOfBob, { timeout: 30_000 }).toBe(500); // all of them stored before Bob connects
      const all = await bob.collect(caughtUp, { acknowledge: 64 });
      expect(messageIds(all)).toEqual(sent);
      expect(seqs(all)).toEqual(upTo(500));
      expect(all.at(-1)).toMatchObject({ __typename: "CaughtUp", seq: 500 });

      const live: Frame[] = [];
      const collecting = bob.collect(
        (frames) => {
          live.splice(0, live.length, ...frames);
          return messageIds(frames).length === 3;
        },
        { after: all[499]!.cursor! },
      );
      await expect.poll(() => live.length, { timeout: 10_000 }).toBeGreaterThan(0);
      const more = [make(), make(), make()];
      for (const input of more) await alice.sendSurely(input);
      const frames = await collecting;
      expect(frames[0]).toMatchObject({ __typename: "CaughtUp", seq: 500 });
      expect(messageIds(frames)).toEqual(more.map(({ id }) => id));
      expect(seqs(frames)).toEqual([501, 502, 503]);
      expect(frames[1]).toMatchObject({
        message: { sender: { username: "alice" }, senderDevice: { name: "alice's test device" }, body: more[0]!.body },
      });

      const afterSaved = await bob.collect(caughtUp, { after: all[299]!.cursor! });
      expect(seqs(afterSaved)).toEqual(upTo(503).slice(300));
    },
  );

  it("starts after the last acknowledged frame when no cursor is given", async () => {
    const first = (await bob.collect((frames) => frames.length === 1))[0]!;
    expect(first.seq).toBe(449); // acknowledged up to 448 = 7 × 64
    const third = (await bob.collect((frames) => frames.length === 3))[2]!;
    const { data, errors } = await bob.acknowledge(third.cursor!);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ acknowledge: { cursor: third.cursor } });
    const firstSeq = async () => (await bob.collect((frames) => frames.length === 1))[0]!.seq;
    await expect.poll(firstSeq, { timeout: 10_000 }).toBe(452);
    // Cumulative and idempotent: an older cursor moves nothing back.
    await bob.acknowledge(first.cursor!);
    await bob.acknowledge(third.cursor!);
    const fourth = (await bob.collect((frames) => frames.length === 1))[0]!;
    await bob.acknowledge(fourth.cursor!);
    await expect.poll(firstSeq, { timeout: 10_000 }).toBe(453);
  });

  it("tells the sender STORED, DELIVERED and READ, each message once", async () => {
    const make = await alice.inputTo("bob");
    const before = (await alice.collect(caughtUp, { acknowledge: 64 })).at(-1)!.cursor!;
    const input = make();
    await alice.sendSurely(input);
    const [frame] = await bob
      .collect((frames) => messageIds(frames).includes(input.id))
      .then((frames) => frames.slice(-1));
    await bob.acknowledge(frame!.cursor!);
    await bob.post("mutation($deviceId: ID!, $ids: [ID!]!) { markRead(deviceId: $deviceId, messageIds: $ids) }", {
      deviceId: bob.id,
      ids: [input.id],
    });
    const kindsOf = (frames: readonly Frame[]) =>
      frames
        .filter((f) => f.__typename === "ReceiptFrame" && (f["messageIds"] as string[]).includes(input.id))
        .map((f) => [f["kind"], (f["byUser"] as { username: string }).username]);
    const receipts = await alice.collect((frames) => kindsOf(frames).length === 3, { after: before });
    expect(kindsOf(receipts)).toEqual([
      ["STORED", "alice"],
      ["DELIVERED", "bob"],
      ["READ", "bob"],
    ]);
    // Acknowledging and marking again makes no further receipt.
    await bob.acknowledge(frame!.cursor!);
    await bob.post("mutation($deviceId: ID!, $ids: [ID!]!) { markRead(deviceId: $deviceId, messageIds: $ids) }", {
      deviceId: bob.id,
      ids: [input.id],
    });
    const next = make();
    await alice.sendSurely(next);
    const later = await alice.collect(
      (frames) =>
        frames.some((f) => f.__typename === "ReceiptFrame" && (f["messageIds"] as string[]).includes(next.id)),
      { after: before },
    );
    expect(kindsOf(later)).toHaveLength(3);
  });

  it("gives a second device of the same user its own mailbox, and the sender's other device a copy", async () => {
    const bobsTablet = await OpaqueDevice.register(system, "bob", { keepOthers: true });
    const alicesTablet = await OpaqueDevice.register(system, "alice", { keepOthers: true });
    const input = (await alice.inputTo("bob"))();
    await alice.sendSurely(input);
    for (const device of [bobsTablet, alicesTablet]) {
      const frames = await device.collect((all) => messageIds(all).includes(input.id));
      const sentHeaders = input.recipients.flatMap((recipient) => recipient.headers);
      expect(frames.at(-1)).toMatchObject({
        seq: 1,
        header: sentHeaders.find((h) => h.deviceId === device.id)!.header,
      });
      await device.close();
    }
  });
});
