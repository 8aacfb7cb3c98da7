import { describe, expect, it } from "vitest";
import { directConversationId } from "@sealgraph/platform/ids.ts";
import { Directory } from "./directory.ts";
import { requireCurrentRecipients, requireMembership } from "./recipients.ts";

const alice = "11111111-1111-4111-8111-000000000001";
const bob = "11111111-1111-4111-8111-000000000002";
const carol = "11111111-1111-4111-8111-000000000003";

const to = (userId: string, devicesVersion: number, ...devices: string[]) => ({
  userId,
  devicesVersion,
  headers: devices.map((deviceId) => ({ deviceId, header: "AA" })),
});

function directoryOf(...users: [userId: string, version: number, active: string[]][]) {
  const directory = new Directory({ freshForMs: 10_000, maxWaiters: 10 });
  for (const [userId, devicesVersion, active] of users)
    directory.apply({
      v: 1,
      type: "directory",
      userId,
      devicesVersion,
      devices: active.map((id) => ({ id })),
      revoked: [],
    });
  return directory;
}

describe("membership", () => {
  const conversationId = directConversationId(alice, bob);
  it.each([
    ["both, in either order", [to(bob, 1), to(alice, 1)], conversationId, true],
    ["oneself alone, in one's own conversation", [to(alice, 1)], directConversationId(alice, alice), true],
    ["oneself alone, in another conversation", [to(alice, 1)], conversationId, false],
    ["the other alone", [to(bob, 1)], conversationId, false],
    ["two others, of their own conversation", [to(bob, 1), to(carol, 1)], directConversationId(bob, carol), false],
    ["another pair than the conversation's", [to(alice, 1), to(carol, 1)], conversationId, false],
  ])("of %s", (_, recipients, conversationId, member) => {
    const judged = () => requireMembership(alice, { conversationId, recipients });
    if (member) expect(judged).not.toThrow();
    else expect(judged).toThrow(expect.objectContaining({ code: "NOT_A_MEMBER" }) as Error);
  });
});

describe("recipients", () => {
  const directory = () => directoryOf([alice, 2, ["a1", "a2"]], [bob, 3, ["b1", "b2"]]);
  const judge = (recipients: ReturnType<typeof to>[], copy = directory()) =>
    requireCurrentRecipients(copy, { deviceId: "a1", recipients }, 20);

  it("that are every active device but the sending one are accepted", async () => {
    expect(await judge([to(alice, 2, "a2"), to(bob, 3, "b2", "b1")])).toEqual([]);
  });

  it("of older versions are all told, with the versions that the server has", async () => {
    expect(await judge([to(alice, 1), to(bob, 2, "b1")])).toEqual([
      { userId: alice, devicesVersion: 2 },
      { userId: bob, devicesVersion: 3 },
    ]);
  });

  it.each([
    ["with a device missing", [to(alice, 2, "a2"), to(bob, 3, "b1")]],
    ["with the sending device", [to(alice, 2, "a1", "a2"), to(bob, 3, "b1", "b2")]],
    ["with the sending device in place of another", [to(alice, 2, "a1"), to(bob, 3, "b1", "b2")]],
    ["with a device of nobody", [to(alice, 2, "a2"), to(bob, 3, "b1", "b2", "b3")]],
    ["with somebody else's device", [to(alice, 2, "b1"), to(bob, 3, "a2", "b2")]],
  ])("of the same version %s are incomplete", async (_, recipients) => {
    await expect(judge(recipients)).rejects.toMatchObject({ code: "RECIPIENTS_INCOMPLETE" });
  });

  it("of a version that doesn't come in time leave the copy behind", async () => {
    await expect(judge([to(alice, 2, "a2"), to(bob, 4, "b1", "b2")])).rejects.toMatchObject({
      code: "DIRECTORY_BEHIND",
      detail: { userId: bob },
    });
  });

  it("of a version that comes in time are judged by it", async () => {
    const copy = directory();
    const judged = requireCurrentRecipients(
      copy,
      { deviceId: "a1", recipients: [to(alice, 2, "a2"), to(bob, 4, "b1")] },
      5_000,
    );
    copy.apply({ v: 1, type: "directory", userId: bob, devicesVersion: 4, devices: [{ id: "b1" }], revoked: ["b2"] });
    expect(await judged).toEqual([]);
  });

  it("who never had a device are no members", async () => {
    await expect(judge([to(alice, 2, "a2"), to(carol, 0)])).rejects.toMatchObject({ code: "NOT_A_MEMBER" });
  });
});
