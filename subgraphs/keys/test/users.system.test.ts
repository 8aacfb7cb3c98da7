import { randomUUID } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { PrismaClient } from "../../../prisma/keys/client/client.ts";
import { createLoaders } from "../src/loaders.ts";
import { startKeysUnderTest, soon } from "./keys-under-test.ts";

let keys: Awaited<ReturnType<typeof startKeysUnderTest>>;
beforeAll(async () => {
  keys = await startKeysUnderTest(inject("system"), { MAX_DEVICES_PER_USER: "3" });
});
afterAll(async () => {
  await keys?.stop();
});

const meQuery = "{ me { id username displayName devicesVersion devices { id } } }";
const userQuery = "query ($username: String!) { user(username: $username) { id username displayName } }";
const entitiesQuery = `query ($of: [_Any!]!) { entities: _entities(representations: $of) {
  ... on User { id username devices { id } } ... on Device { id name user { id } } } }`;

describe("me", () => {
  it("makes the user at the first sight of the token, and keeps the names as the token has them", async () => {
    const subject = randomUUID();
    const username = `Alice-${subject}`;
    const alice = await keys.person({ subject, username, name: "Alice Adams" });
    expect((await alice.call(meQuery)).data.me).toEqual({
      id: alice.userId,
      username: username.toLowerCase(),
      displayName: "Alice Adams",
      devicesVersion: 0,
      devices: [],
    });
    const renamed = await keys.person({ subject, username: `new-${subject}`, name: "Alice Brown" });
    expect((await renamed.call(meQuery)).data.me).toMatchObject({
      id: alice.userId,
      username: `new-${subject}`,
      displayName: "Alice Brown",
    });
    expect((await alice.call(userQuery, { username })).data.user).toBeNull();
    expect((await alice.call(userQuery, { username: `new-${subject}` })).data.user.id).toBe(alice.userId);
  });

  it("asked for many times at once, by a user never seen, makes one user", async () => {
    const alice = await keys.person();
    const answers = await Promise.all(Array.from({ length: 20 }, () => alice.call(meQuery)));
    for (const { data, errors } of answers) {
      expect(errors).toBeUndefined();
      expect(data.me.id).toBe(alice.userId);
    }
    expect(await keys.database.query("SELECT FROM keys.users WHERE id = $1", [alice.userId])).toHaveLength(1);
  });

  it("gives a second user of a taken name another one, until the name is free", async () => {
    const username = `bob-${randomUUID()}`;
    const first = await keys.person({ username });
    const second = await keys.person({ username: username.toUpperCase() });
    expect((await first.call(meQuery)).data.me.username).toBe(username);
    expect((await second.call(meQuery)).data.me.username).toBe(`${username}~${second.userId}`);
    expect((await second.call(userQuery, { username })).data.user.id).toBe(first.userId);

    await keys.database.query("UPDATE keys.users SET username = $1 WHERE id = $2", [`${username}-2`, first.userId]);
    expect((await second.call(meQuery)).data.me.username).toBe(username);
    // The first, whose token still names it, is the second now.
    expect((await first.call(meQuery)).data.me.username).toBe(`${username}~${first.userId}`);
  });

  it("of many users of one name at once fails for none and gives the name to one", async () => {
    const username = `carol-${randomUUID()}`;
    const people = await Promise.all(Array.from({ length: 10 }, () => keys.person({ username })));
    const answers = await Promise.all(people.map((person) => person.call(meQuery)));
    const names = answers.map(({ data }) => data.me.username as string);
    expect(new Set(names).size).toBe(10);
    expect(names.filter((name) => name === username)).toHaveLength(1);
  });
});

