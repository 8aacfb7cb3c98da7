import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { GraphQLError, parse } from "graphql";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EngineEvent } from "../index.ts";
import { sightings, startBirdwatching, streamOf, take, until } from "./birdwatching.ts";
import type { Birdwatching } from "./birdwatching.ts";

// Real servers and sockets: a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

let world: Birdwatching;
beforeEach(async () => {
  world = await startBirdwatching();
});
afterEach(() => world.stop());

test("an event is joined with the other two subgraphs", async () => {
  world.journal.append(...sightings(1, 1));
  const stream = await streamOf(world.engine(), "subscription { live { number bird { name } watcher { id name } } }");
  expect(await take(stream, 1)).toEqual([
    { data: { live: { number: 1, bird: { name: "Bird b1" }, watcher: { id: "w1", name: "Watcher w1" } } } },
  ]);
});

test("a union of types that share an interface is joined per type, with fragments, aliases and __typename", async () => {
  world.journal.append(
    ...sightings(1, 1),
    { __typename: "Weather", number: 2, text: "fog" },
    { __typename: "Remark", number: 3, text: "tea" },
  );
  const stream = await streamOf(
    world.engine(),
    `subscription Watch($station: String, $names: Boolean!) { seen: found(station: $station) { __typename ...Place ... on Sighting { ...Who } ... on Remark { text } } }
     fragment Place on Entry { at: position n: number }
     fragment Who on Sighting { by: watcher @include(if: $names) { called: name } bird { name } }`,
    { variables: { station: "north", names: true } },
  );
  expect(await take(stream, 3)).toEqual([
    {
      data: {
        seen: { __typename: "Sighting", at: "1", n: 1, by: { called: "Watcher w1" }, bird: { name: "Bird b1" } },
      },
    },
    { data: { seen: { __typename: "Weather", at: "2", n: 2 } } },
    { data: { seen: { __typename: "Remark", text: "tea" } } },
  ]);
  expect(world.sightings.subscriptions[0]?.variables).toMatchObject({ station: "north" });
});

test("an event that needs no join asks no other subgraph", async () => {
  world.journal.append(...sightings(1, 2));
  const engine = world.engine();
  const stream = await streamOf(engine, "subscription { live { number bird { id } } }");
  expect(await take(stream, 2)).toEqual([
    { data: { live: { number: 1, bird: { id: "b1" } } } },
    { data: { live: { number: 2, bird: { id: "b2" } } } },
  ]);
  const numbers = await streamOf(engine, "subscription { number }");
  expect(await take(numbers, 2)).toEqual([{ data: { number: 1 } }, { data: { number: 2 } }]);
  expect(world.birds.fetches).toEqual([]);
  expect(world.watchers.fetches).toEqual([]);
});

test("the same document and operation name are planned once", async () => {
  const events: EngineEvent[] = [];
  const engine = world.engine({ onEvent: (event) => events.push(event) });
  const document = "subscription A { live { number } } subscription B { number }";
  for (const operationName of ["A", "A", "B", "A"])
    await (await streamOf(engine, document, { operationName })).return?.();
  const seen = events.filter((event) => event.type === "planned" || event.type === "planCacheHit");
  expect(seen.map((event) => `${event.type} ${event.field}`)).toEqual([
    "planned live",
    "planCacheHit live",
    "planned number",
    "planCacheHit live",
  ]);
});

test("the context flows to the data sources of the joins", async () => {
  world.journal.append(...sightings(1, 1));
  const engine = world.engine({
    dataSource: (_name, url) =>
      new RemoteGraphQLDataSource<{ token?: string }>({
        url,
        willSendRequest: ({ request, context }) => request.http?.headers.set("x-token", context.token ?? "none"),
      }),
  });
  const stream = await streamOf(engine, "subscription { live { watcher { caller } } }", { context: { token: "t1" } });
  expect(await take(stream, 1)).toEqual([{ data: { live: { watcher: { caller: "t1" } } } }]);
});

