import { once } from "node:events";
import { createClient, type Client } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { runGatewayToEnd, startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { startMadeUpGraph, type MadeUpGraph } from "./made-up-graph.ts";

const startTimeoutMs = 30_000;

describe("the gateway alone, on a supergraph that is not ours", () => {
  let graph: MadeUpGraph;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    graph = await startMadeUpGraph();
    gateway = await startGatewayProcess(["--supergraph", graph.supergraphFile, "--port", "0", "--auth", "off"]);
  }, startTimeoutMs);
  afterAll(async () => {
    gateway?.kill();
    await graph?.stop();
  });

  const post = (query: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ query }),
    });

  test("joins a query across subgraphs", async () => {
    const response = await post("{ lastReading { celsius station { name } observer { name } } }");
    expect(await response.json()).toEqual({
      data: { lastReading: { celsius: 7, station: { name: "Station s1" }, observer: { name: "Person p1" } } },
    });
  });

  test("joins each event of a subscription across the other two subgraphs", async () => {
    const client = connect(gateway.url);
    const results = [];
    for await (const result of client.iterate({
      query: "subscription { readings(count: 3) { celsius station { name } observer { name } } }",
    }))
      results.push(result);
    await client.dispose();
    expect(results).toEqual(
      [1, 2, 3].map((celsius) => ({
        data: { readings: { celsius, station: { name: "Station s1" }, observer: { name: "Person p1" } } },
      })),
    );
  });

  test("runs queries and mutations over the WebSocket too", async () => {
    const client = connect(gateway.url);
    const first = async (query: string) => (await client.iterate({ query }).next()).value;
    expect(await first("{ people { name } }")).toEqual({ data: { people: [{ name: "Person p1" }] } });
    expect(await first("mutation { record(celsius: 3.5) { celsius station { name } } }")).toEqual({
      data: { record: { celsius: 3.5, station: { name: "Station s1" } } },
    });
    await client.dispose();
  });

  test("passes authorization on to subgraphs, and no other header", async () => {
    graph.requests.length = 0;
    const response = await post("{ whoAsks }", { authorization: "Bearer anything", cookie: "a=b", "x-internal": "1" });
    expect(await response.json()).toEqual({ data: { whoAsks: "Bearer anything" } });
    const headers = graph.requests[0]?.headers ?? {};
    expect(headers["authorization"]).toBe("Bearer anything");
    expect(headers).not.toHaveProperty("cookie");
    expect(headers).not.toHaveProperty("x-internal");
  });

  test("passes a socket's authorization on with each subscription", async () => {
    const told = await Promise.all(
      ["Bearer one", "Bearer two"].map(async (authorization) => {
        const client = connect(gateway.url, { authorization });
        const { value } = await client.iterate({ query: "subscription { tokens }" }).next();
        await client.dispose();
        return value;
      }),
    );
    expect(told).toEqual([{ data: { tokens: "Bearer one" } }, { data: { tokens: "Bearer two" } }]);
  });

  test(
    "sends tokens with the socket instead, where SUBGRAPH_CREDENTIALS=socket",
    { timeout: startTimeoutMs },
    async () => {
      const perSocket = await startGatewayProcess(
        ["--supergraph", graph.supergraphFile, "--port", "0", "--auth", "off"],
        { SUBGRAPH_CREDENTIALS: "socket" },
      );
      for (const authorization of ["Bearer one", "Bearer two"]) {
        const client = connect(perSocket.url, { authorization });
        const { value } = await client.iterate({ query: "subscription { tokens }" }).next();
        expect(value).toEqual({ data: { tokens: authorization } });
        await client.dispose();
      }
      perSocket.kill();
    },
  );

  test("is ready, and says how many sockets are open", async () => {
    expect((await fetch(`${gateway.metricsUrl}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${gateway.metricsUrl}/metrics`)).text();
    expect(metrics).toMatch(/gateway_open_sockets\S* \d/);
  });
});

