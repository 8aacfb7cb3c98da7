import { setTimeout as sleep } from "node:timers/promises";
import { buildSchema, type GraphQLError } from "graphql";
import { createClient, type FormattedExecutionResult } from "graphql-ws";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { DomainError } from "./errors.ts";
import { startSubgraphServer, type SubgraphContext, type SubgraphServer } from "./subgraph-server.ts";
import type { Caller, TokenVerifier } from "./tokens.ts";

const schema = buildSchema(`
  type Query { whoami: String! refused: String broken: String }
  type Subscription { count(to: Int!): Int! refusedLater: Int! untidy: Int! ticking: Int! }
`);
const root = (name: string) =>
  schema.getType(name) as unknown as { getFields(): Record<string, Record<string, unknown>> };
const query = root("Query").getFields();
query["whoami"]!["resolve"] = async (_: unknown, __: unknown, context: SubgraphContext) =>
  (await context.caller()).username;
query["refused"]!["resolve"] = () => {
  throw new DomainError("FORBIDDEN", "Not yours.", { detail: { userId: "u" } });
};
query["broken"]!["resolve"] = () => {
  throw new Error("secret detail");
};
const subscription = root("Subscription").getFields();
subscription["count"]!["subscribe"] = async function* (_: unknown, { to }: { to: number }) {
  for (let count = 1; count <= to; count++) yield { count };
};
subscription["refusedLater"]!["subscribe"] = async function* () {
  yield { refusedLater: 1 };
  throw new DomainError("DEVICE_REVOKED");
};
/** Its cleanup fails when the user leaves. */
subscription["untidy"]!["subscribe"] = async function* () {
  try {
    for (;;) {
      yield { untidy: 1 };
      await sleep(5);
    }
  } finally {
    await Promise.reject(new Error("secret detail"));
  }
};
/** Endless, so what it says later was not sent before. */
subscription["ticking"]!["subscribe"] = async function* () {
  for (let ticking = 1; ; ticking++) {
    yield { ticking };
    await sleep(5);
  }
};

const tokens: TokenVerifier = {
  async verify(authorization) {
    if (authorization === "Bearer broken") throw new TypeError("secret detail");
    if (authorization === undefined) throw new DomainError("UNAUTHENTICATED");
    return { username: authorization.replace("Bearer ", "") } as Caller;
  },
};

let server: SubgraphServer;
beforeAll(async () => {
  server = await startSubgraphServer({
    schema,
    host: "127.0.0.1",
    port: 0,
    tokens,
    log: pino({ level: "silent" }),
    maxRequestBytes: 10_000,
  });
});
afterAll(() => server.stop());

async function post(body: unknown, authorization?: string) {
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as FormattedExecutionResult };
}

function over(
  socket: ReturnType<typeof createClient>,
  payload: Parameters<ReturnType<typeof createClient>["subscribe"]>[0],
) {
  return new Promise<{ results: FormattedExecutionResult[]; errors: readonly GraphQLError[] }>((resolve, reject) => {
    const results: FormattedExecutionResult[] = [];
    socket.subscribe(payload, {
      next: (result) => results.push(result as FormattedExecutionResult),
      complete: () => resolve({ results, errors: [] }),
      error: (error) => (Array.isArray(error) ? resolve({ results, errors: error as GraphQLError[] }) : reject(error)),
    });
  });
}

const connect = (connectionParams?: Record<string, unknown>) =>
  createClient({
    url: server.url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(connectionParams === undefined ? {} : { connectionParams }),
  });

/** Another user's stream on this socket. */
async function startNeighbour(socket: ReturnType<typeof createClient>) {
  let ticks = 0;
  const { promise: broken, reject } = Promise.withResolvers<never>();
  broken.catch(() => {});
  socket.subscribe(
    { query: "subscription { ticking }" },
    { next: () => (ticks += 1), complete: () => reject(new Error("completed")), error: reject },
  );
  const ticksOn = async (count: number) => {
    const goal = ticks + count;
    await vi.waitUntil(() => ticks >= goal, { timeout: 5_000, interval: 5 });
  };
  await ticksOn(1);
  return { goesOn: () => Promise.race([ticksOn(20), broken]) };
}

