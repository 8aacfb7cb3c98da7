import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startGatewayHere } from "./gateway-in-process.ts";
import { startIdentityProvider, type IdentityProvider } from "./identity-provider.ts";
import { startMadeUpGraph, type MadeUpGraph } from "./made-up-graph.ts";

let graph: MadeUpGraph;
let provider: IdentityProvider;
let gateway: Awaited<ReturnType<typeof startGatewayHere>>;

beforeAll(async () => {
  [graph, provider] = await Promise.all([startMadeUpGraph(), startIdentityProvider()]);
  gateway = await startGatewayHere({ SUPERGRAPH: graph.supergraphFile, OIDC_ISSUER: provider.issuer });
}, 30_000);
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
  await graph?.stop();
});

async function post(query: string, token?: string) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, body: await response.json() };
}

interface Closed {
  code: number;
  reason: string;
}

/** A socket whose every event is at hand: connection_init is sent, with the token if there is one. */
async function openSocket(token?: string) {
  const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  const closed = new Promise<Closed>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const messages: Record<string, unknown>[] = [];
  const waiting: ((message: Record<string, unknown>) => void)[] = [];
  socket.on("message", (data) => {
    const message = JSON.parse(data.toString());
    const waiter = waiting.shift();
    if (waiter === undefined) messages.push(message);
    else waiter(message);
  });
  await new Promise((resolve) => socket.once("open", resolve));
  const send = (message: object) => socket.send(JSON.stringify(message));
  send({ type: "connection_init", payload: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  return {
    closed,
    send,
    next: () =>
      new Promise<Record<string, unknown>>((resolve) => {
        const message = messages.shift();
        if (message === undefined) waiting.push(resolve);
        else resolve(message);
      }),
    close: () => socket.close(1000),
  };
}

const refusedTokens: [string, string, () => Promise<string> | string][] = [
  ["an expired token", "TOKEN_EXPIRED", () => provider.token({ expiresInS: -60 })],
  ["a token for another audience", "TOKEN_AUDIENCE", () => provider.token({ audience: "another-service" })],
  ["a token of another issuer", "TOKEN_INVALID", () => provider.token({ issuer: "https://evil.example" })],
  ["a token signed by an unknown key", "TOKEN_INVALID", () => provider.foreignToken()],
  ["a token with alg none", "TOKEN_INVALID", () => provider.unsecuredToken()],
  ["a token with HS256 over the public key", "TOKEN_INVALID", () => provider.confusedToken()],
  ["something that is no token", "TOKEN_INVALID", () => "nonsense"],
];

describe("over HTTP", () => {
  test("an operation with a good token runs, and the token goes on to the subgraph", async () => {
    const token = await provider.token();
    expect(await post("{ whoAsks }", token)).toEqual({ status: 200, body: { data: { whoAsks: `Bearer ${token}` } } });
  });

  test("an operation without a token is refused with 401 UNAUTHENTICATED", async () => {
    const { status, body } = await post("{ whoAsks }");
    expect(status).toBe(401);
    expect(body.errors).toEqual([
      expect.objectContaining({ extensions: { code: "UNAUTHENTICATED", retryable: false } }),
    ]);
    expect(body).not.toHaveProperty("data");
  });

  test.each(refusedTokens)("%s is refused with 401 %s", async (_, code, make) => {
    graph.requests.length = 0;
    const { status, body } = await post("{ whoAsks }", await make());
    expect(status).toBe(401);
    expect(body.errors[0].extensions).toEqual({ code, retryable: false });
    expect(graph.requests).toEqual([]);
  });

  test("introspection needs no token", async () => {
    const { status, body } = await post(
      "query A { __typename ...F } fragment F on Query { __schema { queryType { name } } }",
    );
    expect(status).toBe(200);
    expect(body.data).toEqual({ __typename: "Query", __schema: { queryType: { name: "Query" } } });
  });

  test.each([
    ["beside it", "{ __typename whoAsks }"],
    ["in a fragment", "{ __typename ...F } fragment F on Query { whoAsks }"],
    ["in an inline fragment", "{ __typename ... { whoAsks } }"],
    ["under an alias", "{ __typename: whoAsks }"],
  ])("a field %s does need one", async (_, query) => {
    expect((await post(query)).status).toBe(401);
  });

  test("a subscription is refused with 4xx SUBSCRIPTIONS_NEED_WEBSOCKET", async () => {
    for (const query of ["subscription { tokens }", "subscription S($b: Boolean!) { tokens @include(if: $b) }"]) {
      const { status, body } = await post(query, await provider.token());
      expect(status).toBe(400);
      expect(body.errors[0].extensions).toEqual({ code: "SUBSCRIPTIONS_NEED_WEBSOCKET", retryable: false });
    }
  });
});

describe("over WebSocket", () => {
  test("queries and subscriptions run with the token of connection_init", async () => {
    const token = await provider.token();
    const client = createClient({
      url: `${gateway.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { Authorization: `Bearer ${token}` },
    });
    expect((await client.iterate({ query: "{ whoAsks }" }).next()).value).toEqual({
      data: { whoAsks: `Bearer ${token}` },
    });
    expect((await client.iterate({ query: "subscription { tokens }" }).next()).value).toEqual({
      data: { tokens: `Bearer ${token}` },
    });
    await client.dispose();
  });

  test.each(refusedTokens)("%s closes the socket with 4403 %s", async (_, code, make) => {
    const socket = await openSocket(await make());
    expect(await socket.closed).toEqual({ code: 4403, reason: code });
  });

  test("without a token only introspection runs, and the socket stays open", async () => {
    const socket = await openSocket();
    expect(await socket.next()).toEqual({ type: "connection_ack" });
    socket.send({ type: "subscribe", id: "1", payload: { query: "subscription { tokens }" } });
    expect(await socket.next()).toMatchObject({
      type: "error",
      payload: [{ extensions: { code: "UNAUTHENTICATED" } }],
    });
    socket.send({ type: "subscribe", id: "2", payload: { query: "{ whoAsks }" } });
    expect(await socket.next()).toMatchObject({
      type: "next",
      id: "2",
      payload: { errors: [{ extensions: { code: "UNAUTHENTICATED", retryable: false } }] },
    });
    expect(await socket.next()).toEqual({ type: "complete", id: "2" });
    socket.send({ type: "subscribe", id: "3", payload: { query: "{ __schema { queryType { name } } }" } });
    expect(await socket.next()).toMatchObject({
      id: "3",
      payload: { data: { __schema: { queryType: { name: "Query" } } } },
    });
    socket.close();
  });

  test("a token that expires while a stream runs ends the stream and closes the socket with 4403", async () => {
    const expiresInS = 2;
    const startedMs = Date.now();
    const socket = await openSocket(await provider.token({ expiresInS }));
    await socket.next();
    socket.send({
      type: "subscribe",
      id: "1",
      payload: { query: "subscription { readings(count: 1000) { celsius } }" },
    });
    expect(await socket.next()).toMatchObject({ type: "next", id: "1" });
    expect(await socket.closed).toEqual({ code: 4403, reason: "TOKEN_EXPIRED" });
    expect(Date.now() - startedMs).toBeLessThan(expiresInS * 1_000 + 1_000);
  });
});

describe("while the identity provider cannot be asked", () => {
  test("HTTP answers 503 IDENTITY_UNAVAILABLE, and sockets close with 1013, both to be retried", async () => {
    const token = await provider.token();
    const healthy = gateway;
    gateway = await startGatewayHere({ SUPERGRAPH: graph.supergraphFile, OIDC_ISSUER: "http://127.0.0.1:9" });
    try {
      const { status, body } = await post("{ whoAsks }", token);
      expect(status).toBe(503);
      expect(body.errors[0].extensions).toEqual({ code: "IDENTITY_UNAVAILABLE", retryable: true });
      const socket = await openSocket(token);
      expect(await socket.closed).toEqual({ code: 1013, reason: "IDENTITY_UNAVAILABLE" });
    } finally {
      await gateway.stop();
      gateway = healthy;
    }
  });
});
