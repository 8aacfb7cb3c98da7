import { GraphQLError } from "graphql";
import type { ExecutionResult } from "graphql";
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

const retry = { attempts: 30, baseDelayMs: 10, maxDelayMs: 50, totalMs: 5_000 };
const numbers = (results: ExecutionResult[], field: string) =>
  results.map(({ data, errors }) => (errors ? errors : (data as any)[field].number));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const temporary = (code: string) => new GraphQLError(code, { extensions: { code, retryable: true } });

/** Appends 1,000 events, and calls this at four places among them. */
async function thousand(disturb: () => void | Promise<void>): Promise<void> {
  for (let from = 1; from <= 1_000; from += 50) {
    world.journal.append(...sightings(from, from + 49));
    await new Promise((resolve) => setTimeout(resolve, 10));
    if ([101, 301, 501, 951].includes(from)) await disturb();
  }
}

test("1,000 events arrive in order and without an error through a join while sockets are killed", async () => {
  const stream = await streamOf(
    world.engine({ upstream: { retry } }),
    "subscription { found { ... on Sighting { number bird { name } } } }",
  );
  const received = take(stream, 1_000);
  await thousand(() => world.sightings.dropSockets());
  expect(numbers(await received, "found")).toEqual(upTo(1_000));
  expect(world.sightings.subscriptions.length).toBeGreaterThan(1);
});

test("1,000 events arrive in order and without an error while the subgraph restarts", async () => {
  const stream = await streamOf(
    world.engine({ upstream: { retry } }),
    "subscription { found { ... on Sighting { number watcher { name } } } }",
  );
  const received = take(stream, 1_000);
  await thousand(async () => {
    await world.sightings.stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    await world.sightings.start();
  });
  expect(numbers(await received, "found")).toEqual(upTo(1_000));
});

