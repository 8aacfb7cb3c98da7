import { describe, expect, it, test } from "vitest";
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { SendMessageInput } from "./generated/schema.ts";
import {
  base64urlBytes,
  createSendInputCheck,
  maxHeadersPerRecipient,
  maxIdAgeMs,
  maxIdAheadMs,
} from "./send-input.ts";

const nowMs = Date.UTC(2026, 10, 23);
const check = createSendInputCheck({ maxBodyBytes: 30, maxHeaderBytes: 6 }, () => nowMs);

function idAt(timeMs: number): string {
  const hex = timeMs.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8def-000000000001`;
}

const uuid = (last: number) => `11111111-1111-4111-8111-${String(last).padStart(12, "0")}`;

function input(changes: Partial<SendMessageInput> = {}): SendMessageInput {
  return {
    id: idAt(nowMs),
    conversationId: uuid(1),
    deviceId: uuid(2),
    suite: "e2ee/1",
    body: "AAAA",
    recipients: [
      { userId: uuid(3), devicesVersion: 1, headers: [{ deviceId: uuid(4), header: "AAAA" }] },
      { userId: uuid(5), devicesVersion: 1, headers: [] },
    ],
    ...changes,
  };
}

function codeOf(given: SendMessageInput): string {
  try {
    check(given);
    return "VALID";
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

const [first, second] = input().recipients;
if (first === undefined || second === undefined) throw new Error("two recipients");
const headers = (count: number) => Array.from({ length: count }, (_, i) => ({ deviceId: uuid(100 + i), header: "AA" }));

describe("sendMessage's input", () => {
  it.each([
    ["as documented", input(), "VALID"],
    ["with an id as old as may be", input({ id: idAt(nowMs - maxIdAgeMs) }), "VALID"],
    ["with an id a moment older", input({ id: idAt(nowMs - maxIdAgeMs - 1) }), "ID_OUT_OF_TIME"],
    ["with an id as far ahead as may be", input({ id: idAt(nowMs + maxIdAheadMs) }), "VALID"],
    ["with an id a moment further", input({ id: idAt(nowMs + maxIdAheadMs + 1) }), "ID_OUT_OF_TIME"],
    ["with a UUIDv4 as id", input({ id: uuid(9) }), "ID_OUT_OF_TIME"],
    ["with an id that is no UUID", input({ id: "hello" }), "BAD_USER_INPUT"],
    ["with an id in upper case", input({ id: idAt(nowMs).toUpperCase() }), "BAD_USER_INPUT"],
    ["with a conversation id that is no UUID", input({ conversationId: "1" }), "BAD_USER_INPUT"],
    ["with a device id that is no UUID", input({ deviceId: "" }), "BAD_USER_INPUT"],
    ["with a body at the limit", input({ body: "A".repeat(40) }), "VALID"],
    ["with a body over the limit", input({ body: "A".repeat(42) }), "BODY_TOO_LARGE"],
    ["without a body", input({ body: "" }), "BAD_USER_INPUT"],
    ["with a padded body", input({ body: "AA==" }), "BAD_USER_INPUT"],
    ["with a body in the other base64 alphabet", input({ body: "++//" }), "BAD_USER_INPUT"],
    ["with a body whose spare bits are set", input({ body: "AB" }), "BAD_USER_INPUT"],
    ["with a body that ends early", input({ body: "AAAAA" }), "BAD_USER_INPUT"],
    [
      "with a header over the limit",
      input({ recipients: [{ ...first, headers: [{ deviceId: uuid(4), header: "A".repeat(10) }] }] }),
      "HEADER_TOO_LARGE",
    ],
    ["with a negative version", input({ recipients: [{ ...first, devicesVersion: -1 }] }), "BAD_USER_INPUT"],
    ["without recipients", input({ recipients: [] }), "BAD_USER_INPUT"],
    ["with three recipients", input({ recipients: [first, second, { ...second, userId: uuid(6) }] }), "BAD_USER_INPUT"],
    ["with a user twice", input({ recipients: [first, { ...second, userId: first.userId }] }), "BAD_USER_INPUT"],
    ["with a device twice", input({ recipients: [first, { ...second, headers: first.headers }] }), "BAD_USER_INPUT"],
    [
      "with as many headers as may be",
      input({ recipients: [{ ...first, headers: headers(maxHeadersPerRecipient) }] }),
      "VALID",
    ],
    [
      "with one header more",
      input({ recipients: [{ ...first, headers: headers(maxHeadersPerRecipient + 1) }] }),
      "BAD_USER_INPUT",
    ],
    ["with a later suite", input({ suite: "e2ee/3" }), "VALID"],
    ["without a suite's version", input({ suite: "e2ee" }), "BAD_USER_INPUT"],
    ["with a suite of odd characters", input({ suite: "E2EE/1\n" }), "BAD_USER_INPUT"],
  ])("%s is judged %3$s", (_, given, code) => {
    expect(codeOf(given)).toBe(code);
  });

  it("is refused with the name of the field", () => {
    expect(() => check(input({ suite: "?" }))).toThrow(/^input\.suite: /);
  });
});

test("the size of base64url is that of the bytes it decodes to", () => {
  for (let bytes = 0; bytes < 50; bytes += 1)
    expect(base64urlBytes(Buffer.alloc(bytes, 255).toString("base64url"))).toBe(bytes);
});
