import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { markOf } from "./alive.ts";
import { acquireLock, lockHolder } from "./lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sealgraph-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that has ended, so its mark is of nobody. */
async function goneMark() {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 50)"]);
  const mark = markOf(child.pid ?? 0);
  await once(child, "exit");
  return mark;
}

const write = (record: object) => writeFileSync(join(folder, "lock.json"), JSON.stringify(record));

it("refuses a second run with one line that names the holder", async () => {
  await acquireLock(folder, "demo", process.pid);
  const second = acquireLock(folder, "demo", process.pid);
  await expect(second).rejects.toMatchObject({ code: "INSTANCE_HELD" });
  await expect(second).rejects.toThrow(
    new RegExp(`^the instance "demo" is already running: process ${process.pid} holds it since .+$`),
  );
});

it("is free again after release", async () => {
  const lock = await acquireLock(folder, "demo", process.pid);
  lock.release();
  expect(lockHolder(folder)).toBeNull();
  await acquireLock(folder, "demo", process.pid);
  expect(lockHolder(folder)).toBe(process.pid);
});

it("takes over from a holder that died", async () => {
  const gone = await goneMark();
  write({ holder: gone, watchdog: gone, since: "then" });
  await acquireLock(folder, "demo", process.pid);
  expect(lockHolder(folder)).toBe(process.pid);
});

it.runIf(process.platform === "linux")("is not fooled by another process that has the dead holder's id", async () => {
  const reused = { pid: process.pid, startTicks: "1" };
  write({ holder: reused, watchdog: reused, since: "then" });
  expect(lockHolder(folder)).toBeNull();
  await acquireLock(folder, "demo", process.pid);
});

it("waits until the dead holder's watchdog has ended its processes", async () => {
  const watchdog = spawn(process.execPath, ["-e", "setTimeout(() => {}, 600)"]);
  let ended = false;
  watchdog.once("exit", () => (ended = true));
  write({ holder: await goneMark(), watchdog: markOf(watchdog.pid ?? 0), since: "then" });
  await acquireLock(folder, "demo", process.pid);
  expect(ended).toBe(true);
});

it("takes over a lock file that says nothing", async () => {
  writeFileSync(join(folder, "lock.json"), "");
  await acquireLock(folder, "demo", process.pid);
  expect(lockHolder(folder)).toBe(process.pid);
});

it("gives a stale lock to exactly one of many, and leaves no other file", async () => {
  const gone = await goneMark();
  write({ holder: gone, watchdog: gone, since: "then" });
  const script = `
    const { acquireLock } = await import(${JSON.stringify(new URL("lock.ts", import.meta.url).href)});
    await acquireLock(${JSON.stringify(folder)}, "demo", process.pid).then(() => setTimeout(() => {}, 1500), () => process.exit(7));`;
  const codes = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
      return (await once(child, "exit"))[0] as number;
    }),
  );
  expect(codes.sort()).toEqual([0, 7, 7, 7, 7]);
  expect(readdirSync(folder)).toEqual(["lock.json"]);
});
