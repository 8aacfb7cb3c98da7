import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SealgraphError } from "./errors.ts";
import { Inbox, Me } from "./graphql/operations.ts";
import { createTransport, type Transport } from "./transport.ts";

/** Takes connections and never says a word. */
let silent: Server;
let transport: Transport;

beforeEach(async () => {
  silent = createServer((socket) => socket.on("error", () => undefined).resume());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  transport.close();
  await new Promise((resolve) => silent.close(resolve));
});

function open(timeoutMs: number, token = () => Promise.resolve("token")): Transport {
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  transport = createTransport({ url, token, timeoutMs });
  return transport;
}

test("closing ends a request under way", async () => {
  const request = open(60_000).request(Me, {});
  const connected = new Promise((resolve) => silent.once("connection", resolve));
  const ended = expect(request).rejects.toMatchObject({ code: "CLOSED", retryable: false });
  await connected;
  transport.close();
  await ended;
});

test("a request takes no longer than its time, the asking for the token included", async () => {
  await expect(open(50).request(Me, {})).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
  const never = () => new Promise<string>(() => undefined);
  await expect(open(50, never).request(Me, {})).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
});

test("a token that cannot be had is an error with a name", async () => {
  const fails = () => Promise.reject(new TypeError("fetch failed"));
  await expect(open(1_000, fails).request(Me, {})).rejects.toMatchObject({ code: "NETWORK", retryable: true });
});

test("connecting for a subscription takes no longer than its time, and the connection is given up then", async () => {
  const connection = new Promise<void>((resolve) =>
    silent.once("connection", (socket) => socket.once("close", () => resolve())),
  );
  const error = await new Promise<SealgraphError | undefined>((resolve) => {
    const variables = { deviceId: "d", after: null, devicesVersion: null, session: "s" };
    open(50).subscribe(Inbox, variables, { next: () => true, end: resolve });
  });
  expect(error).toMatchObject({ code: "TIMEOUT", retryable: true });
  await connection;
});