test.each([1000, 1001, 1011, 1012, 4500])("a close with %i is resumed from the cursor", async (code) => {
  const stream = await streamOf(world.engine({ upstream: { retry } }), "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 3));
  expect(numbers(await take(stream, 3), "sighting")).toEqual([1, 2, 3]);
  world.sightings.dropSockets(code);
  world.journal.append(...sightings(4, 5));
  expect(numbers(await take(stream, 2), "sighting")).toEqual([4, 5]);
  expect(Object.values(world.sightings.subscriptions[1]?.variables ?? {})).toEqual(["3"]);
  expect(world.sightings.subscriptions).toHaveLength(2);
});

test("frames that already wait in the gateway are neither lost nor repeated", async () => {
  const stream = await streamOf(world.engine({ upstream: { retry } }), "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 20));
  await until(() => world.journal.readers === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  world.sightings.dropSockets();
  world.journal.append(...sightings(21, 40));
  expect(numbers(await take(stream, 40), "sighting")).toEqual(upTo(40));
});

test.each([
  [
    "a variable",
    'subscription S($a: String) { found(station: "n", after: $a) { ... on Entry { number } } }',
    { a: "2" },
  ],
  [
    "a variable used elsewhere too",
    "subscription S($a: String) { found(station: $a, after: $a) { ... on Entry { number } } }",
    { a: "2" },
  ],
  [
    "a variable without a value",
    'subscription S($a: String = "2") { found(after: $a) { ... on Entry { number } } }',
    {},
  ],
  ["a literal", 'subscription { found(after: "2") { ... on Entry { number } } }', {}],
  ["a required literal", 'subscription { found: entry(after: "2") { number } }', {}],
  ["a required variable", "subscription S($a: String!) { found: entry(after: $a) { number } }", { a: "2" }],
])("the client's argument may be %s", async (_what, document, variables) => {
  const stream = await streamOf(world.engine({ upstream: { retry } }), document, { variables });
  world.journal.append(...sightings(1, 4));
  expect(numbers(await take(stream, 2), "found")).toEqual([3, 4]);
  world.sightings.dropSockets();
  world.journal.append(...sightings(5, 6));
  expect(numbers(await take(stream, 2), "found")).toEqual([5, 6]);
});

test("a resume before the first frame repeats the client's own arguments", async () => {
  const engine = world.engine({ upstream: { retry } });
  const stream = await streamOf(engine, `subscription { found(after: "7", station: "s") { ... on Entry { number } } }`);
  await until(() => world.sightings.subscriptions.length === 1);
  world.sightings.dropSockets();
  await until(() => world.sightings.subscriptions.length === 2);
  expect(world.sightings.subscriptions[1]?.query).toBe(world.sightings.subscriptions[0]?.query);
  expect(stream.cursor).toBe("7");
});

test.each([
  ["an object", "subscription { sighting { number } }", "sighting"],
  ["an interface", `subscription { entry(after: "0") { number } }`, "entry"],
  ["a union", "subscription { found { ... on Sighting { number } ... on Weather { number } } }", "found"],
  ["a nested path", "subscription { envelope { sighting { number } } }", "envelope"],
])("the cursor of %s is added upstream and kept from the client", async (_what, document, field) => {
  const stream = await streamOf(world.engine(), document);
  world.journal.append(...sightings(1, 1));
  const [result] = await take(stream, 1);
  const expected = field === "envelope" ? { sighting: { number: 1 } } : { number: 1 };
  expect(result).toEqual({ data: { [field]: expected } });
  expect(stream.cursor).toBe("1");
  expect(world.sightings.subscriptions[0]?.query).toMatch(/position/);
});

test("a client that selects the cursor itself, under the engine's own alias even, gets what it asked for", async () => {
  const document = "subscription { sighting { resumeCursor: number position } }";
  const stream = await streamOf(world.engine(), document);
  world.journal.append(...sightings(1, 1));
  expect(await take(stream, 1)).toEqual([{ data: { sighting: { resumeCursor: 1, position: "1" } } }]);
  expect(stream.cursor).toBe("1");
});

test("a frame without a cursor leaves the cursor where it was", async () => {
  const engine = world.engine({ upstream: { retry } });
  const stream = await streamOf(engine, "subscription { found { ... on Entry { number } ... on Remark { text } } }");
  world.journal.append(...sightings(1, 2), { __typename: "Remark", number: 0, text: "tea" });
  await take(stream, 3);
  expect(stream.cursor).toBe("2");
});

test("the directive is known by its feature, whatever the schema calls it", async () => {
  const renamed = await startBirdwatching("@continues", `{ name: "@resumable", as: "@continues" }`);
  try {
    const stream = await streamOf(renamed.engine({ upstream: { retry } }), "subscription { sighting { number } }");
    expect(stream.resumable).toBe(true);
    renamed.journal.append(...sightings(1, 1));
    await take(stream, 1);
    renamed.sightings.dropSockets();
    renamed.journal.append(...sightings(2, 2));
    expect(numbers(await take(stream, 1), "sighting")).toEqual([2]);
  } finally {
    await renamed.stop();
  }
});

test("a retryable error of the upstream operation is resumed, unseen", async () => {
  let refusals = 0;
  world.onSubscribe = () => (refusals++ === 1 ? temporary("BUSY") : { most: 2, end: () => temporary("MOVED") });
  const stream = await streamOf(world.engine({ upstream: { retry } }), "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 6));
  expect(numbers(await take(stream, 6), "sighting")).toEqual(upTo(6));
  expect(world.sightings.subscriptions.length).toBeGreaterThanOrEqual(4);
});

test("a final code is passed on, although the error says it is retryable", async () => {
  world.onSubscribe = () => ({ most: 1, end: () => temporary("STATION_CLOSED") });
  const stream = await streamOf(
    world.engine({ upstream: { retry } }),
    "subscription { found { ... on Entry { number } } }",
  );
  world.journal.append(...sightings(1, 3));
  const [frame, end, ...rest] = await take(stream, 9);
  expect(frame).toEqual({ data: { found: { number: 1 } } });
  expect(end).not.toHaveProperty("data");
  expect(end?.errors).toMatchObject([
    { message: "STATION_CLOSED", extensions: { code: "STATION_CLOSED", retryable: true } },
  ]);
  expect(rest).toEqual([]);
});

test("an error that is not retryable ends the stream as it is", async () => {
  world.onSubscribe = () => new GraphQLError("no", { extensions: { code: "NO_ENTRY", detail: 7 } });
  const stream = await streamOf(world.engine({ upstream: { retry } }), "subscription { sighting { number } }");
  const results = await take(stream, 9);
  const extensions = { code: "NO_ENTRY", detail: 7, serviceName: "sightings" };
  expect(results).toEqual([{ errors: [{ message: "no", path: ["sighting"], extensions }] }]);
  expect(world.sightings.subscriptions).toHaveLength(1);
});

test("a frame that failed for the time being is had again, in its place", async () => {
  const [first, second] = sightings(1, 2) as [any, any];
  let failures = 2;
  Object.defineProperty(second, "number", {
    get() {
      if (failures-- > 0) throw temporary("COLD");
      return 2;
    },
  });
  const stream = await streamOf(
    world.engine({ upstream: { retry } }),
    "subscription { live: found { ... on Entry { number } } }",
  );
  world.journal.append(first, second, ...sightings(3, 3));
  expect(numbers(await take(stream, 3), "live")).toEqual([1, 2, 3]);
});

test("when the upstream doesn't come back the stream ends with UPSTREAM_LOST and the cursor", async () => {
  const engine = world.engine({ upstream: { retry: { attempts: 3, baseDelayMs: 5, maxDelayMs: 10 } } });
  const stream = await streamOf(engine, "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 2));
  await take(stream, 2);
  await world.sightings.stop();
  const results = await take(stream, 9);
  expect(results).toMatchObject([
    { errors: [{ extensions: { code: "UPSTREAM_LOST", retryable: true, cursor: "2" } }] },
  ]);
  expect(JSON.stringify(results)).not.toContain("127.0.0.1");
  await world.sightings.start();
});

test("attempts are counted anew after progress", async () => {
  const engine = world.engine({ upstream: { retry: { attempts: 2, baseDelayMs: 5, maxDelayMs: 10_000 } } });
  world.onSubscribe = () => ({ most: 1, end: () => temporary("AGAIN") });
  const stream = await streamOf(engine, "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 8));
  expect(numbers(await take(stream, 8), "sighting")).toEqual(upTo(8));
});

test("an error that ends a stream before it has begun is passed on at once, retryable or not", async () => {
  world.onSubscribe = () => temporary("BUSY");
  const stream = await streamOf(world.engine({ upstream: { retry } }), "subscription { sighting { number } }");
  expect(await take(stream, 9)).toMatchObject([{ errors: [{ extensions: { code: "BUSY", retryable: true } }] }]);
  expect(world.sightings.subscriptions).toHaveLength(1);
});

test("a field without the directive ends with STREAM_INTERRUPTED", async () => {
  const stream = await streamOf(world.engine({ upstream: { retry } }), "subscription { live { number } }");
  world.journal.append(...sightings(1, 1));
  await take(stream, 1);
  world.sightings.dropSockets();
  const results = await take(stream, 9);
  expect(results).toMatchObject([{ errors: [{ extensions: { code: "STREAM_INTERRUPTED", retryable: true } }] }]);
  expect(results[0]?.errors?.[0]?.extensions).not.toHaveProperty("cursor");
  expect(world.sightings.subscriptions).toHaveLength(1);
});

test("a renewed context is used upstream from the cursor on, and the client sees nothing of it", async () => {
  const engine = world.engine({
    upstream: { retry, credentials: ({ token }) => ({ extensions: { token } }) },
  });
  const stream = await streamOf(engine, "subscription { sighting { number } }", { context: { token: "old" } });
  world.journal.append(...sightings(1, 2));
  await take(stream, 2);
  stream.renew({ token: "new" });
  world.journal.append(...sightings(3, 4));
  expect(numbers(await take(stream, 2), "sighting")).toEqual([3, 4]);
  expect(world.sightings.subscriptions.map(({ extensions }) => extensions["token"])).toEqual(["old", "new"]);
  await until(() => world.journal.readers === 1);
});

test("stopping hands every stream its cursor", async () => {
  const engine = world.engine({ upstream: { retry } });
  const stream = await streamOf(engine, "subscription { sighting { number } }");
  world.journal.append(...sightings(1, 2));
  await take(stream, 2);
  await engine.stop({ spreadMs: 20 });
  const results = await take(stream, 9);
  expect(results).toMatchObject([
    { errors: [{ extensions: { code: "ENGINE_STOPPED", retryable: true, cursor: "2" } }] },
  ]);
  expect(await engine.subscribe({ document: "subscription { number }", context: {} })).toMatchObject({
    errors: [{ extensions: { code: "ENGINE_STOPPED" } }],
  });
  await until(() => world.journal.readers === 0);
  expect([engine.streams, engine.sockets]).toEqual([0, 0]);
});

test("whatever breaks and whenever, every stream gets every event once and in order", async () => {
  let breaks = 0;
  let begun = false;
  world.onSubscribe = () => {
    const chance = Math.random();
    // A stream that has not begun is told why; from then on the engine keeps trying.
    if (begun && chance < 0.1) return temporary("BUSY");
    return chance < 0.5
      ? { most: Math.floor(Math.random() * 40) + (begun ? 0 : 1), end: () => temporary("MOVED") }
      : undefined;
  };
  const patient = { attempts: 100, baseDelayMs: 2, maxDelayMs: 20, totalMs: 25_000 };
  const engine = world.engine({ upstream: { retry: patient } });
  const selections = ["number", "number bird { name }", "number", "number watcher { name }"];
  const streams = await Promise.all(
    selections.map((each) => streamOf(engine, `subscription { found { ... on Sighting { ${each} } } }`)),
  );
  world.journal.append(...sightings(1, 1));
  const first = await Promise.all(streams.map((stream) => take(stream, 1)));
  begun = true;
  const received = Promise.all(streams.map((stream) => take(stream, 299)));
  for (let from = 2; from <= 300; from += 13) {
    world.journal.append(...sightings(from, from + 12));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    const chance = Math.random();
    if (chance < 0.5) breaks += 1;
    if (chance < 0.3) world.sightings.dropSockets(chance < 0.15 ? 1012 : undefined);
    else if (chance < 0.4) for (const stream of streams) stream.renew({});
    else if (chance < 0.5) {
      await world.sightings.stop();
      await world.sightings.start();
    }
  }
  for (const [index, results] of (await received).entries())
    expect(numbers([...(first[index] ?? []), ...results], "found")).toEqual(upTo(300));
  expect(breaks).toBeGreaterThan(0);
});
