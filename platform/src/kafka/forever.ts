/** Trying again for as long as it takes: an outage of Kafka, of a database or of KMS is waited for, never fled from. */
import { setTimeout as sleep } from "node:timers/promises";

const firstBackoffMs = 100;
const maxBackoffMs = 2_000;

/** Doubling from 100 ms to 2 s, ± 20 %, so that many waiters do not come back at once. */
export function backoffMs(attempt: number): number {
  const exact = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(attempt, 16));
  return exact * (0.8 + 0.4 * Math.random());
}

/**
 * Calls attempt until it succeeds, or until the signal aborts: then undefined.
 * @param failed told of each failure with its number from 0, before the backoff.
 */
export async function forever<T>(
  signal: AbortSignal,
  attempt: () => Promise<T>,
  failed: (error: unknown, attempt: number) => void,
): Promise<T | undefined> {
  for (let count = 0; !signal.aborted; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) return undefined;
      failed(error, count);
      await sleep(backoffMs(count), undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

const maxCauses = 5;

/** An error as a log line has it, with what caused it. */
export function reasonOf(error: unknown): string {
  const reasons: string[] = [];
  for (let cause = error; cause !== undefined && reasons.length < maxCauses;) {
    reasons.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return reasons.join(" < ");
}
