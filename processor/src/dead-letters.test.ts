import { DeadLetter } from "@sealgraph/platform/records.ts";
import { maxRecordBytes } from "@sealgraph/platform/topics.ts";
import { expect, test } from "vitest";
import { deadLetterOf } from "./dead-letters.ts";

const at = "2026-01-01T00:00:00.000Z";
const dead = (value: Buffer | null) => ({
  record: {
    topic: "incoming-messages",
    partition: 3,
    offset: 9_007_199_254_740_993n,
    timestampMs: 5,
    key: null,
    value,
  },
  code: "NOT_JSON" as const,
  reason: "the value is not JSON",
});

test("a dead letter holds the record as it was, byte by byte, and where it stood", () => {
  const bytes = Buffer.from([0, 255, 10, 123]);
  const letter = DeadLetter.parse(deadLetterOf(dead(bytes), at));
  expect(Buffer.from(letter.value ?? "", "base64url")).toEqual(bytes);
  expect(letter).toMatchObject({ offset: "9007199254740993", partition: 3, key: null, code: "NOT_JSON" });
});

test("a record too large to be wrapped is named by its place, and the letter fits", () => {
  const letter = DeadLetter.parse(deadLetterOf(dead(Buffer.alloc(maxRecordBytes - 100)), at));
  expect(letter.value).toBeNull();
  expect(letter.reason).toContain("too large");
  expect(JSON.stringify(letter).length).toBeLessThan(maxRecordBytes);
});
