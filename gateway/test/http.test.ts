import { afterAll, beforeAll, expect, test } from "vitest";
import { startGatewayHere } from "./gateway-in-process.ts";
import { startMadeUpGraph, type MadeUpGraph } from "./made-up-graph.ts";

let graph: MadeUpGraph;
let gateway: Awaited<ReturnType<typeof startGatewayHere>>;

beforeAll(async () => {
  graph = await startMadeUpGraph();
  gateway = await startGatewayHere({
    SUPERGRAPH: graph.supergraphFile,
    GATEWAY_AUTH: "off",
    MAX_REQUEST_BYTES: "2048",
  });
}, 30_000);
afterAll(async () => {
  await gateway?.stop();
  await graph?.stop();
});

async function send(body: string, headers: Record<string, string> = { "content-type": "application/json" }) {
  const response = await fetch(`${gateway.url}/graphql`, { method: "POST", headers, body });
  return { status: response.status, body: await response.json() };
}
const post = (request: object) => send(JSON.stringify(request));

test("a subgraph's coded error keeps its message, code, retryable and details", async () => {
  const { body } = await post({ query: '{ fails(code: "SOME_CODE") }' });
  expect(body).toEqual({
    data: { fails: null },
    errors: [
      {
        message: "told by the subgraph",
        path: ["fails"],
        extensions: { code: "SOME_CODE", retryable: true, detail: 1 },
      },
    ],
  });
});

test("a subgraph's error without a code is hidden: no message, no stack, no subgraph's name", async () => {
  const { body } = await post({ query: "{ broken }" });
  expect(body.errors[0].extensions).toEqual({
    code: "INTERNAL_SERVER_ERROR",
    retryable: true,
    requestId: expect.any(String),
  });
  expect(JSON.stringify(body)).not.toMatch(/hunter2|readings|\.ts/);
});

test.each([
  ["a syntax error", { query: "{" }, "GRAPHQL_PARSE_FAILED"],
  ["an unknown field", { query: "{ nothing }" }, "GRAPHQL_VALIDATION_FAILED"],
  ["a missing variable", { query: "query($c: String!) { fails(code: $c) }" }, "BAD_USER_INPUT"],
  ["an unknown operation name", { query: "{ whoAsks }", operationName: "X" }, "OPERATION_RESOLUTION_FAILURE"],
  [
    "a document that makes graphql's validate() throw",
    { query: "query Q { whoAsks } subscription S($b: Boolean!) { tokens @include(if: $b) }", operationName: "Q" },
    "SUBSCRIPTION_ROOT_CONDITION",
  ],
  ["no query at all", {}, "BAD_REQUEST"],
])("%s is a 400, not to be retried", async (_, request, code) => {
  const { status, body } = await post(request);
  expect(status).toBe(400);
  expect(body.errors[0].extensions).toMatchObject({ code, retryable: false });
});

test("a body that is no JSON is a 400, one over the limit a 413", async () => {
  expect(await send("{")).toMatchObject({
    status: 400,
    body: { errors: [{ extensions: { code: "REQUEST_MALFORMED", retryable: false } }] },
  });
  expect(await post({ query: `{ whoAsks } # ${"x".repeat(3_000)}` })).toMatchObject({
    status: 413,
    body: { errors: [{ extensions: { code: "REQUEST_TOO_LARGE", retryable: false } }] },
  });
});

test("what a web form can send is refused (CSRF)", async () => {
  const { status } = await send('{"query":"{ whoAsks }"}', { "content-type": "text/plain" });
  expect(status).toBe(400);
});

test("batches are refused", async () => {
  expect((await send('[{"query":"{ whoAsks }"}]')).status).toBe(400);
});

test("a subgraph that is down is SUBGRAPH_UNAVAILABLE, to be retried", async () => {
  const dead = await startMadeUpGraph({ writeUrls: false });
  const alone = await startGatewayHere({ SUPERGRAPH: dead.supergraphFile, GATEWAY_AUTH: "off" });
  const response = await fetch(`${alone.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ people { name } }" }),
  });
  const body = await response.json();
  expect(body.errors[0].extensions).toEqual({ code: "SUBGRAPH_UNAVAILABLE", retryable: true });
  expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|ECONNREFUSED|people"/);
  await alone.stop();
  await dead.stop();
});

test("the playground's page allows nothing from elsewhere", async () => {
  const response = await fetch(gateway.url);
  expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(response.headers.get("content-security-policy")).not.toMatch(/https?:|unsafe-eval/);
});
