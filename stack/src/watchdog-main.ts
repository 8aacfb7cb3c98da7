/** The watchdog's process; watchdog.ts says why. It keeps no log: it acts only when nobody reads one any more. */
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, markOf, type ProcessMark } from "./alive.ts";
import type { WatchdogOrder } from "./watchdog.ts";

interface Watched {
  mark: ProcessMark;
  signal: NodeJS.Signals;
  killAfterMs: number;
}

const watched = new Map<number, Watched>();
const folders = new Set<string>();

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});

// The pipe ends when our starter closed it or died.
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as WatchdogOrder;
  if (order.order === "watch") watched.set(order.pid, { ...order, mark: markOf(order.pid) });
  else if (order.order === "forget") watched.delete(order.pid);
  else folders.add(order.path);
}
await Promise.all([...watched.values()].map(end));
for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 5 });

async function end({ mark, signal, killAfterMs }: Watched): Promise<void> {
  if (!isAlive(mark)) return;
  send(mark.pid, signal);
  send(mark.pid, "SIGCONT");
  const killAt = Date.now() + killAfterMs;
  while (isAlive(mark) && Date.now() < killAt) await sleep(25);
  if (!isAlive(mark)) return;
  // Most were started as the leader of a group of their own.
  send(-mark.pid, "SIGKILL");
  send(mark.pid, "SIGKILL");
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone meanwhile.
  }
}
