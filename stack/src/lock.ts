import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, markOf, type ProcessMark } from "./alive.ts";

/** After its holder died, an instance is free when the watchdog has ended its processes: at most this long. */
const orphansEndWithinMs = 15_000;

interface LockRecord {
  holder: ProcessMark;
  /** Ends the holder's processes should it die; while it lives the instance is not free. */
  watchdog: ProcessMark;
  since: string;
}

/** Someone else runs this instance. The message is one line that says who. */
export class InstanceHeldError extends Error {
  override name = "InstanceHeldError";
  readonly code = "INSTANCE_HELD";
}

export interface InstanceLock {
  release(): void;
}

/** Takes the instance's lock, a stale one over. Throws InstanceHeldError when its holder lives. */
export async function acquireLock(folder: string, instance: string, watchdogPid: number): Promise<InstanceLock> {
  const path = join(folder, "lock.json");
  const own = `${path}.${process.pid}`;
  const record: LockRecord = {
    holder: markOf(process.pid),
    watchdog: markOf(watchdogPid),
    since: new Date().toISOString(),
  };
  writeFileSync(own, JSON.stringify(record), { mode: 0o600 });
  try {
    const giveUpAt = Date.now() + orphansEndWithinMs;
    while (!tryLink(own, path)) {
      const text = readIfThere(path);
      if (text === null) continue;
      const other = parse(text);
      if (other !== null && isAlive(other.holder)) {
        throw new InstanceHeldError(
          `the instance "${instance}" is already running: process ${other.holder.pid} holds it since ${other.since}`,
        );
      }
      if (other !== null && isAlive(other.watchdog) && Date.now() < giveUpAt) await sleep(50);
      else takeAway(path, text);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return {
    release() {
      if (readIfThere(path) === JSON.stringify(record)) rmSync(path, { force: true });
    },
  };
}

/** Who runs the instance now; null when nobody does. */
export function lockHolder(folder: string): number | null {
  const text = readIfThere(join(folder, "lock.json"));
  const record = text === null ? null : parse(text);
  return record !== null && isAlive(record.holder) ? record.holder.pid : null;
}

/** link(2) fails when the target exists, so of many exactly one gets it, and it appears with its content. */
function tryLink(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes the stale lock, unless another run has replaced it since we read it: then its lock is put back. */
function takeAway(path: string, staleText: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readIfThere(aside) !== staleText) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function parse(text: string): LockRecord | null {
  try {
    const record = JSON.parse(text) as LockRecord;
    return Number.isInteger(record.holder.pid) && Number.isInteger(record.watchdog.pid) ? record : null;
  } catch {
    return null;
  }
}
