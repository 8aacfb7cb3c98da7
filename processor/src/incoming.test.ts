import { expect, test } from "vitest";
import { readIncoming } from "./incoming.ts";

const record = (value: Buffer | null) => ({ topic: "t", partition: 1, offset: 7n, timestampMs: 0, key: null, value });
const read = (value: unknown) =>
  readIncoming(record(Buffer.from(typeof value === "string" ? value : JSON.stringify(value))));
const id = "0191D7C2-0000-7000-8000-00000000000A";

const message = {
  v: 1,
  type: "message",
  id,
  contentHash: "AA",
  conversationId: id,
  senderUser: id,
  senderDevice: id,
  suite: "e2ee/1",
  body: "AAAA",
  acceptedAt: "2026-01-01T00:00:00.000Z",
  recipients: [
    {
      userId: id,
      devicesVersion: 1,
      headers: [
        { deviceId: id, header: "AA" },
        { deviceId: id.toLowerCase(), header: "AB" },
      ],
    },
  ],
};

test("a message is read with its ids in lower case, and one header per device", () => {
  const lower = id.toLowerCase();
  expect(read(message)).toMatchObject({
    readable: true,
    offset: 7n,
    record: {
      id: lower,
      conversationId: lower,
      senderDevice: lower,
      recipients: [{ userId: lower, headers: [{ deviceId: lower, header: "AA" }] }],
    },
  });
});

test("bytes have one spelling: what is told live is what replay will give", () => {
  expect(read({ ...message, body: "AB" })).toMatchObject({ record: { body: "AA" } });
});

test.each([
  ["EMPTY", record(null)],
  ["NOT_JSON", record(Buffer.from("{"))],
  ["NOT_A_RECORD", record(Buffer.from("3"))],
  ["NOT_A_RECORD", record(Buffer.from(JSON.stringify({ ...message, v: 2 })))],
  ["NOT_A_RECORD", record(Buffer.from(JSON.stringify({ ...message, type: "later" })))],
  ["NOT_A_RECORD", record(Buffer.from(JSON.stringify({ ...message, body: "+/" })))],
])("what cannot be read is told apart: %s", (code, given) => {
  expect(readIncoming(given)).toMatchObject({ readable: false, code, offset: 7n });
});

test("the reason names the field and holds no content", () => {
  const reasonOf = (value: unknown) => {
    const incoming = read(value);
    return incoming.readable ? "readable" : incoming.reason;
  };
  expect(reasonOf({ ...message, body: "secret+" })).toMatch(/^body: /);
  for (const value of [{ ...message, body: "secret+" }, "secret", { ...message, suite: ["secret"] }])
    expect(reasonOf(value)).not.toMatch(/secret|readable/);
});
