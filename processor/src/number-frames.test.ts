import * as fc from "fast-check";
import { expect, test } from "vitest";
import { numberFrames, type Entry } from "./number-frames.ts";

const receipt = (...devices: string[]): Entry => ({
  kind: "receipt",
  detail: { kind: "STORED", conversationId: "c", messageIds: ["m"], byUser: "u", at: "2026-01-01T00:00:00Z" },
  targets: devices.map((deviceId) => ({ deviceId, userId: "u" })),
});
const mailbox = (head: bigint, epoch = 1) => ({ epoch, head });

test("each mailbox goes on from its own head, in the order of the entries", () => {
  const { numbered, heads } = numberFrames(
    [receipt("a", "b"), receipt("b"), receipt("a")],
    new Map([
      ["a", mailbox(0n)],
      ["b", mailbox(41n, 3)],
    ]),
  );
  expect(numbered.map(({ places }) => places)).toEqual([
    [
      { deviceId: "a", epoch: 1, seq: 1n },
      { deviceId: "b", epoch: 3, seq: 42n },
    ],
    [{ deviceId: "b", epoch: 3, seq: 43n }],
    [{ deviceId: "a", epoch: 1, seq: 2n }],
  ]);
  expect(heads).toEqual(
    new Map([
      ["a", 2n],
      ["b", 43n],
    ]),
  );
});

test("a mailbox that got nothing has no new head", () => {
  expect(
    numberFrames(
      [receipt("a")],
      new Map([
        ["a", mailbox(0n)],
        ["b", mailbox(9n)],
      ]),
    ).heads.has("b"),
  ).toBe(false);
});

test("a mailbox that is not locked is a fault, not a new one", () => {
  expect(() => numberFrames([receipt("a")], new Map())).toThrow("not locked");
});

test("batch after batch, every mailbox counts 1, 2, 3 without a gap", () => {
  const devices = ["a", "b", "c", "d"];
  const entry = fc.uniqueArray(fc.constantFrom(...devices)).map((targets) => receipt(...targets));
  fc.assert(
    fc.property(fc.array(fc.array(entry)), (batches) => {
      const heads = new Map(devices.map((device) => [device, 0n]));
      const given = new Map(devices.map((device) => [device, [] as bigint[]]));
      for (const entries of batches) {
        const boxes = new Map([...heads].map(([device, head]) => [device, mailbox(head)]));
        const after = numberFrames(entries, boxes);
        for (const { places } of after.numbered) for (const { deviceId, seq } of places) given.get(deviceId)?.push(seq);
        for (const [device, head] of after.heads) heads.set(device, head);
      }
      for (const [device, seqs] of given) {
        expect(seqs).toEqual(seqs.map((_, index) => BigInt(index + 1)));
        expect(heads.get(device)).toBe(BigInt(seqs.length));
      }
    }),
  );
});
