/** Waits between tries: doubled each time up to a bound, and drawn at random below it, so that clients do not return all at once. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const reconnectBackoff: Backoff = { firstMs: 200, maxMs: 30_000 };
export const resendBackoff: Backoff = { firstMs: 100, maxMs: 5_000 };

/** @param tries how many have failed so far, from 1. */
export function delayMs(backoff: Backoff, tries: number): number {
  const ceilingMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(tries - 1, 30));
  return ceilingMs / 2 + Math.random() * (ceilingMs / 2);
}

/** Ends early, without an error, when the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
