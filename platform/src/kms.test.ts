import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKms } from "./kms.ts";

/** Answers every call with one status and AWS JSON error; the real protocol is the stack's contract suite. */
let answer: { status: number; type: string } | "silence";
let calls = 0;
const server = createServer((_, response) => {
  calls += 1;
  if (answer === "silence") return;
  response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify({ __type: answer.type, message: "no" }));
});
let endpoint = "";
const saved = { ...process.env };

beforeEach(async () => {
  process.env["AWS_ACCESS_KEY_ID"] = "local";
  process.env["AWS_SECRET_ACCESS_KEY"] = "local";
  calls = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  process.env = { ...saved };
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const decrypt = () => createKms({ endpoint, region: "us-east-1" }).decrypt(Buffer.from("wrapped"), { purpose: "test" });

test.each([
  ["a disabled key", { status: 400, type: "DisabledException" }],
  ["a fault of KMS", { status: 500, type: "KMSInternalException" }],
])("%s is KMS_UNAVAILABLE, which a later try may mend", async (_, given) => {
  answer = given;
  await expect(decrypt()).rejects.toMatchObject({ code: "KMS_UNAVAILABLE", retryable: true });
});

test("a fault of KMS is tried three times", async () => {
  answer = { status: 500, type: "KMSInternalException" };
  await expect(decrypt()).rejects.toThrow();
  expect(calls).toBe(3);
});

test.each(["InvalidCiphertextException", "IncorrectKeyException"])("%s is damage, not an outage", async (type) => {
  answer = { status: 400, type };
  await expect(decrypt()).rejects.toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
});

test("silence ends within the time of a call", { timeout: 10_000 }, async () => {
  answer = "silence";
  const began = performance.now();
  await expect(decrypt()).rejects.toMatchObject({ code: "KMS_UNAVAILABLE" });
  expect(performance.now() - began).toBeLessThan(6_000);
});
