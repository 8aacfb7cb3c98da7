import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import canonicalize from "canonicalize";
import { eventually, startMessagesUnderTest, type MessagesUnderTest, type Person } from "./messages-under-test.ts";
import type { TestDevice } from "./test-device.ts";

let messages: MessagesUnderTest;
let alice: Person;
let bob: Person;
let phone: TestDevice;

beforeAll(async () => {
  messages = await startMessagesUnderTest(inject("system"), { MAILBOX_QUOTA_FRAMES: "5" });
  alice = await messages.person(2);
  bob = await messages.person(2);
  phone = alice.devices[0] as TestDevice;
});
afterAll(() => messages.stop());

const stored = (id: string) =>
  eventually(async () => {
    const { rowCount } = await messages.query("SELECT 1 FROM messages.accepted_messages WHERE id = $1", [id]);
    expect(rowCount).toBe(1);
  });

describe("sendMessage", () => {
  it("answers MessageAccepted with the hash of the canonical input, and the message is kept", async () => {
    const input = phone.inputTo(alice, bob);
    const contentHash = createHash("sha256")
      .update(canonicalize(input) ?? "")
      .digest("base64url");
    expect(await phone.send(input)).toMatchObject({ __typename: "MessageAccepted", id: input.id, contentHash });
    await stored(input.id);
  });

  it("answers the same input the same again, also after a change of keys, and stores nothing twice", async () => {
    const carol = await messages.person();
    const input = phone.inputTo(alice, carol);
    const first = await phone.send(input);
    await stored(input.id);
    await carol.addDevice();
    const outdated = { userId: carol.userId, recipient: () => ({ ...carol.recipient(), devicesVersion: 1 }) };
    await eventually(async () =>
      expect(await phone.send(phone.inputTo(alice, outdated))).toMatchObject({ __typename: "StaleDevices" }),
    );
    expect(await phone.send(input)).toEqual(first);
    const { rows } = await messages.query("SELECT count(*)::int AS n FROM messages.frames WHERE message_id = $1", [
      input.id,
    ]);
    expect(rows).toEqual([{ n: 2 }]); // carol's device and alice's other one
  });

  it("refuses another content under a taken id", async () => {
    const input = phone.inputTo(alice, bob);
    await phone.send(input);
    await stored(input.id);
    expect((await phone.send({ ...input, body: "AAAA" })).error).toMatchObject({ code: "ID_TAKEN", retryable: false });
  });

  it("tells every stale user's version", async () => {
    const input = phone.inputTo(alice, bob);
    const older = input.recipients.map((recipient) => ({ ...recipient, devicesVersion: 1 }));
    const { __typename, users } = await phone.send({ ...input, recipients: older });
    expect(__typename).toBe("StaleDevices");
    expect(users).toEqual([
      { userId: alice.userId, devicesVersion: 2 },
      { userId: bob.userId, devicesVersion: 2 },
    ]);
  });

  it("waits for a version that the copy doesn't have yet, and accepts when it comes", async () => {
    const dora = await messages.person();
    dora.list.version += 1;
    const input = phone.inputTo(alice, dora);
    dora.list.version -= 1;
    const sending = phone.send(input);
    await dora.announce();
    expect(await sending).toMatchObject({ __typename: "MessageAccepted" });
  });

  it("answers DIRECTORY_BEHIND when the version doesn't come within 2 s", async () => {
    const input = phone.inputTo(alice, bob);
    const ahead = input.recipients.map((recipient) => ({ ...recipient, devicesVersion: 99 }));
    const startedMs = Date.now();
    expect((await phone.send({ ...input, recipients: ahead })).error).toMatchObject({
      code: "DIRECTORY_BEHIND",
      retryable: true,
    });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(1_990);
  });

  it("refuses headers that are not one for each active device but the sending one", async () => {
    const input = phone.inputTo(alice, bob);
    const [own, other] = input.recipients;
    if (own === undefined || other === undefined) throw new Error("two recipients");
    const short = { ...other, headers: other.headers.slice(1) };
    expect((await phone.send({ ...input, recipients: [own, short] })).error).toMatchObject({ code: "RECIPIENTS_INCOMPLETE", userId: bob.userId }); // prettier-ignore
  });

  it("refuses a conversation that is not of the recipients, or not of the caller", async () => {
    const input = phone.inputTo(alice, bob);
    expect((await phone.send({ ...input, conversationId: randomUUID() })).error).toMatchObject({
      code: "NOT_A_MEMBER",
    });
    const carol = await messages.person();
    const between = (carol.devices[0] as TestDevice).inputTo(carol, bob);
    expect((await phone.send({ ...between, deviceId: phone.id })).error).toMatchObject({ code: "NOT_A_MEMBER" });
  });

  it("refuses somebody else's device, an unknown one and a revoked one, each by its name", async () => {
    const input = phone.inputTo(alice, bob);
    const codeFor = async (deviceId: string) => (await phone.send({ ...input, deviceId })).error?.code;
    expect(await codeFor(bob.list.active[0] ?? "")).toBe("DEVICE_FORBIDDEN");
    expect(await codeFor(randomUUID())).toBe("DEVICE_UNKNOWN");
    const tablet = await alice.addDevice();
    await alice.revoke(tablet.id);
    await eventually(async () => expect(await codeFor(tablet.id)).toBe("DEVICE_REVOKED"));
  });

  it("to oneself goes to one's other devices", async () => {
    const input = { ...phone.inputTo(alice, alice), recipients: [alice.recipient(phone.id)] };
    expect(await phone.send(input)).toMatchObject({ __typename: "MessageAccepted" });
    await stored(input.id);
    const { rows } = await messages.query("SELECT device_id FROM messages.frames WHERE message_id = $1", [input.id]);
    expect(rows).toEqual([{ device_id: alice.list.active.find((id) => id !== phone.id) }]);
  });

  it("to a mailbox over its quota is refused with its user, until it acknowledges", async () => {
    const [eve, frank] = [await messages.person(), await messages.person()];
    const from = eve.devices[0] as TestDevice;
    const to = frank.devices[0] as TestDevice;
    await messages.query(
      "INSERT INTO messages.mailboxes (device_id, user_id, head, acknowledged, purged) VALUES ($1, $2, 9, 4, 4)",
      [to.id, frank.userId],
    );
    const input = from.inputTo(eve, frank);
    expect((await from.send(input)).error).toMatchObject({
      code: "MAILBOX_FULL",
      userId: frank.userId,
      retryable: true,
    });
    await messages.query("UPDATE messages.mailboxes SET acknowledged = 5 WHERE device_id = $1", [to.id]);
    expect(await from.send(input)).toMatchObject({ __typename: "MessageAccepted" });
  });
});
