import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isSilent, waitingSinceMs, type OldestUnacknowledged } from "./silence.ts";

const dayMs = 86_400_000;
const nowMs = Date.parse("2026-06-01T12:00:00Z");
const daysAgo = (days: number) => new Date(nowMs - days * dayMs);
/** A UUIDv7 (RFC 9562 §5.7). */
const idOf = (time: Date) =>
  time
    .getTime()
    .toString(16)
    .padStart(12, "0")
    .replace(/^(.{8})/, "$1-") + "-7000-8000-000000000000";

const oldest = (change: Partial<OldestUnacknowledged>): OldestUnacknowledged => ({
  storedAt: null,
  receiptAt: null,
  failedMessageId: null,
  acknowledgedAt: daysAgo(200),
  mailboxCreatedAt: daysAgo(300),
  ...change,
});
const waitedDays = (change: Partial<OldestUnacknowledged>) => (nowMs - waitingSinceMs(oldest(change))) / dayMs;

describe("the oldest unacknowledged frame has waited", () => {
  it("since a message was stored, however long ago the device acknowledged anything", () => {
    expect(waitedDays({ storedAt: daysAgo(1) })).toBe(1);
  });

  it("since the last acknowledgement when the device is catching up", () => {
    expect(waitedDays({ storedAt: daysAgo(120), acknowledgedAt: daysAgo(1) })).toBe(1);
    expect(waitedDays({ storedAt: daysAgo(120), acknowledgedAt: null })).toBe(120);
  });

  it("since a receipt was made", () => {
    expect(waitedDays({ receiptAt: daysAgo(7).toISOString() })).toBe(7);
  });

  it("since 30 days after the failed message's id at the latest, so that a new failure revokes nobody", () => {
    expect(waitedDays({ failedMessageId: idOf(daysAgo(100)) })).toBe(70);
    expect(waitedDays({ failedMessageId: idOf(daysAgo(29)) })).toBeLessThan(0);
  });

  it("since the last acknowledgement when that was after a failure could have been", () => {
    expect(waitedDays({ failedMessageId: idOf(daysAgo(100)), acknowledgedAt: daysAgo(3) })).toBe(3);
  });

  it.each([
    ["a frame that says nothing", {}],
    ["a receipt with a time that is none", { receiptAt: "yesterday" }],
    ["a failure of an id without a time", { failedMessageId: randomUUID() }],
  ])("since the last acknowledgement, or the mailbox's making, for %s", (_what, change) => {
    expect(waitedDays(change)).toBe(200);
    expect(waitedDays({ ...change, acknowledgedAt: null })).toBe(300);
  });
});

describe("a device", () => {
  it("is silent after more than that many days, not at them", () => {
    expect(isSilent(nowMs - 90 * dayMs, nowMs, 90)).toBe(false);
    expect(isSilent(nowMs - 90 * dayMs - 1, nowMs, 90)).toBe(true);
  });

  it("whose frame comes from a clock that is ahead is not silent", () => {
    expect(isSilent(nowMs + dayMs, nowMs, 1)).toBe(false);
  });
});
