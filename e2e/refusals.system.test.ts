import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { caughtUp, messageIds, OpaqueDevice, post, recipientOf } from "./opaque-device.ts";

const system = inject("system");
type Input = ReturnType<Awaited<ReturnType<OpaqueDevice["inputTo"]>>>;

describe("sendMessage", () => {
  let alice: OpaqueDevice;
  let bob: OpaqueDevice;
  let make: () => Input;
  beforeAll(async () => {
    alice = await OpaqueDevice.register(system, "alice");
    bob = await OpaqueDevice.register(system, "bob");
    make = await alice.inputTo("bob");
    await alice.sendSurely(make()); // the directory copy knows both devices
  });
  afterAll(async () => {
    await alice.close();
    await bob.close();
  });

  it("sent twice with the same input gives the same answer and one message", async () => {
    const input = make();
    const first = await alice.send(input);
    const atOnce = await Promise.all([alice.send(input), alice.send(input)]);
    await bob.collect((frames) => messageIds(frames).includes(input.id));
    const later = await alice.send(input);
    for (const again of [...atOnce, later]) expect(again.data).toEqual(first.data);
    const other = make();
    await alice.sendSurely(other);
    const frames = await bob.collect((all) => messageIds(all).includes(other.id));
    expect(messageIds(frames).filter((id) => id === input.id)).toHaveLength(1);
  });

  it("is answered the same after the recipient's devices changed, because accepted comes before stale", async () => {
    const input = make();
    const first = await alice.send(input);
    await bob.collect((frames) => messageIds(frames).includes(input.id));
    const tablet = await OpaqueDevice.register(system, "bob", { keepOthers: true });
    expect((await alice.send(input)).data).toEqual(first.data);
    // A new message with the old list is stale, and says which version to look up.
    const stale = await alice.send(make());
    expect(stale.data?.sendMessage).toMatchObject({ __typename: "StaleDevices", users: [{ userId: bob.userId }] });
    await alice.post("query { me { id } }");
    await bob.post("mutation($id: ID!) { revokeDevice(id: $id) { id } }", { id: tablet.id });
    make = await alice.inputTo("bob");
    await tablet.close();
  });

  it("tells a sender whose id was taken in flight by another message", async () => {
    const [one, two] = [make(), make()];
    two.id = one.id;
    const [a, b] = await Promise.all([alice.send(one), alice.send(two)]);
    const hashes = [a, b].map((answer) => answer.data?.sendMessage.contentHash);
    if (hashes.includes(undefined)) {
      // One was stored before the other was looked at: then the answer itself says so.
      expect([...a.errors, ...b.errors].map((error) => error.extensions.code)).toEqual(["ID_TAKEN"]);
      return;
    }
    const frames = await alice.collect((all) =>
      all.some((f) => f.__typename === "SendFailedFrame" && f["messageId"] === one.id),
    );
    const failed = frames.find((f) => f.__typename === "SendFailedFrame" && f["messageId"] === one.id);
    expect(failed).toMatchObject({ code: "ID_TAKEN" });
    expect(hashes).toContain(failed!["contentHash"]);
  });

  const refusals: [
    what: string,
    change: (input: Input) => Record<string, unknown> | Promise<Record<string, unknown>>,
    code: string,
  ][] = [
    ["an id that is no UUID", (input) => ({ ...input, id: "1" }), "BAD_USER_INPUT"],
    ["an id that is no UUIDv7", (input) => ({ ...input, id: randomUUID() }), "ID_OUT_OF_TIME"],
    [
      "an id of 31 days ago",
      (input) => ({ ...input, id: v7({ msecs: Date.now() - 31 * 86_400_000 }) }),
      "ID_OUT_OF_TIME",
    ],
    [
      "an id of ten minutes ahead",
      (input) => ({ ...input, id: v7({ msecs: Date.now() + 600_000 }) }),
      "ID_OUT_OF_TIME",
    ],
    ["an unknown device", (input) => ({ ...input, deviceId: randomUUID() }), "DEVICE_UNKNOWN"],
    ["somebody else's device", (input) => ({ ...input, deviceId: bob.id }), "DEVICE_FORBIDDEN"],
    ["an oversized body", (input) => ({ ...input, body: "A".repeat(98_304 * 2) }), "BODY_TOO_LARGE"],
    ["an oversized header", (input) => withHeader(input, "A".repeat(20_000)), "HEADER_TOO_LARGE"],
    ["a body that is not base64url", (input) => ({ ...input, body: "no base64url!" }), "BAD_USER_INPUT"],
    ["another conversation", (input) => ({ ...input, conversationId: randomUUID() }), "NOT_A_MEMBER"],
    ["a conversation of other people", (input) => ({ ...input, recipients: [input.recipients[1]] }), "NOT_A_MEMBER"],
    ["no recipients", (input) => ({ ...input, recipients: [] }), "BAD_USER_INPUT"],
    [
      "a missing device",
      (input) => ({ ...input, recipients: [input.recipients[0], { ...input.recipients[1], headers: [] }] }),
      "RECIPIENTS_INCOMPLETE",
    ],
    ["a header for a device of nobody", (input) => withExtraHeader(input), "RECIPIENTS_INCOMPLETE"],
    [
      "a device list from the future",
      (input) => ({
        ...input,
        recipients: [input.recipients[0], { ...input.recipients[1], devicesVersion: 1_000_000 }],
      }),
      "DIRECTORY_BEHIND",
    ],
  ];
  const withHeader = (input: Input, header: string) => ({
    ...input,
    recipients: [input.recipients[0], { ...input.recipients[1], headers: [{ deviceId: bob.id, header }] }],
  });
  const withExtraHeader = (input: Input) => {
    const theirs = input.recipients[1]!;
    return {
      ...input,
      recipients: [
        input.recipients[0],
        { ...theirs, headers: [...theirs.headers, { deviceId: randomUUID(), header: "AAAA" }] },
      ],
    };
  };
  it.each(refusals)("refuses %s with its own code", async (_what, change, code) => {
    const { data, errors } = await alice.send(await change(make()));
    expect(errors.map((error) => error.extensions.code)).toEqual([code]);
    expect(data?.sendMessage).toBeUndefined();
  });

  it("refuses another body under an id that is stored", async () => {
    const input = make();
    await alice.sendSurely(input);
    await bob.collect((frames) => messageIds(frames).includes(input.id));
    const { errors } = await alice.send({ ...input, body: "AAAA" });
    expect(errors.map((error) => error.extensions.code)).toEqual(["ID_TAKEN"]);
  });

  it("refuses a revoked device", async () => {
    const tablet = await OpaqueDevice.register(system, "alice", { keepOthers: true });
    await alice.post("mutation($id: ID!) { revokeDevice(id: $id) { id } }", { id: tablet.id });
    const own = await recipientOf(tablet, "alice", tablet.id);
    const input = { ...make(), deviceId: tablet.id };
    await expect
      .poll(
        async () =>
          (await tablet.send({ ...input, recipients: [own, input.recipients[1]] })).errors[0]?.extensions.code,
        { timeout: 5_000 },
      )
      .toBe("DEVICE_REVOKED");
    await tablet.close();
    make = await alice.inputTo("bob");
  });
});

