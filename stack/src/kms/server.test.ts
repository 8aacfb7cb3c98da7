import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decrypt, encrypt } from "./ciphertext.ts";
import { kmsContract } from "./contract.ts";
import { KeyStore } from "./key-store.ts";
import { createKmsServer } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "sealgraph-kms-"));
const file = join(folder, "keys.json");
let server: Server;
let url: string;

beforeAll(async () => {
  server = createKmsServer(new KeyStore(file)).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

kmsContract("the development server", () => url);

it("keeps keys, aliases and what is disabled over a restart, in a file for its owner only", () => {
  const before = new KeyStore(file);
  const key = before.create({ spec: "SYMMETRIC_DEFAULT", usage: "ENCRYPT_DECRYPT", description: "" });
  before.createAlias("alias/kept", key.id);
  before.setEnabled(key.id, false);
  const blob = encrypt(key, Buffer.from("text"), { a: "1" });
  const after = new KeyStore(file).find("alias/kept");
  expect(after).toMatchObject({ id: key.id, enabled: false });
  expect(decrypt(after, blob, { a: "1" }).toString()).toBe("text");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it.each([
  ["an unknown operation", { "x-amz-target": "TrentService.Nothing" }, "{}", "UnknownOperationException"],
  ["a name of Object's own", { "x-amz-target": "TrentService.constructor" }, "{}", "UnknownOperationException"],
  [
    "no JSON",
    { "x-amz-target": "TrentService.Encrypt", authorization: "AWS4-HMAC-SHA256 x" },
    "{",
    "SerializationException",
  ],
  ["no credentials", { "x-amz-target": "TrentService.ListKeys" }, "{}", "MissingAuthenticationTokenException"],
])("answers %s with 400 and AWS' name for it", async (_, headers, body, type) => {
  const response = await fetch(url, { method: "POST", headers: headers as unknown as Record<string, string>, body });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ __type: type });
});