test("frames stay in order when an earlier join is slower than a later one, and other streams don't wait", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  world.birds.onFetch = async (call) => {
    if (JSON.stringify(call.variables).includes(`"b1"`)) await gate;
    return undefined;
  };
  world.journal.append(...sightings(1, 4));
  const engine = world.engine();
  const slow = await streamOf(engine, "subscription { sighting { number bird { name } } }");
  const fast = await streamOf(engine, `subscription { sighting(after: "1") { number bird { name } } }`);
  const held = take(slow, 4);
  expect((await take(fast, 3)).map(({ data }) => (data as any).sighting.number)).toEqual([2, 3, 4]);
  // The joins of the held stream's later frames have been asked for meanwhile.
  await until(() => world.birds.fetches.length === 7);
  open();
  expect((await held).map(({ data }) => (data as any).sighting.number)).toEqual([1, 2, 3, 4]);
});

/** What stock Apollo Gateway answers to a query for the same data. */
async function stock(source: string): Promise<unknown> {
  vi.stubEnv("APOLLO_TELEMETRY_DISABLED", "true");
  const gateway = new ApolloGateway({ supergraphSdl: world.supergraphSdl });
  const { executor, schema } = await gateway.load();
  const request = { query: source, variables: {} };
  const context = { request, source, document: parse(source), queryHash: source, schema, context: {}, metrics: {} };
  const result = await executor(context as never);
  await gateway.stop();
  return JSON.parse(JSON.stringify(result).replaceAll("lastSighting", "live"));
}

test.each([
  ["an entity fetch that fails in a nullable place", { watcher: { id: "broken" } }, "{ number watcher { name } }"],
  [
    "an entity fetch that fails in a place that must not be null",
    { bird: { id: "broken" } },
    "{ number bird { name } }",
  ],
  ["an entity that isn't there", { watcher: { id: "unknown" } }, "{ number watcher { name } }"],
  ["an entity that isn't there but must be", { bird: { id: "unknown" } }, "{ number bird { name wingspan } }"],
  ["null in place of an entity", { watcher: null }, "{ number watcher { name } bird { name } }"],
  [
    "an error in the event itself",
    { failure: new GraphQLError("wet", { extensions: { code: "WET" } }) },
    "{ text number bird { name } }",
  ],
  ["an error in an event without joins", { failure: new GraphQLError("wet") }, "{ text number }"],
] as const)("%s looks as in stock Apollo Gateway", async (_what, difference, selection) => {
  const entry = { ...sightings(1, 1)[0]!, ...difference };
  world.journal.append(entry);
  const stream = await streamOf(world.engine(), `subscription { live ${selection} }`);
  const [result] = await take(stream, 1);
  world.lastSighting = entry;
  const expected = await stock(`query { lastSighting ${selection} }`);
  expect(result).toEqual(expected);
  expect(JSON.stringify(result)).not.toContain("subscription event");
});

test("a subgraph of the join that is down nulls its part and says so; the stream goes on", async () => {
  world.journal.append(...sightings(1, 2));
  await world.watchers.stop();
  const stream = await streamOf(world.engine(), "subscription { live { number watcher { name } bird { name } } }");
  const [first, second] = await take(stream, 2);
  expect(first?.data).toEqual({ live: { number: 1, watcher: null, bird: { name: "Bird b1" } } });
  expect(first?.errors).toHaveLength(1);
  expect(second?.errors).toHaveLength(1);
  await world.watchers.start();
});

test("a join that hangs is given up in time, and its frame is delivered without it", async () => {
  world.watchers.onFetch = () => new Promise(() => {});
  world.journal.append(...sightings(1, 1));
  const engine = world.engine({ limits: { joinTimeoutMs: 30 } });
  const stream = await streamOf(engine, "subscription { live { number watcher { name } bird { name } } }");
  const [result] = await take(stream, 1);
  expect(result?.data).toEqual({ live: { number: 1, watcher: null, bird: { name: "Bird b1" } } });
  expect(result?.errors).toMatchObject([{ extensions: { code: "JOIN_TIMED_OUT", serviceName: "watchers" } }]);
});
