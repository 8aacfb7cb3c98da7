import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket, type ClientOptions, type RawData } from "ws";
import { startGatewayHere } from "./gateway-in-process.ts";
import { startMadeUpGraph, type MadeUpGraph } from "./made-up-graph.ts";

const maxMessageBytes = 4_096;
let graph: MadeUpGraph;
let gateway: Awaited<ReturnType<typeof startGatewayHere>>;

beforeAll(async () => {
  graph = await startMadeUpGraph();
  gateway = await startGatewayHere({
    SUPERGRAPH: graph.supergraphFile,
    GATEWAY_AUTH: "off",
    ALLOWED_ORIGINS: "https://app.example.org",
    MAX_REQUEST_BYTES: String(maxMessageBytes),
    MAX_OPERATIONS_PER_SOCKET: "2",
  });
}, 30_000);
afterAll(async () => {
  await gateway?.stop();
  await graph?.stop();
});

const connect = (options: ClientOptions = {}, protocols = ["graphql-transport-ws"]) =>
  new WebSocket(`${gateway.url.replace("http", "ws")}/graphql`, protocols, options);

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

/** The next `count` messages. */
async function receive(socket: WebSocket, count: number): Promise<Record<string, unknown>[]> {
  const messages: Record<string, unknown>[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const onMessage = (data: RawData) => {
    messages.push(JSON.parse(data.toString()));
    if (messages.length === count) resolve();
  };
  socket.on("message", onMessage);
  await promise;
  socket.off("message", onMessage);
  return messages;
}

async function acknowledged(): Promise<WebSocket> {
  const socket = connect();
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init" }));
  await receive(socket, 1);
  return socket;
}

const subscribe = (socket: WebSocket, id: string, query: string, variables?: object) =>
  socket.send(JSON.stringify({ type: "subscribe", id, payload: { query, ...(variables ? { variables } : {}) } }));

const endless = "subscription { readings(count: 100000, everyMs: 20) { celsius } }";

describe("one bad operation does not end its neighbours", () => {
  test.each([
    ["is not GraphQL", "subscription {", {}, "GRAPHQL_PARSE_FAILED"],
    ["names an unknown field", "subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"],
    [
      "makes graphql's validate() throw",
      "subscription S($b: Boolean!) { tokens @include(if: $b) }",
      { b: true },
      expect.any(String),
    ],
    [
      "has a variable of the wrong type",
      "subscription S($n: Int!) { readings(count: $n) { celsius } }",
      { n: "x" },
      "BAD_USER_INPUT",
    ],
  ])("a subscription that %s is an error of that operation", async (_, query, variables, code) => {
    const socket = await acknowledged();
    subscribe(socket, "good", endless);
    await receive(socket, 1);
    subscribe(socket, "bad", query, variables);
    const messages = await receive(socket, 6);
    const bad = messages.filter((message) => message["id"] === "bad");
    expect(bad).toEqual([
      {
        id: "bad",
        type: "error",
        payload: [expect.objectContaining({ extensions: expect.objectContaining({ code, retryable: false }) })],
      },
    ]);
    expect(messages.filter((message) => message["id"] === "good" && message["type"] === "next")).toHaveLength(5);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  test("a query that makes graphql's validate() throw is that operation's error too", async () => {
    const socket = await acknowledged();
    const query = "query Q { people { name } } subscription S($b: Boolean!) { tokens @include(if: $b) }";
    socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query, operationName: "Q" } }));
    const [error] = await receive(socket, 1);
    expect(error).toMatchObject({ id: "1", type: "error", payload: [{ extensions: { retryable: false } }] });
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  test("more operations at once than allowed are refused, and one that ended makes place", async () => {
    const socket = await acknowledged();
    subscribe(socket, "1", endless);
    subscribe(socket, "2", endless);
    await receive(socket, 2);
    const refused = nextFor(socket, "3");
    subscribe(socket, "3", endless);
    expect(await refused).toMatchObject({ type: "error", payload: [{ extensions: { code: "TOO_MANY_OPERATIONS" } }] });
    socket.send(JSON.stringify({ type: "complete", id: "1" }));
    const accepted = nextFor(socket, "4");
    subscribe(socket, "4", endless);
    expect(await accepted).toMatchObject({ type: "next" });
    socket.terminate();
  });
});

async function nextFor(socket: WebSocket, id: string): Promise<Record<string, unknown>> {
  for (;;) {
    const [message] = await receive(socket, 1);
    if (message?.["id"] === id) return message;
  }
}

describe("what breaks the protocol closes the socket with the protocol's code", () => {
  test("a message that is no JSON: 4400", async () => {
    const socket = await acknowledged();
    socket.send("{");
    expect(await closeCode(socket)).toBe(4400);
  });

  test("a subscription before connection_init: 4401", async () => {
    const socket = connect();
    await once(socket, "open");
    subscribe(socket, "1", endless);
    expect(await closeCode(socket)).toBe(4401);
  });

  test("a second operation under a running one's id: 4409", async () => {
    const socket = await acknowledged();
    subscribe(socket, "1", endless);
    await receive(socket, 1);
    subscribe(socket, "1", endless);
    expect(await closeCode(socket)).toBe(4409);
  });

  test("connection_init twice: 4429", async () => {
    const socket = await acknowledged();
    socket.send(JSON.stringify({ type: "connection_init" }));
    expect(await closeCode(socket)).toBe(4429);
  });

  test("no connection_init for 5 s: 4408", { timeout: 10_000 }, async () => {
    expect(await closeCode(connect())).toBe(4408);
  });

  test("no subprotocol: 4406", async () => {
    expect(await closeCode(connect({}, []))).toBe(4406);
  });

  test("a message over the limit: 1009", async () => {
    const socket = await acknowledged();
    socket.send(JSON.stringify({ type: "ping", payload: { x: "x".repeat(maxMessageBytes) } }));
    expect(await closeCode(socket)).toBe(1009);
  });

  test("a binary message: 1003", async () => {
    const socket = await acknowledged();
    socket.send(Buffer.from(JSON.stringify({ type: "ping" })));
    expect(await closeCode(socket)).toBe(1003);
  });
});

describe("origins", () => {
  const upgrade = async (options: ClientOptions) => {
    const socket = connect(options);
    return await new Promise<string>((resolve) => {
      socket.once("open", () => {
        socket.terminate();
        resolve("open");
      });
      socket.once("unexpected-response", (_request, response) => resolve(String(response.statusCode)));
      socket.once("error", () => {});
    });
  };

  test.each([
    ["none, as programs send", () => ({}), "open"],
    ["the gateway's own", () => ({ origin: gateway.url }), "open"],
    ["one of ALLOWED_ORIGINS", () => ({ origin: "https://app.example.org" }), "open"],
    ["any other", () => ({ origin: "https://evil.example" }), "403"],
    ["another port of the same host", () => ({ origin: "http://127.0.0.1:1" }), "403"],
    ["null, as sandboxed pages send", () => ({ origin: "null" }), "403"],
  ])("a socket from an origin: %s", async (_, options, outcome) => {
    expect(await upgrade(options())).toBe(outcome);
  });

  test.each([
    ["https://app.example.org", "https://app.example.org"],
    ["https://evil.example", null],
  ])("a preflight from %s allows %s", async (origin, allowed) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    expect(response.headers.get("access-control-allow-origin")).toBe(allowed);
  });

  test("a WebSocket on another path is 404", async () => {
    const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/elsewhere`, "graphql-transport-ws");
    socket.on("error", () => {});
    const [, response] = await once(socket, "unexpected-response");
    expect(response.statusCode).toBe(404);
  });
});
