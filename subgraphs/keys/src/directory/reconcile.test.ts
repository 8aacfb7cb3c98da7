import { describe, expect, it } from "vitest";
import { isTold, note } from "./reconcile.ts";

const userId = "6f2a1c7e-0000-5000-8000-000000000001";
const entry = (devicesVersion: number) => ({
  value: Buffer.from(JSON.stringify({ v: 1, type: "directory", userId, devicesVersion, devices: [], revoked: [] })),
});
const told = (...records: { value: Buffer | null }[]) => {
  const map: Parameters<typeof note>[0] = new Map();
  note(map, records);
  return map.get(userId);
};

describe("the topic tells a user rightly", () => {
  it("when its last and newest record have the database's version", () => {
    expect(isTold(told(entry(0), entry(1), entry(2)), 2)).toBe(true);
    expect(isTold(told(entry(0)), 0)).toBe(true);
  });
  it("when the newest record came twice", () => {
    expect(isTold(told(entry(1), entry(2), entry(2)), 2)).toBe(true);
  });
  it("not when it has no record of the user", () => {
    expect(isTold(told(), 0)).toBe(false);
  });
  it("not when it is behind the database", () => {
    expect(isTold(told(entry(1)), 2)).toBe(false);
  });
  it("not when an old record came after the newest, because compaction would keep the old one", () => {
    expect(isTold(told(entry(1), entry(2), entry(1)), 2)).toBe(false);
  });
  it("not when it is ahead of the database, which was restored then", () => {
    expect(isTold(told(entry(5)), 3)).toBe(false);
    expect(isTold(told(entry(5), entry(4)), 4)).toBe(false);
  });
  it("whatever else is in it: heartbeats, tombstones, what is no record", () => {
    const heartbeat = Buffer.from(JSON.stringify({ v: 1, type: "heartbeat", at: new Date().toISOString() }));
    expect(isTold(told({ value: heartbeat }, entry(1), { value: null }, { value: Buffer.from("{") }), 1)).toBe(true);
  });
});
