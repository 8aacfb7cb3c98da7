/** Handing a batch to its handler: heartbeats while it works, and waits out its outages. */
import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs, reasonOf } from "./forever.ts";
import { heartbeatIntervalMs } from "./membership.ts";
import type { Log } from "../log.ts";

/** Members that are being stopped take no further try. */
export class Stopping extends Error {
  override readonly name = "Stopping";
}

/**
 * Calls work until it succeeds.
 * @throws what heartbeat throws (the partition is being moved, or Kafka is away), and Stopping. Then nothing is known
 * of the last try: the caller's offsets are fenced, so a commit that came through is seen at the next assignment.
 */
export async function handOver<T>(options: {
  work: () => Promise<T>;
  heartbeat: () => Promise<void>;
  stopping: AbortSignal;
  log: Log;
  fields: Record<string, unknown>;
}): Promise<T> {
  const { work, heartbeat, stopping, log, fields } = options;
  for (let attempt = 0; ; attempt += 1) {
    if (stopping.aborted) throw new Stopping();
    try {
      return await withHeartbeats(work, heartbeat);
    } catch (error) {
      log.warn({ ...fields, reason: reasonOf(error), attempt }, "batch not processed, trying again");
    }
    const until = performance.now() + backoffMs(attempt);
    for (let left = until - performance.now(); left > 0 && !stopping.aborted; left = until - performance.now()) {
      await sleep(Math.min(left, heartbeatIntervalMs), undefined, { signal: stopping }).catch(() => undefined);
      await heartbeat();
    }
  }
}

async function withHeartbeats<T>(work: () => Promise<T>, heartbeat: () => Promise<void>): Promise<T> {
  // A heartbeat that fails here fails again at the next one outside, where it ends the batch.
  const beating = setInterval(() => void heartbeat().catch(() => undefined), heartbeatIntervalMs);
  try {
    return await work();
  } finally {
    clearInterval(beating);
  }
}
