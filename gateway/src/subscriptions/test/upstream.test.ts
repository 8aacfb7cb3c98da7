import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { GraphQLError } from "graphql";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sightings, startBirdwatching, streamOf, take, until } from "./birdwatching.ts";
import type { Birdwatching } from "./birdwatching.ts";

// Real servers and sockets: a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

let world: Birdwatching;
beforeEach(async () => {
  world = await startBirdwatching();
});
afterEach(() => world.stop());

const impatient = { attempts: 2, baseDelayMs: 5, maxDelayMs: 10 };

test("a reader that falls behind in frames is told LAGGED with the cursor it reached, and can go on from there", async () => {
  const engine = world.engine({ limits: { queueFrames: 10 } });
  const stream = await streamOf(engine, "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 5));
  await take(stream, 3);
  world.journal.append(...sightings(6, 30));
  await until(() => world.journal.readers === 0);
  const [lagged, ...rest] = await take(stream, 99);
  expect(lagged?.errors).toMatchObject([{ extensions: { code: "LAGGED", retryable: true, cursor: "3" } }]);
  expect(rest).toEqual([]);
  const again = await streamOf(world.engine(), `subscription { sighting(after: "3") { number } }`);
  expect((await take(again, 27)).at(-1)).toEqual({ data: { sighting: { number: 30 } } });
});

test("a reader that falls behind in bytes is told LAGGED, without a cursor when the field has none", async () => {
  const engine = world.engine({ limits: { queueBytes: 2_000 } });
  const stream = await streamOf(engine, "subscription { live { number text } }");
  const heavy = sightings(1, 4).map((entry) => ({ ...entry, text: "x".repeat(900) }));
  world.journal.append(...heavy);
  await until(() => world.journal.readers === 0 && world.sightings.subscriptions.length === 1);
  const [lagged] = await take(stream, 9);
  expect(lagged?.errors?.[0]?.extensions).toMatchObject({ code: "LAGGED", retryable: false });
  expect(lagged?.errors?.[0]?.extensions).not.toHaveProperty("cursor");
});

test("an upstream that refuses connections is tried within the budget, then lost", async () => {
  await world.sightings.stop();
  const engine = world.engine({ upstream: { retry: impatient } });
  const resumable = await streamOf(engine, `subscription { sighting(after: "4") { number } }`);
  expect(await take(resumable, 9)).toMatchObject([
    { errors: [{ extensions: { code: "UPSTREAM_LOST", retryable: true, cursor: "4" } }] },
  ]);
  const other = await streamOf(engine, "subscription { number }");
  expect(await take(other, 9)).toMatchObject([
    { errors: [{ extensions: { code: "UPSTREAM_LOST", retryable: true } }] },
  ]);
  await world.sightings.start();
});

test("a stream that finds its upstream down begins when it comes up, with or without the directive", async () => {
  await world.sightings.stop();
  const stream = await streamOf(
    world.engine({ upstream: { retry: { baseDelayMs: 20, maxDelayMs: 20 } } }),
    "subscription { number }",
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  await world.sightings.start();
  world.journal.append(...sightings(1, 1));
  expect(await take(stream, 1)).toEqual([{ data: { number: 1 } }]);
});

test("an upstream that never acknowledges is given up in time", async () => {
  world.sightings.onConnect = () => new Promise(() => {});
  const engine = world.engine({ upstream: { ackTimeoutMs: 30, retry: { ...impatient, attempts: 1 } } });
  const results = await take(await streamOf(engine, "subscription { sighting { number } }"), 9);
  expect(results).toMatchObject([{ errors: [{ extensions: { code: "UPSTREAM_LOST" } }] }]);
});

test("an upstream that accepts and says nothing at all is given up in time", async () => {
  const mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const webSocketUrl = `ws://127.0.0.1:${(mute.address() as AddressInfo).port}/graphql`;
  const engine = world.engine({
    subgraphs: { sightings: { webSocketUrl } },
    upstream: { connectTimeoutMs: 30, retry: { ...impatient, attempts: 1 } },
  });
  const results = await take(await streamOf(engine, "subscription { sighting { number } }"), 9);
  expect(results).toMatchObject([{ errors: [{ extensions: { code: "UPSTREAM_LOST" } }] }]);
  mute.close();
});

test("an upstream that refuses the socket's credentials ends the stream at once", async () => {
  world.sightings.onConnect = () => false;
  const stream = await streamOf(world.engine(), "subscription { sighting { number } }");
  expect(await take(stream, 9)).toMatchObject([
    { errors: [{ extensions: { code: "UPSTREAM_REFUSED", retryable: false } }] },
  ]);
  expect(world.sightings.sockets).toBe(1);
});

test("credentials that can't be had end the stream, and their error stays inside", async () => {
  const engine = world.engine({
    upstream: {
      credentials: () => {
        throw new Error("vault at 10.0.0.1 is sealed");
      },
    },
  });
  const results = await take(await streamOf(engine, "subscription { number }"), 9);
  expect(results).toMatchObject([{ errors: [{ extensions: { code: "CREDENTIALS_FAILED" } }] }]);
  expect(JSON.stringify(results)).not.toContain("vault");
});

test("leaving ends the upstream operation at once, also while next() waits", async () => {
  const stream = await streamOf(world.engine(), "subscription { sighting { number } }");
  await until(() => world.journal.readers === 1);
  const waiting = stream.next();
  await stream.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  await until(() => world.journal.readers === 0);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

/** Its variable is as long as wanted. */
const lengthy = (length: number) => ({ variables: { after: "9".repeat(length) } });
const fromVariable = "subscription ($after: String) { sighting(after: $after) { number } }";

test("an operation beyond the limit ends alone: nothing is sent, and its neighbours' socket stays", async () => {
  const engine = world.engine({ upstream: { retry: { attempts: 3, baseDelayMs: 5 }, maxOperationBytes: 2_000 } });
  const neighbour = await streamOf(engine, "subscription { live { number } }");
  await until(() => world.sightings.subscriptions.length === 1);
  const large = await streamOf(engine, fromVariable, lengthy(2_000));
  expect(await take(large, 9)).toMatchObject([
    { errors: [{ extensions: { code: "OPERATION_TOO_LARGE", retryable: false } }] },
  ]);
  world.journal.append(...sightings(1, 1));
  expect(await take(neighbour, 1)).toMatchObject([{ data: { live: { number: 1 } } }]);
  expect([world.sightings.sockets, world.sightings.subscriptions.length]).toEqual([1, 1]);
  await neighbour.return?.();
});

test("of the streams whose socket the subgraph closes with 1009 only the one too large ends, begun or not", async () => {
  const engine = world.engine({ upstream: { retry: { attempts: 3, baseDelayMs: 5 } } });
  const begun = await streamOf(engine, "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 1));
  await take(begun, 1);
  const waiting = await streamOf(engine, `subscription { sighting(after: "1") { number } }`);
  await until(() => world.sightings.subscriptions.length === 2);
  const large = await streamOf(engine, fromVariable, lengthy(150_000));
  expect(await take(large, 9)).toMatchObject([{ errors: [{ extensions: { code: "OPERATION_TOO_LARGE" } }] }]);
  world.journal.append(...sightings(2, 2));
  for (const neighbour of [begun, waiting]) {
    expect(await take(neighbour, 1)).toMatchObject([{ data: { sighting: { number: 2 } } }]);
    await neighbour.return?.();
  }
  expect(world.sightings.sockets).toBe(2);
});

test("a stream that has begun ends with its cursor when its renewal is too large", async () => {
  const engine = world.engine({
    upstream: {
      credentials: ({ token }) => ({ extensions: { token } }),
      retry: { attempts: 3, baseDelayMs: 5 },
    },
  });
  const stream = await streamOf(engine, "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 1));
  await take(stream, 1);
  stream.renew({ token: "x".repeat(150_000) });
  expect(await take(stream, 9)).toMatchObject([
    { errors: [{ extensions: { code: "OPERATION_TOO_LARGE", cursor: "1" } }] },
  ]);
  expect(world.sightings.sockets).toBe(1);
});

test("by default a mebibyte waits for a reader, not more", async () => {
  const stream = await streamOf(world.engine(), "subscription { live { number text } }");
  world.journal.append(...sightings(1, 12).map((entry) => ({ ...entry, text: "x".repeat(100_000) })));
  await until(() => world.journal.readers === 0 && world.sightings.subscriptions.length === 1);
  expect(await take(stream, 9)).toMatchObject([{ errors: [{ extensions: { code: "LAGGED" } }] }]);
});

test("plans are kept by their size: of an operation over 32 KiB there is none", async () => {
  const events: string[] = [];
  const engine = world.engine({ onEvent: ({ type }) => events.push(type) });
  const hits = async (document: string) => {
    events.length = 0;
    for (let time = 0; time < 2; time++) await (await streamOf(engine, document)).return?.();
    return events.filter((type) => type === "planCacheHit").length;
  };
  const padded = (bytes: number) => `subscription { number } #${"ä".repeat(bytes / 2)}`;
  expect(await hits(padded(32_000))).toBe(1);
  expect(await hits(padded(33_000))).toBe(0);
});

test("a refusal tells where the operation is wrong", async () => {
  const result = await world.engine().subscribe({ document: "subscription {\n  nothing\n}", context: {} });
  expect(JSON.parse(JSON.stringify(result))).toMatchObject({ errors: [{ locations: [{ line: 2, column: 3 }] }] });
});

test("leaving before the socket is there subscribes nothing", async () => {
  const acknowledged = Promise.withResolvers<boolean>();
  world.sightings.onConnect = () => acknowledged.promise;
  const engine = world.engine();
  const stream = await streamOf(engine, "subscription { number }");
  await until(() => world.sightings.sockets === 1);
  await stream.return?.();
  acknowledged.resolve(true);
  const next = await streamOf(engine, "subscription { live { number } }");
  await until(() => world.sightings.subscriptions.length === 1);
  expect(world.sightings.subscriptions[0]?.query).toContain("live");
  expect(engine.streams).toBe(1);
  await next.return?.();
});

test("when the upstream completes the stream completes, after what was sent", async () => {
  world.onSubscribe = () => ({ most: 2 });
  const stream = await streamOf(world.engine(), "subscription { sighting { number bird { name } } }");
  world.journal.append(...sightings(1, 5));
  expect((await take(stream, 9)).map(({ data }) => (data as any).sighting.number)).toEqual([1, 2]);
  expect(world.sightings.subscriptions).toHaveLength(1);
});

test("concurrent streams share one socket, which is closed when it has been idle", async () => {
  const engine = world.engine({ upstream: { idleTimeoutMs: 20 } });
  world.journal.append(...sightings(1, 1));
  const streams = await Promise.all(Array.from({ length: 20 }, () => streamOf(engine, "subscription { number }")));
  for (const stream of streams) expect(await take(stream, 1)).toEqual([{ data: { number: 1 } }]);
  expect(world.sightings.sockets).toBe(1);
  for (const stream of streams) await stream.return?.();
  await until(() => engine.sockets === 0);
  expect(await take(await streamOf(engine, "subscription { number }"), 1)).toEqual([{ data: { number: 1 } }]);
  expect(world.sightings.sockets).toBe(2);
});

test("beyond streamsPerSocket another socket is opened", async () => {
  const engine = world.engine({ upstream: { streamsPerSocket: 2 } });
  await Promise.all(Array.from({ length: 5 }, () => streamOf(engine, "subscription { number }")));
  await until(() => world.sightings.subscriptions.length === 5);
  expect(world.sightings.sockets).toBe(3);
});

test("a bad operation doesn't hurt its neighbours", async () => {
  const engine = world.engine();
  const neighbour = await streamOf(engine, "subscription { live { number } }");
  await until(() => world.sightings.subscriptions.length === 1);
  await engine.subscribe({ document: "subscription($b: Boolean!) { number @include(if: $b) }", context: {} });
  await engine.subscribe({ document: "subscription {", context: {} });
  world.onSubscribe = () => new GraphQLError("no");
  const refused = await streamOf(engine, "subscription { number }");
  expect(await take(refused, 9)).toMatchObject([{ errors: [{ message: "no" }] }]);
  world.journal.append(...sightings(1, 1));
  expect(await take(neighbour, 1)).toEqual([{ data: { live: { number: 1 } } }]);
  expect(world.sightings.sockets).toBe(1);
});

test("streams with two credentials keys have a socket each; operations carry their own token", async () => {
  const engine = world.engine({
    upstream: {
      credentials: ({ token }) => ({
        key: token ?? "",
        connectionParams: { token },
        headers: { "x-token": token ?? "" },
        extensions: { token },
      }),
    },
  });
  world.journal.append(...sightings(1, 1));
  for (const token of ["ann", "ben", "ann"]) {
    await take(await streamOf(engine, "subscription { number }", { context: { token } }), 1);
  }
  expect(world.sightings.sockets).toBe(2);
  const seen = world.sightings.subscriptions.map(({ connectionParams, headers, extensions }) => [
    connectionParams["token"],
    headers["x-token"],
    extensions["token"],
  ]);
  expect(seen).toEqual(["ann", "ben", "ann"].map((token) => [token, token, token]));
});

test("a socket that hangs without closing is noticed by its missing pong, and resumed", async () => {
  const engine = world.engine({
    upstream: { keepAliveMs: 20, pongTimeoutMs: 30, retry: { baseDelayMs: 5, maxDelayMs: 10 } },
  });
  const stream = await streamOf(engine, "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 1));
  await take(stream, 1);
  world.sightings.freezeSockets();
  world.journal.append(...sightings(2, 2));
  await until(() => world.sightings.sockets === 2);
  expect(await take(stream, 1)).toEqual([{ data: { sighting: { number: 2 } } }]);
});

test("a supergraph may be replaced; running streams go on as they were planned", async () => {
  const engine = world.engine();
  const before = await streamOf(engine, "subscription { live { number } }");
  await until(() => world.sightings.subscriptions.length === 1);
  engine.replaceSupergraph(world.supergraphSdl);
  world.journal.append(...sightings(1, 1));
  expect(await take(before, 1)).toEqual([{ data: { live: { number: 1 } } }]);
  expect(await take(await streamOf(engine, "subscription { live { number } }"), 1)).toHaveLength(1);
});

test("a token that cannot be a header ends its own stream and nothing else", async () => {
  const engine = world.engine({
    upstream: { credentials: ({ token }) => ({ key: token ?? "", headers: { "x-token": token ?? "" } }) },
  });
  const neighbour = await streamOf(engine, "subscription { number }", { context: { token: "ann" } });
  const bad = await streamOf(engine, "subscription { number }", { context: { token: "a\nb" } });
  expect(await take(bad, 9)).toMatchObject([{ errors: [{ extensions: { code: "CREDENTIALS_FAILED" } }] }]);
  world.journal.append(...sightings(1, 1));
  expect(await take(neighbour, 1)).toEqual([{ data: { number: 1 } }]);
  expect(engine.sockets).toBe(1);
});

test("a variable or an alias named __proto__ is one like any other", async () => {
  world.journal.append(...sightings(1, 3));
  const document =
    "subscription($__proto__: String) { __proto__: found(after: $__proto__) { ... on Sighting { constructor: number bird { __proto__: name } } } }";
  const variables = JSON.parse(`{ "__proto__": "2" }`) as Record<string, unknown>;
  const [result] = await take(await streamOf(world.engine(), document, { variables }), 1);
  expect(JSON.stringify(result)).toBe(`{"data":{"__proto__":{"constructor":3,"bird":{"__proto__":"Bird b3"}}}}`);
});
