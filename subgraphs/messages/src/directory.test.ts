import { describe, expect, it, vi } from "vitest";
import { Directory } from "./directory.ts";
import { requireOwnDevice } from "./own-device.ts";

const alice = "11111111-1111-4111-8111-000000000001";
const bob = "11111111-1111-4111-8111-000000000002";

function entry(userId: string, devicesVersion: number, active: string[], revoked: string[] = []) {
  return {
    v: 1 as const,
    type: "directory" as const,
    userId,
    devicesVersion,
    devices: active.map((id) => ({ id })),
    revoked,
  };
}

function readyDirectory(options: Partial<ConstructorParameters<typeof Directory>[0]> = {}) {
  const directory = new Directory({ freshForMs: 10_000, maxWaiters: 10, ...options });
  directory.complete();
  directory.heard();
  return directory;
}

describe("the copy of the device directory", () => {
  it("keeps the newest version, in whatever order records come", () => {
    const directory = readyDirectory();
    directory.apply(entry(alice, 2, ["a1", "a2"]));
    directory.apply(entry(alice, 1, ["a1"]));
    expect(directory.user(alice)).toMatchObject({ devicesVersion: 2, active: new Set(["a1", "a2"]) });
  });

  it("is not ready before it is complete, and not when nothing was heard for 10 s", () => {
    let now = 1_000;
    const directory = new Directory({ freshForMs: 10_000, maxWaiters: 1, now: () => now });
    directory.heard();
    expect(directory.ready()).toBe(false);
    directory.complete();
    expect(directory.ready()).toBe(true);
    now += 10_000;
    expect(directory.ready()).toBe(true);
    now += 1;
    expect(directory.ready()).toBe(false);
    directory.heard();
    expect(directory.ready()).toBe(true);
  });

  it("tells a revocation once", () => {
    const directory = readyDirectory();
    const revoked: string[] = [];
    directory.events.on("revoked", (id) => revoked.push(id));
    directory.apply(entry(alice, 1, ["a1", "a2"]));
    directory.apply(entry(alice, 2, ["a2"], ["a1"]));
    directory.apply(entry(alice, 2, ["a2"], ["a1"]));
    directory.apply(entry(alice, 3, ["a2", "a3"], ["a1"]));
    expect(revoked).toEqual(["a1"]);
  });

  it("ends a wait when the version comes", async () => {
    const directory = readyDirectory();
    const wait = directory.waitFor(alice, (user) => (user?.devicesVersion ?? 0) >= 2, 5_000);
    directory.apply(entry(bob, 2, []));
    directory.apply(entry(alice, 1, []));
    directory.apply(entry(alice, 2, []));
    expect(await wait).toBe(true);
    expect(directory.size().waiters).toBe(0);
  });

  it("ends a wait when its time is over", async () => {
    vi.useFakeTimers();
    try {
      const directory = readyDirectory();
      const wait = directory.waitFor(alice, () => false, 2_000);
      await vi.advanceTimersByTimeAsync(1_999);
      expect(directory.size().waiters).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(await wait).toBe(false);
      expect(directory.size().waiters).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("lets no more wait than it may", async () => {
    const directory = readyDirectory({ maxWaiters: 1 });
    const first = directory.waitFor(alice, (user) => user !== undefined, 5_000);
    expect(await directory.waitFor(alice, (user) => user !== undefined, 5_000)).toBe(false);
    directory.apply(entry(alice, 1, []));
    expect(await first).toBe(true);
  });
});

describe("a caller's device", () => {
  const directory = readyDirectory();
  directory.apply(entry(alice, 3, ["a2"], ["a1"]));
  directory.apply(entry(bob, 1, ["b1"], ["b0"]));

  it.each([
    ["active", "a2", undefined],
    ["revoked", "a1", "DEVICE_REVOKED"],
    ["somebody else's", "b1", "DEVICE_FORBIDDEN"],
    ["somebody else's and revoked", "b0", "DEVICE_FORBIDDEN"],
    ["never heard of", "x", "DEVICE_UNKNOWN"],
  ])("that is %s is judged so", async (_, device, code) => {
    const judged = requireOwnDevice(directory, alice, device, 1);
    if (code === undefined) await expect(judged).resolves.toBeUndefined();
    else await expect(judged).rejects.toMatchObject({ code });
  });

  it("that was just registered is waited for", async () => {
    const judged = requireOwnDevice(directory, alice, "a3", 5_000);
    directory.apply(entry(alice, 4, ["a2", "a3"], ["a1"]));
    await expect(judged).resolves.toBeUndefined();
  });

  it("is not judged by a copy that isn't ready", async () => {
    const stale = new Directory({ freshForMs: 10_000, maxWaiters: 1 });
    await expect(requireOwnDevice(stale, alice, "a2")).rejects.toMatchObject({ code: "NOT_READY" });
  });
});
