import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isAlive, markOf } from "./alive.ts";

const goneWithinMs = 10_000;
const source = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sealgraph-watchdog-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A parent of one child that runs `childScript`; resolves with both when the child is up. */
async function startFamily(childScript: string) {
  const script = `
    const { startWatchdog } = await import(${source("watchdog.ts")});
    const { startProcess } = await import(${source("managed-process.ts")});
    const watchdog = startWatchdog();
    watchdog.tell({ order: "removeFolder", path: ${JSON.stringify(join(folder, "temporary"))} });
    const child = startProcess({ name: "child", command: process.execPath, args: ["-e", ${JSON.stringify(childScript)}],
      cwd: "/", env: {}, logFile: ${JSON.stringify(join(folder, "log"))}, stopSignal: "SIGTERM", stopTimeoutMs: 1000,
      orphan: { signal: "SIGTERM", killAfterMs: 500 }, watchdog });
    await child.waitForLine((line) => (line === "up" ? true : null), 8000);
    console.log(child.pid, watchdog.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
  const [child = 0, watchdog = 0] = line.split(" ").map(Number);
  return { parent, child: markOf(child), watchdog: markOf(watchdog) };
}

async function untilGone(...marks: ReturnType<typeof markOf>[]) {
  const giveUpAt = Date.now() + goneWithinMs;
  while (marks.some(isAlive) && Date.now() < giveUpAt) await sleep(20);
  expect(marks.filter(isAlive)).toEqual([]);
}

const obedient = "console.log('up'); setInterval(() => {}, 1000)";
const deaf = "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)";

it.each([
  ["a child that obeys", obedient],
  ["a child that ignores SIGTERM", deaf],
])(
  "leaves nothing running after kill -9 of the parent: %s",
  async (_, script) => {
    const { parent, child, watchdog } = await startFamily(script);
    expect(isAlive(child)).toBe(true);
    parent.kill("SIGKILL");
    await untilGone(child, watchdog);
    expect(existsSync(join(folder, "temporary"))).toBe(false);
  },
  30_000,
);

it("ends a child that was stopped with SIGSTOP, too", async () => {
  const { parent, child, watchdog } = await startFamily(obedient);
  process.kill(child.pid, "SIGSTOP");
  parent.kill("SIGKILL");
  await untilGone(child, watchdog);
}, 30_000);
