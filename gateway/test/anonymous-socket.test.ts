import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { readConfig } from "@sealgraph/platform/config.ts";
import { createLog } from "@sealgraph/platform/log.ts";
import { createRegistry } from "@sealgraph/platform/metrics.ts";
import { urlOf } from "@sealgraph/platform/program.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { configOf, variables } from "../src/config.ts";
import { createContext } from "../src/context.ts";
import { createMetrics } from "../src/metrics.ts";
import { createSocketServer } from "../src/socket-server.ts";
import { startIdentityProvider, type IdentityProvider } from "./identity-provider.ts";
import { startMadeUpGraph, type MadeUpGraph } from "./made-up-graph.ts";

const anonymousIdleMs = 300;
let graph: MadeUpGraph;
let provider: IdentityProvider;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  [graph, provider] = await Promise.all([startMadeUpGraph(), startIdentityProvider()]);
}, 30_000);
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await Promise.all([graph?.stop(), provider?.stop()]);
});

/** The gateway's sockets, with less patience than gateway.ts gives them. */
async function startSockets(env: Record<string, string>): Promise<string> {
  const config = configOf(readConfig(variables, { PORT: "0", SUPERGRAPH: graph.supergraphFile, ...env }));
  const log = createLog("gateway", "silent");
  const context = await createContext(config, log, createMetrics(createRegistry("gateway")));
  const sockets = createSocketServer({
    ...context,
    path: "/graphql",
    allowedOrigins: config.allowedOrigins,
    maxMessageBytes: config.maxRequestBytes,
    maxOperationsPerSocket: config.maxOperationsPerSocket,
    anonymousIdleMs,
    log,
  });
  const server: Server = createServer();
  sockets.listenOn(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(async () => {
    await sockets.stop();
    await context.engine.stop();
    await context.apollo.stop();
    server.close();
  });
  return `${urlOf(server, "127.0.0.1").replace("http", "ws")}/graphql`;
}

async function acknowledged(url: string, payload?: object): Promise<WebSocket> {
  const socket = new WebSocket(url, "graphql-transport-ws");
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", ...(payload ? { payload } : {}) }));
  await once(socket, "message");
  return socket;
}

/** Sends something every 50 ms until the socket closes. @returns how it closed and after how many milliseconds */
async function closeWhile(socket: WebSocket, message: (count: number) => object) {
  const startedMs = performance.now();
  let count = 0;
  const sending = setInterval(() => socket.send(JSON.stringify(message((count += 1)))), 50);
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  clearInterval(sending);
  return { code, reason: reason.toString(), afterMs: performance.now() - startedMs };
}

const subscribe = (query: string) => (count: number) => ({ type: "subscribe", id: String(count), payload: { query } });

test.each([
  ["pings", () => ({ type: "ping" })],
  ["operations that need a token", subscribe("subscription { tokens }")],
])("a socket without a token closes with 4401 when it is idle, whatever %s it sends", async (_, message) => {
  const url = await startSockets({ OIDC_ISSUER: provider.issuer });
  const { code, reason, afterMs } = await closeWhile(await acknowledged(url), message);
  expect([code, reason]).toEqual([4401, "UNAUTHENTICATED"]);
  expect(afterMs).toBeGreaterThan(anonymousIdleMs - 50);
});

test("one that asks about the schema stays until it stops asking", async () => {
  const socket = await acknowledged(await startSockets({ OIDC_ISSUER: provider.issuer }));
  const asking = (count: number) => (count <= 12 ? subscribe("{ __typename }")(count) : { type: "ping" });
  const { code, afterMs } = await closeWhile(socket, asking);
  expect(code).toBe(4401);
  expect(afterMs).toBeGreaterThan(12 * 50 + anonymousIdleMs - 50);
});

test.each([
  ["with a token", "on"],
  ["without one where there is no authentication", "off"],
])("a socket %s may be idle", async (_, auth) => {
  const url = await startSockets({ OIDC_ISSUER: provider.issuer, GATEWAY_AUTH: auth });
  const socket = await acknowledged(
    url,
    auth === "on" ? { authorization: `Bearer ${await provider.token()}` } : undefined,
  );
  await sleep(2 * anonymousIdleMs);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.terminate();
});
