import type { AcknowledgeRecord } from "@sealgraph/platform/records.ts";
import { expect, test } from "vitest";
import { positionsAfter } from "./acknowledgements.ts";

const box = { deviceId: "d", userId: "u", epoch: 2, head: 10n, acknowledged: 4n };
const boxes = new Map([["d", box]]);
const ack = (seq: number, given: Partial<AcknowledgeRecord> = {}): AcknowledgeRecord => ({
  v: 1,
  type: "acknowledge",
  userId: "u",
  deviceId: "d",
  epoch: 2,
  seq,
  at: `2026-01-01T00:00:${String(seq).padStart(2, "0")}Z`,
  ...given,
});
const after = (...acks: AcknowledgeRecord[]) => positionsAfter(acks, boxes).map(({ from, to, at }) => [from, to, at]);

test("the greatest counts, with its own time, in whatever order they come", () => {
  expect(after(ack(6), ack(9), ack(7))).toEqual([[4n, 9n, "2026-01-01T00:00:09Z"]]);
});

test("one that was said before leaves the position where it is, and is answered all the same", () => {
  expect(after(ack(4)).map(([from, to]) => [from, to])).toEqual([[4n, 4n]]);
  expect(after(ack(2)).map(([from, to]) => [from, to])).toEqual([[4n, 4n]]);
});

test("the head itself counts, one past it does not, and does not hide a good one", () => {
  expect(after(ack(10)).map(([, to]) => to)).toEqual([10n]);
  expect(after(ack(11))).toEqual([]);
  expect(after(ack(8), ack(11)).map(([, to]) => to)).toEqual([8n]);
});

test("another epoch, another user or an unknown mailbox does not count", () => {
  expect(after(ack(5, { epoch: 1 }), ack(5, { epoch: 3 }), ack(5, { userId: "x" }), ack(5, { deviceId: "x" }))).toEqual(
    [],
  );
});
