import type { MessageRecord } from "@sealgraph/platform/records.ts";
import { expect, test } from "vitest";
import { maxReceiptIds, seenReceipts, storedReceipts, type Seen } from "./receipts.ts";

const message = (id: string, conversationId: string, senderDevice: string) =>
  ({ id, conversationId, senderUser: "alice", senderDevice }) as MessageRecord;
const seen = (messageId: string, given: Partial<Seen> = {}): Seen => ({
  messageId,
  conversationId: "c1",
  senderUser: "alice",
  userId: "bob",
  at: "2026-01-01T00:00:00Z",
  ...given,
});

test("STORED: one per conversation and sending device, to that device alone", () => {
  const receipts = storedReceipts(
    [message("m1", "c1", "a1"), message("m2", "c2", "a1"), message("m3", "c1", "a1"), message("m4", "c1", "a2")],
    "now",
  );
  expect(receipts.map(({ detail, targets }) => [detail.messageIds, targets.map(({ deviceId }) => deviceId)])).toEqual([
    [["m1", "m3"], ["a1"]],
    [["m2"], ["a1"]],
    [["m4"], ["a2"]],
  ]);
  expect(receipts[0]?.detail).toMatchObject({ kind: "STORED", byUser: "alice", at: "now" });
});

test("DELIVERED: one per conversation and reader, to every device of the sender, with the latest time", () => {
  const receipts = seenReceipts(
    "DELIVERED",
    [
      seen("m1"),
      seen("m2", { at: "2026-01-01T00:00:09Z" }),
      seen("m3", { userId: "carol" }),
      seen("m4", { conversationId: "c2" }),
    ],
    () => ["a1", "a2"],
  );
  expect(receipts.map(({ detail }) => [detail.byUser, detail.conversationId, detail.messageIds, detail.at])).toEqual([
    ["bob", "c1", ["m1", "m2"], "2026-01-01T00:00:09Z"],
    ["carol", "c1", ["m3"], "2026-01-01T00:00:00Z"],
    ["bob", "c2", ["m4"], "2026-01-01T00:00:00Z"],
  ]);
  for (const { targets } of receipts) expect(targets.map(({ deviceId }) => deviceId)).toEqual(["a1", "a2"]);
});

test("a sender without a device left gets no receipt", () => {
  expect(seenReceipts("READ", [seen("m1")], () => [])).toEqual([]);
});

test("more ids than a frame may hold are told in several, none twice and none left out", () => {
  const all = Array.from({ length: maxReceiptIds * 2 + 1 }, (_, at) => seen(`m${at}`));
  const receipts = seenReceipts("READ", all, () => ["a1"]);
  expect(receipts.map(({ detail }) => detail.messageIds.length)).toEqual([maxReceiptIds, maxReceiptIds, 1]);
  expect(receipts.flatMap(({ detail }) => detail.messageIds)).toEqual(all.map(({ messageId }) => messageId));
});