describe("a cursor", () => {
  let alice: OpaqueDevice;
  let bob: OpaqueDevice;
  beforeAll(async () => {
    alice = await OpaqueDevice.register(system, "alice");
    bob = await OpaqueDevice.register(system, "bob");
    const input = (await alice.inputTo("bob"))();
    await alice.sendSurely(input);
    await bob.collect((frames) => messageIds(frames).includes(input.id)); // stored
  });
  afterAll(async () => {
    await alice.close();
    await bob.close();
  });

  const forgeries: [what: string, make: () => Promise<string>][] = [
    ["nonsense", async () => "nonsense"],
    ["the empty text", async () => ""],
    ["one of another device", async () => (await alice.collect((frames) => frames.length === 1))[0]!.cursor!],
    [
      "one with a bit turned over",
      async () => {
        const bytes = Buffer.from((await bob.collect((frames) => frames.length === 1))[0]!.cursor!, "base64url");
        bytes[bytes.length - 1]! ^= 1;
        return bytes.toString("base64url");
      },
    ],
  ];

  it.each(forgeries)(
    "that is forged (%s) gets CursorReset in inbox and a typed error in acknowledge",
    async (_what, forge) => {
      const cursor = await forge();
      const frames = await bob.collect(caughtUp, { after: cursor });
      expect(frames[0]).toMatchObject({
        __typename: "CursorReset",
        reason: expect.any(String),
        cursor: expect.any(String),
      });
      expect(messageIds(frames).length).toBeGreaterThan(0); // and goes on from the last acknowledged frame
      const { errors } = await bob.acknowledge(cursor);
      expect(["CURSOR_INVALID", "BAD_USER_INPUT"]).toContain(errors[0]?.extensions.code);
    },
  );

  it("of somebody else's inbox opens nothing", async () => {
    await expect(bob.collect(caughtUp, { deviceId: alice.id })).rejects.toMatchObject([
      { extensions: { code: "DEVICE_FORBIDDEN" } },
    ]);
    await expect(bob.collect(caughtUp, { deviceId: randomUUID() })).rejects.toMatchObject([
      { extensions: { code: "DEVICE_UNKNOWN" } },
    ]);
    const { errors } = await bob.post(
      'mutation($deviceId: ID!) { acknowledge(deviceId: $deviceId, cursor: "x") { cursor } }',
      { deviceId: alice.id },
    );
    expect(["DEVICE_FORBIDDEN", "CURSOR_INVALID"]).toContain(errors[0]?.extensions.code);
  });
});

describe("a token", () => {
  const ask = (url: string, token?: string) => post(url, "{ me { id } }", {}, token);

  it("that is missing is refused with 401", async () => {
    const { status, errors } = await ask(system.gatewayUrl);
    expect([status, errors[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
  });

  it("that somebody else signed is refused, at the gateway and at each subgraph alike", async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const forged = await new SignJWT({ preferred_username: "alice" })
      .setProtectedHeader({ alg: "RS256", kid: (await exportJWK(publicKey)).kid ?? "k" })
      .setIssuer(system.oidcIssuer)
      .setAudience("sealgraph")
      .setSubject("alice")
      .setExpirationTime("5m")
      .sign(privateKey);
    const doors: [url: string, query: string][] = [
      [system.gatewayUrl, "{ me { id } }"],
      [system.keysUrl.replace(/\/graphql$/, ""), "{ me { id } }"],
      [system.messagesUrl.replace(/\/graphql$/, ""), "{ conversations { edges { node { id } } } }"],
    ];
    for (const [url, query] of doors) {
      const { status, errors } = await post(url, query, {}, forged);
      expect([url, status, errors[0]?.extensions.code]).toEqual([url, 401, "TOKEN_INVALID"]);
    }
  });
});
