import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { findRunning } from "../src/running.ts";
import { startSystem } from "../src/system.ts";

const quiet = () => {};

it("says why a program did not start, at once, and leaves nothing running", async () => {
  const startedAt = Date.now();
  const overrides = { keys: { MAX_DEVICES_PER_USER: "many" } };
  const started = startSystem({ instance: "test-failing", progress: quiet, overrides });
  await expect(started).rejects.toThrow(/^keys ended \(exit code 2\) before it was ready\.\n[^]*MAX_DEVICES_PER_USER/);
  // A program that waits for another one is given 60 s otherwise.
  expect(Date.now() - startedAt).toBeLessThan(50_000);
  expect(findRunning("test-failing")).toBeNull();
});

it("starts a killed program again on its port, and stops a paused one", async () => {
  const system = await startSystem({ instance: "test-restart", progress: quiet });
  const { gateway, keys } = system.programs;
  const pids = Object.values(system.programs).map(({ pid }) => pid);
  try {
    const before = { url: gateway.url, pid: gateway.pid };
    await gateway.kill("SIGKILL");
    await expect(fetch(system.gatewayUrl)).rejects.toThrow();
    await gateway.start();
    expect(gateway.url).toBe(before.url);
    expect(gateway.pid).not.toBe(before.pid);
    await expect(fetch(system.gatewayUrl)).resolves.toBeDefined();
    await keys.kill("SIGSTOP");
    await sleep(50);
  } finally {
    await system.stop();
  }
  for (const pid of [...pids, gateway.pid]) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
