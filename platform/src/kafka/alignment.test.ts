import * as fc from "fast-check";
import { expect, test } from "vitest";
import { align, continues, isLost } from "./alignment.ts";
import type { LogRecord } from "./types.ts";

const records = (...offsets: number[]): LogRecord[] =>
  offsets.map((offset) => ({
    topic: "t",
    partition: 0,
    offset: BigInt(offset),
    timestampMs: 0,
    key: null,
    value: null,
  }));
const offsetsOf = (given: readonly LogRecord[]) => given.map(({ offset }) => Number(offset));

test("records older than expected are dropped", () => {
  const { records: kept, next, hole } = align(5n, records(3, 4, 5, 6));
  expect([offsetsOf(kept), next, hole]).toEqual([[5, 6], 7n, false]);
});

test("a batch of older records only leaves the expected offset where it is", () => {
  expect(align(5n, records(1, 2))).toEqual({ records: [], next: 5n, hole: false });
});

test("nothing is taken from behind a hole, at the batch's beginning or within", () => {
  expect(align(5n, records(7, 8))).toEqual({ records: [], next: 5n, hole: true });
  const { records: kept, next, hole } = align(5n, records(5, 6, 8));
  expect([offsetsOf(kept), next, hole]).toEqual([[5, 6], 7n, true]);
});

test("what is taken is always the expected offset and those after it, one by one", () => {
  fc.assert(
    fc.property(fc.nat(30), fc.uniqueArray(fc.nat(40)), (expected, fetched) => {
      const { records: kept, next, hole } = align(BigInt(expected), records(...fetched.toSorted((a, b) => a - b)));
      expect(offsetsOf(kept)).toEqual(kept.map((_, index) => expected + index));
      expect(next).toBe(BigInt(expected + kept.length));
      expect(fetched.includes(Number(next))).toBe(false);
      expect(hole).toBe(fetched.some((offset) => offset > next));
    }),
  );
});

test("a log continues from the stored offset if it has it, or will give it next", () => {
  const bounds = { start: 3n, end: 7n };
  expect([2n, 3n, 7n, 8n].map((expected) => continues(expected, bounds))).toEqual([false, true, true, false]);
});

test("records processed while the bounds were on their way are no loss; a log that was cut is", () => {
  const bounds = { start: 3n, end: 10n };
  expect(isLost(10n, 12n, bounds)).toBe(false);
  expect(isLost(11n, 11n, bounds)).toBe(true);
  expect(isLost(1n, 2n, bounds)).toBe(true);
  expect(isLost(1n, 3n, bounds)).toBe(false);
});