describe("user", () => {
  it("is found by its name in any case", async () => {
    const subject = randomUUID();
    const alice = await keys.person({ subject, username: `dave-${subject}` });
    await alice.call(meQuery);
    expect((await alice.call(userQuery, { username: `DAVE-${subject}` })).data.user.id).toBe(alice.userId);
  });

  it.each([["nobody"], [""], ["\0"], ["'; DROP TABLE keys.users; --"], ["%"]])("is null for %j", async (username) => {
    expect(await (await keys.person()).call(userQuery, { username })).toEqual({ data: { user: null } });
  });

  it("refuses a name over its bound", async () => {
    const { errors } = await (await keys.person()).call(userQuery, { username: "a".repeat(100_000) });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: "username" });
  });

  it("is for callers with a token only", async () => {
    const alice = await keys.person();
    const response = await fetch(keys.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: userQuery, variables: { username: alice.userId } }),
    });
    expect(((await response.json()) as any).errors[0].extensions.code).toBe("UNAUTHENTICATED");
  });
});

describe("references", () => {
  it("are answered in their order, unknown ones and what is no id with null", async () => {
    const [alice, bob] = [await keys.person(), await keys.person()];
    const device = (await alice.register()).data.registerDevice.id as string;
    const bobsDevice = (await bob.register()).data.registerDevice.id as string;
    const of = [
      { __typename: "User", id: bob.userId },
      { __typename: "Device", id: device },
      { __typename: "User", id: randomUUID() },
      { __typename: "User", id: "no id" },
      { __typename: "Device", id: bobsDevice },
      { __typename: "User", id: alice.userId },
      { __typename: "User", id: bob.userId },
    ];
    const { data, errors } = await alice.call(entitiesQuery, { of });
    expect(errors).toBeUndefined();
    const bobs = { id: bob.userId, username: expect.any(String), devices: [{ id: bobsDevice }] };
    expect(data.entities).toEqual([
      bobs,
      { id: device, name: "phone", user: { id: alice.userId } },
      null,
      null,
      { id: bobsDevice, name: "phone", user: { id: bob.userId } },
      { id: alice.userId, username: expect.any(String), devices: [{ id: device }] },
      bobs,
    ]);
  });

  it("of hundreds of users and devices take one statement for each kind", async () => {
    const client = new PrismaClient({
      adapter: new PrismaPg({ connectionString: keys.database.url }),
      log: [{ emit: "event", level: "query" }],
    });
    let statements = 0;
    client.$on("query", () => (statements += 1));
    const loaders = createLoaders(client as never);
    const ids = Array.from({ length: 400 }, () => randomUUID());
    await Promise.all(
      ids.flatMap((id) => [loaders.users.load(id), loaders.devices.load(id), loaders.devicesOfUser.load(id)]),
    );
    expect(statements).toBe(3);
    await client.$disconnect();
  });
});

describe("the list of devices", () => {
  it("has all active ones, the 100 newest revoked ones, oldest first; older ones stay to be found by id", async () => {
    const alice = await keys.person();
    const active = (await alice.register()).data.registerDevice.id as string;
    const revoked = Array.from({ length: 150 }, () => randomUUID());
    await keys.database.query(
      `INSERT INTO keys.devices (id, user_id, name, encryption_key, signing_key, created_at, revoked_at)
       SELECT id, $2, 'old', 'x', id::text, now() - interval '2 years' + n * interval '1 hour',
              now() - interval '1 year' + n * interval '1 hour'
       FROM unnest($1::uuid[]) WITH ORDINALITY AS old (id, n)`,
      [revoked, alice.userId],
    );
    const listed = (await alice.call(meQuery)).data.me.devices.map(({ id }: { id: string }) => id);
    expect(listed).toEqual([...revoked.slice(50), active]);

    const directory = await keys.directory();
    await alice.register();
    await expect
      .poll(() => directory.changesOf(alice.userId).at(-1)?.revoked.toSorted(), soon)
      .toEqual(revoked.slice(50).toSorted());
    await directory.stop();

    const { data } = await alice.call(entitiesQuery, { of: [{ __typename: "Device", id: revoked[0] }] });
    expect(data.entities[0]).toMatchObject({ id: revoked[0], name: "old" });
  });
});
