/** Starts and stops the gateway. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Log } from "@sealgraph/platform/log.ts";
import { urlOf, type Running } from "@sealgraph/platform/program.ts";
import type { Registry } from "prom-client";
import type { GatewayConfig } from "./config.ts";
import { createContext } from "./context.ts";
import { createHttpApp } from "./http-app.ts";
import { anonymousIdleMs } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { createSocketServer } from "./socket-server.ts";

const path = "/graphql";
/** How long answers under way may take at stop before their connections are cut. */
const drainTimeoutMs = 5_000;
/** Longest time for a request to arrive in full. */
const requestTimeoutMs = 30_000;

/** @throws ConfigError when the supergraph cannot be served */
export async function startGateway(config: GatewayConfig, log: Log, registry: Registry): Promise<Running> {
  const metrics = createMetrics(registry);
  const { apollo, engine, tokens } = await createContext(config, log, metrics);
  const shared = { path, apollo, tokens, allowedOrigins: config.allowedOrigins, log };
  const app = createHttpApp({
    ...shared,
    validate: engine.validate,
    maxBodyBytes: config.maxRequestBytes,
    playground: config.playground,
  });
  const sockets = createSocketServer({
    ...shared,
    engine,
    maxMessageBytes: config.maxRequestBytes,
    maxOperationsPerSocket: config.maxOperationsPerSocket,
    anonymousIdleMs,
  });

  const server = createServer({ requestTimeout: requestTimeoutMs }, app);
  sockets.listenOn(server);
  server.listen(config.port, config.host);
  await once(server, "listening");

  metrics.observe({
    clientSockets: () => sockets.openSockets,
    streams: () => engine.streams,
    subgraphSockets: () => engine.sockets,
  });
  if (tokens === undefined) log.warn("GATEWAY_AUTH=off: tokens are passed on to subgraphs without a look");

  let serving = true;
  return {
    url: urlOf(server, config.host),
    ready: () => serving,
    async stop() {
      serving = false;
      // Streams first: their clients go to another replica while answers under way still finish here.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await sockets.stop();
      await engine.stop();
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), drainTimeoutMs);
      await closed;
      clearTimeout(cut);
      await apollo.stop();
    },
  };
}