describe("a subgraph's door over HTTP", () => {
  it("runs an operation as the caller that its token names", async () => {
    expect(await post({ query: "{ whoami }" }, "Bearer alice")).toEqual({
      status: 200,
      body: { data: { whoami: "alice" } },
    });
  });

  it("refuses one without a token, with 401 and a code", async () => {
    const { status, body } = await post({ query: "{ whoami }" });
    expect(status).toBe(401);
    expect(body.errors?.[0]?.extensions).toEqual({ code: "UNAUTHENTICATED", retryable: false });
  });

  it("shows a domain error whole, and hides any other", async () => {
    const { body } = await post({ query: "{ refused broken }" }, "Bearer alice");
    expect(body.errors?.map((error) => error.extensions)).toEqual([
      { code: "FORBIDDEN", retryable: false, userId: "u" },
      { code: "INTERNAL_SERVER_ERROR", retryable: true },
    ]);
    expect(JSON.stringify(body)).not.toContain("secret detail");
  });

  it.each([
    ["malformed JSON", "{", 400],
    ["a body over the limit", JSON.stringify({ query: `# ${"x".repeat(20_000)}` }), 413],
  ])("answers %s with a typed error", async (_what, text, status) => {
    const answer = await post(text, "Bearer alice");
    expect(answer.status).toBe(status);
    expect(answer.body.errors?.[0]?.extensions?.["code"]).toBe("BAD_USER_INPUT");
  });
});

describe("a subgraph's door over one socket", () => {
  it("takes each operation's token from its extensions", async () => {
    const socket = connect();
    const [alice, bob, nobody] = await Promise.all([
      over(socket, { query: "{ whoami }", extensions: { authorization: "Bearer alice" } }),
      over(socket, { query: "{ whoami }", extensions: { authorization: "Bearer bob" } }),
      over(socket, { query: "{ whoami }" }),
    ]);
    expect(alice.results).toEqual([{ data: { whoami: "alice" } }]);
    expect(bob.results).toEqual([{ data: { whoami: "bob" } }]);
    expect(nobody.errors[0]?.extensions).toEqual({ code: "UNAUTHENTICATED", retryable: false });
    await socket.dispose();
  });

  it("ends one operation with an error of its own and leaves its neighbours alone", async () => {
    const socket = connect({ authorization: "Bearer alice" });
    const [refused, invalid, thrown, counted] = await Promise.all([
      over(socket, { query: "subscription { refusedLater }" }),
      over(socket, { query: "subscription { nothing }" }),
      // graphql 16's validate() throws on this one
      over(socket, { query: "subscription($b: Boolean!) { count(to: 1) @include(if: $b) }", variables: { b: true } }),
      over(socket, { query: "subscription { count(to: 3) }" }),
    ]);
    expect(refused.results).toEqual([{ data: { refusedLater: 1 } }]);
    expect(refused.errors[0]?.extensions).toEqual({ code: "DEVICE_REVOKED", retryable: false });
    expect(invalid.errors[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", retryable: false });
    expect(thrown.errors.length + thrown.results.length).toBeGreaterThan(0);
    expect(counted.results).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
    await socket.dispose();
  });

  it.each<[string, Parameters<typeof over>[1], string]>([
    ["is not GraphQL", { query: "subscription {" }, "BAD_USER_INPUT"],
    ["is nested deeply", { query: `{ a(b: ${"[".repeat(9_000)}` }, "BAD_USER_INPUT"],
    ["names no operation of its document", { query: "{ whoami }", operationName: "Other" }, "BAD_USER_INPUT"],
    ["holds no operation", { query: "fragment F on Query { whoami }" }, "BAD_USER_INPUT"],
    [
      "makes the verifier fail",
      { query: "{ whoami }", extensions: { authorization: "Bearer broken" } },
      "INTERNAL_SERVER_ERROR",
    ],
  ])("one that %s gets an error, and the socket that others share stays", async (_what, payload, code) => {
    const socket = connect({ authorization: "Bearer alice" });
    const neighbour = await startNeighbour(socket);
    const { results, errors } = await over(socket, payload);
    const told = errors[0] ?? results[0]?.errors?.[0];
    expect(told?.extensions?.["code"]).toBe(code);
    expect(JSON.stringify(told)).not.toContain("secret");
    await neighbour.goesOn();
    await socket.dispose();
  });

  it("outlives an operation whose cleanup fails when its user leaves", async () => {
    const socket = connect({ authorization: "Bearer alice" });
    const neighbour = await startNeighbour(socket);
    const untidy = socket.iterate({ query: "subscription { untidy }" });
    await untidy.next();
    await untidy.return?.();
    await neighbour.goesOn();
    await socket.dispose();
  });
});

it("takes by default twice what the gateway takes from a client", async () => {
  const roomy = await startSubgraphServer({
    schema,
    host: "127.0.0.1",
    port: 0,
    tokens,
    log: pino({ level: "silent" }),
  });
  const socket = createClient({ url: roomy.url.replace("http", "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
  const extensions = { authorization: "Bearer alice", padding: "x".repeat(1_990_000) };
  expect((await over(socket, { query: "{ whoami }", extensions })).results).toEqual([{ data: { whoami: "alice" } }]);
  await socket.dispose();
  await roomy.stop();
});
