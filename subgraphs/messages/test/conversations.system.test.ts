import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { directConversationId } from "@sealgraph/platform/ids.ts";
import { eventually, startMessagesUnderTest, type MessagesUnderTest, type Person } from "./messages-under-test.ts";
import type { TestDevice } from "./test-device.ts";

let messages: MessagesUnderTest;
let alice: Person;

beforeAll(async () => {
  messages = await startMessagesUnderTest(inject("system"), { MAX_CONVERSATIONS_PER_USER: "3" });
  alice = await messages.person();
});
afterAll(() => messages.stop());

interface Conversation {
  id: string;
  members: { id: string }[];
}
interface Page {
  conversations: {
    edges: { cursor: string; node: Conversation }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

const only = (person: Person) => person.devices[0] as TestDevice;
const open = (by: Person, withUserId: string) =>
  only(by).post<{ directConversation: Conversation }>(
    "mutation ($id: ID!) { directConversation(withUserId: $id) { id members { id } } }",
    { id: withUserId },
  );
const page = (by: Person, first: number | null, after: string | null = null) =>
  only(by).post<Page>(
    "query ($first: Int, $after: String) { conversations(first: $first, after: $after) { edges { cursor node { id members { id } } } pageInfo { hasNextPage endCursor } } }",
    { first, after },
  );
const find = async (by: Person, id: string) =>
  (await only(by).post<{ conversation: Conversation | null }>("query ($id: ID!) { conversation(id: $id) { id members { id } } }", { id })).data?.conversation; // prettier-ignore

/** As the gateway asks for an entity. */
const entityOf = async (by: Person, type: string, id: string, fields: string) => {
  const { data } = await only(by).post<Record<"_entities", unknown[]>>(
    `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${type} { ${fields} } } }`,
    { of: [{ __typename: type, id }] },
  );
  return data?.["_entities"][0];
};

describe("conversations", () => {
  it("of the same two people are one, whoever opens it, at once and later", async () => {
    const bob = await messages.person();
    const id = directConversationId(alice.userId, bob.userId);
    const members = [alice.userId, bob.userId].sort().map((id) => ({ id }));
    for (const [by, other] of [
      [alice, bob],
      [bob, alice],
    ] as const)
      expect((await open(by, other.userId)).data?.directConversation).toEqual({ id, members });
    await eventually(async () => expect(await find(bob, id)).toEqual({ id, members }));
    expect(await find(alice, id)).toEqual({ id, members });
  });

  it("are hidden from those who are no members", async () => {
    const [bob, carol] = [await messages.person(), await messages.person()];
    const id = directConversationId(bob.userId, carol.userId);
    await open(bob, carol.userId);
    await eventually(async () => expect(await find(carol, id)).toMatchObject({ id }));
    expect(await find(alice, id)).toBeNull();
    expect(await find(alice, randomUUID())).toBeNull();
    expect(await entityOf(alice, "Conversation", id, "id members { id }")).toBeNull();
  });

  it("come in pages, in order, each once; the limit is told", async () => {
    const dora = await messages.person();
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const other = count === 0 ? dora : await messages.person();
      ids.push(directConversationId(dora.userId, other.userId));
      await open(dora, other.userId);
    }
    await eventually(async () => expect((await page(dora, null)).data?.conversations.edges).toHaveLength(3));
    const first = (await page(dora, 2)).data?.conversations;
    expect(first?.pageInfo.hasNextPage).toBe(true);
    const second = (await page(dora, 2, first?.pageInfo.endCursor)).data?.conversations;
    expect(second?.pageInfo.hasNextPage).toBe(false);
    expect([...(first?.edges ?? []), ...(second?.edges ?? [])].map(({ node }) => node.id)).toEqual(ids.sort());
    const stranger = await messages.person();
    expect((await open(dora, stranger.userId)).errors?.[0]?.extensions).toMatchObject({ code: "CONVERSATION_LIMIT" });
    expect((await open(dora, dora.userId)).data?.directConversation.members).toEqual([{ id: dora.userId }]);
  });

  it.each([
    ["a page of none", 0, null],
    ["a page of too many", 101, null],
    ["a cursor that is none", 10, "hello"],
  ])("refuse %s", async (_, first, after) => {
    expect((await page(alice, first, after)).errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it("with somebody who never had a device are refused", async () => {
    expect((await open(alice, randomUUID())).errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

describe("a message as an entity", () => {
  it("is given, opened, to members only", async () => {
    const bob = await messages.person();
    const input = only(alice).inputTo(alice, bob);
    await only(alice).send(input);
    const entity = (by: Person) => entityOf(by, "Message", input.id, "id body sender { id }");
    await eventually(async () =>
      expect(await entity(bob)).toEqual({ id: input.id, body: input.body, sender: { id: alice.userId } }),
    );
    expect(await entity(await messages.person())).toBeNull();
  });
});