describe("starting", () => {
  test("the URLs of subgraphs can be given by flags", { timeout: startTimeoutMs }, async () => {
    const graph = await startMadeUpGraph({ writeUrls: false });
    const subgraphs = Object.entries(graph.urls).flatMap(([name, url]) => ["--subgraph", `${name}=${url}`]);
    const flags = ["--supergraph", graph.supergraphFile, "--port", "0", "--auth", "off", ...subgraphs];
    const gateway = await startGatewayProcess(flags);
    const client = connect(gateway.url);
    const { value } = await client
      .iterate({ query: "subscription { readings(count: 1) { observer { name } } }" })
      .next();
    expect(value).toEqual({ data: { readings: { observer: { name: "Person p1" } } } });
    await client.dispose();
    gateway.kill();
    await graph.stop();
  });

  test.each([
    [
      "a missing supergraph file",
      ["--supergraph", "/nowhere/at-all.graphql", "--auth", "off"],
      /at-all\.graphql: no such file/,
    ],
    ["a file that is no supergraph", ["--supergraph", "package.json", "--auth", "off"], /is no supergraph/],
    ["authentication without an issuer", ["--port", "0"], /OIDC_ISSUER is required/],
    ["an unknown flag", ["--frobnicate"], /--frobnicate/],
    ["a bad port", ["--port", "http"], /PORT must be a whole number/],
    ["a subgraph that the supergraph lacks", ["--auth", "off", "--subgraph", "x=http://127.0.0.1:1/"], /no subgraph x/],
  ])("%s is one clear line and exit 2", { timeout: startTimeoutMs }, async (_, flags, line) => {
    const { exitCode, errors } = await runGatewayToEnd(flags);
    expect(errors).toMatch(line);
    expect(errors.trim().split("\n")).toHaveLength(1);
    expect(exitCode).toBe(2);
  });

  test("--help lists the flags and the variables", { timeout: startTimeoutMs }, async () => {
    const { exitCode, output } = await runGatewayToEnd(["--help"]);
    expect(output).toContain("--subgraph NAME=URL");
    expect(output).toContain("ALLOWED_ORIGINS");
    expect(exitCode).toBe(0);
  });
});

describe("stopping", () => {
  test(
    "a peer that does not even answer the close is cut off within SHUTDOWN_TIMEOUT_MS",
    { timeout: startTimeoutMs },
    async () => {
      const graph = await startMadeUpGraph();
      const gateway = await startGatewayProcess(
        ["--supergraph", graph.supergraphFile, "--port", "0", "--auth", "off"],
        {
          SHUTDOWN_TIMEOUT_MS: "5000",
        },
      );
      const deaf = new WebSocket(`${gateway.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
      await once(deaf, "open");
      deaf.pause();
      expect(await gateway.terminate()).toBe(0);
      deaf.terminate();
      await graph.stop();
    },
  );

  test("SIGTERM closes sockets with 1012, which clients retry, and exits 0", { timeout: startTimeoutMs }, async () => {
    const graph = await startMadeUpGraph();
    const gateway = await startGatewayProcess(["--supergraph", graph.supergraphFile, "--port", "0", "--auth", "off"]);
    let closed: unknown;
    const client = connect(gateway.url, {}, (event) => (closed = event));
    const stream = client.iterate({ query: "subscription { readings(count: 100, everyMs: 500) { celsius } }" });
    await stream.next();
    const ended = stream.next().catch((error: unknown) => error);
    expect(await gateway.terminate()).toBe(0);
    await ended;
    expect(closed).toMatchObject({ code: 1012 });
    await client.dispose();
    await graph.stop();
  });
});

function connect(
  url: string,
  connectionParams: Record<string, unknown> = {},
  closed?: (event: unknown) => void,
): Client {
  return createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams,
    on: { closed: (event) => closed?.(event) },
  });
}
