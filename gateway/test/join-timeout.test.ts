import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "graphql-ws";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { startGatewayHere } from "./gateway-in-process.ts";
import { startMadeUpGraph } from "./made-up-graph.ts";

/** Over the subscription engine's own default, 10 s. */
const answerMs = 10_500;

test("an event's join waits for a subgraph as long as SUBGRAPH_TIMEOUT_MS says", { timeout: 60_000 }, async () => {
  const graph = await startMadeUpGraph();
  const slow = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.end(JSON.stringify({ data: { _entities: [{ name: "Station s1" }] } })), answerMs);
  });
  slow.listen(0, "127.0.0.1");
  await once(slow, "listening");
  const gateway = await startGatewayHere({
    SUPERGRAPH: graph.supergraphFile,
    GATEWAY_AUTH: "off",
    SUBGRAPHS: `stations=http://127.0.0.1:${(slow.address() as AddressInfo).port}/graphql`,
    SUBGRAPH_TIMEOUT_MS: "30000",
  });
  const client = createClient({ url: `${gateway.url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket });
  try {
    const events = client.iterate({ query: "subscription { readings(count: 1) { station { name } } }" });
    expect((await events.next()).value).toEqual({ data: { readings: { station: { name: "Station s1" } } } });
  } finally {
    await client.dispose();
    await gateway.stop();
    await graph.stop();
    slow.close();
  }
});
