import { parse } from "graphql";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { SubscriptionEngine } from "../index.ts";
import { sightings, startBirdwatching, streamOf, take } from "./birdwatching.ts";
import type { Birdwatching, Viewer } from "./birdwatching.ts";

// Real servers and sockets: a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

let world: Birdwatching;
let engine: SubscriptionEngine<Viewer>;
beforeAll(async () => {
  world = await startBirdwatching();
  engine = world.engine();
});
afterAll(() => world.stop());

const condition = "SUBSCRIPTION_ROOT_CONDITION";

test.each([
  ["@include with a variable on the root field", condition, "subscription($b: Boolean!) { number @include(if: $b) }"],
  ["@skip with a literal on the root field", condition, "subscription { number @skip(if: false) }"],
  [
    "@include on a fragment at the root",
    condition,
    "subscription($b: Boolean!) { ...F @include(if: $b) } fragment F on Subscription { number }",
  ],
  [
    "@include inside a fragment at the root",
    condition,
    "subscription($b: Boolean!) { ...F } fragment F on Subscription { ... { number @include(if: $b) } }",
  ],
  [
    "@include in another operation of the document",
    condition,
    "subscription A { number } subscription B($b: Boolean!) { number @include(if: $b) }",
  ],
  ["@defer", "INCREMENTAL_DELIVERY_UNSUPPORTED", "subscription { live { ... @defer { number } } }"],
  ["@stream", "INCREMENTAL_DELIVERY_UNSUPPORTED", "subscription { live @stream { number } }"],
  ["several root fields", "SUBSCRIPTION_ROOT_FIELDS", "subscription { number live { number } }"],
  ["one root field twice under two names", "SUBSCRIPTION_ROOT_FIELDS", "subscription { a: number b: number }"],
  ["an unknown operation", "OPERATION_RESOLUTION_FAILURE", "subscription A { number }", "B"],
  [
    "two operations and no name",
    "OPERATION_RESOLUTION_FAILURE",
    "subscription A { number } subscription B { number }",
    null,
  ],
  ["no operation at all", "GRAPHQL_VALIDATION_FAILED", "fragment F on Bird { id }", null],
  ["a query", "NOT_A_SUBSCRIPTION", "{ birds { id } }", null],
  ["an unknown field", "GRAPHQL_VALIDATION_FAILED", "subscription { weather }"],
  ["an introspection field at the root", "GRAPHQL_VALIDATION_FAILED", "subscription { __typename }"],
  [
    "a fragment that contains itself",
    "GRAPHQL_VALIDATION_FAILED",
    "subscription { ...F } fragment F on Subscription { ...F }",
  ],
  ["a fragment that isn't there", "GRAPHQL_VALIDATION_FAILED", "subscription { ...F }"],
  ["text that is no GraphQL", "GRAPHQL_PARSE_FAILED", "subscription {"],
  ["a document of too many tokens", "GRAPHQL_PARSE_FAILED", `subscription { live { ${"number ".repeat(20_000)} } }`],
  ["a missing variable", "BAD_USER_INPUT", "subscription($a: String!) { entry(after: $a) { number } }"],
  [
    "a variable of the wrong type",
    "BAD_USER_INPUT",
    "subscription($s: String) { found(station: $s) { __typename } }",
    null,
    { s: {} } as Record<string, unknown>,
  ],
] as const)("%s is refused with %s", async (_what, code, document, operationName?: string | null, variables = {}) => {
  const result = await engine.subscribe({ document, operationName, variables, context: {} });
  expect(result).not.toHaveProperty("data");
  expect((result as any).errors.map((error: any) => error.extensions.code)).toContain(code);
  expect((result as any).errors[0].toJSON().extensions.retryable).toBe(false);
});

test("validate guards graphql 16's own, which throws", () => {
  const document = parse("subscription($b: Boolean!) { number @include(if: $b) }");
  expect(engine.validate(document).map((error) => error.extensions["code"])).toEqual([condition]);
  expect(engine.validate(parse("{ birds { name } }"))).toEqual([]);
});

test("@include below the root field is fine", async () => {
  world.journal.append(...sightings(1, 1));
  const document = "subscription($b: Boolean!) { live { number bird @include(if: $b) { name } } }";
  const without = await streamOf(engine, document, { variables: { b: false } });
  expect(await take(without, 1)).toEqual([{ data: { live: { number: 1 } } }]);
  const having = await streamOf(engine, document, { variables: { b: true } });
  expect(await take(having, 1)).toEqual([{ data: { live: { number: 1, bird: { name: "Bird b1" } } } }]);
});

test("a supergraph that doesn't have a named subgraph, and numbers that can't be, are the operator's TypeErrors", () => {
  expect(() => world.engine({ subgraphs: { nests: { url: "http://127.0.0.1:1" } } })).toThrow(TypeError);
  expect(() => world.engine({ limits: { queueFrames: 0 } })).toThrow(TypeError);
});
