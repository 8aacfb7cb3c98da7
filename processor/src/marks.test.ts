import { expect, test } from "vitest";
import { keyOf, marksAfter, type Mark } from "./marks.ts";
import type { Seen } from "./receipts.ts";

const seen = (messageId: string, at = "t1"): Seen => ({
  messageId,
  conversationId: "c",
  senderUser: "s",
  userId: "u",
  at,
});
const stored = (...marks: Mark[]) => new Map(marks.map((mark) => [keyOf(mark), mark]));
const ids = (given: readonly Seen[]) => given.map(({ messageId }) => messageId);

test("delivered once: by the first of the batch, and not again after it was stored", () => {
  const first = marksAfter([seen("m", "t1"), seen("m", "t2")], [], new Map());
  expect(first.marks).toEqual([{ messageId: "m", userId: "u", deliveredAt: "t1", readAt: null }]);
  expect(ids(first.delivered)).toEqual(["m"]);
  expect(marksAfter([seen("m", "t3")], [], stored(...first.marks))).toEqual({ marks: [], delivered: [], read: [] });
});

test("read implies delivered, and makes one receipt, READ", () => {
  const first = marksAfter([], [seen("m", "t1")], new Map());
  expect(first.marks).toEqual([{ messageId: "m", userId: "u", deliveredAt: "t1", readAt: "t1" }]);
  expect([ids(first.delivered), ids(first.read)]).toEqual([[], ["m"]]);
  expect(marksAfter([seen("m", "t2")], [seen("m", "t2")], stored(...first.marks)).marks).toEqual([]);
});

test("delivered and read in one batch makes both receipts and keeps both times", () => {
  const { marks, delivered, read } = marksAfter([seen("m", "t1")], [seen("m", "t2")], new Map());
  expect(marks).toEqual([{ messageId: "m", userId: "u", deliveredAt: "t1", readAt: "t2" }]);
  expect([ids(delivered), ids(read)]).toEqual([["m"], ["m"]]);
});

test("the time of delivery stays when it is read later; marks come sorted", () => {
  const before = { messageId: "b", userId: "u", deliveredAt: "t0", readAt: null };
  const { marks } = marksAfter([seen("a")], [seen("b", "t5")], stored(before));
  expect(marks).toEqual([
    { messageId: "a", userId: "u", deliveredAt: "t1", readAt: null },
    { ...before, readAt: "t5" },
  ]);
});
