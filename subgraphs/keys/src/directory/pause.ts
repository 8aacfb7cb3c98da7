/** Waiting that can be cut short: a wake that comes while nobody waits is remembered for the next wait. */
export interface Pause {
  /** Until woken, ended, or timeMs have passed. */
  wait(timeMs: number): Promise<void>;
  /** Until ended, or timeMs have passed: a backoff, which no wake cuts short. */
  sleep(timeMs: number): Promise<void>;
  wake(): void;
  /** Wakes for good. */
  end(): void;
}

export function createPause(): Pause {
  let woken = false;
  let ended = false;
  let cut: ((isEnd: boolean) => void) | undefined;

  const waitFor = (timeMs: number, isWakeable: boolean) =>
    new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        cut = undefined;
        if (isWakeable) woken = false;
        resolve();
      };
      const timer = setTimeout(finish, timeMs);
      cut = (isEnd) => {
        if (isWakeable || isEnd) finish();
      };
      if (ended || (isWakeable && woken)) finish();
    });

  return {
    wait: (timeMs) => waitFor(timeMs, true),
    sleep: (timeMs) => waitFor(timeMs, false),
    wake() {
      woken = true;
      cut?.(false);
    },
    end() {
      ended = true;
      cut?.(true);
    },
  };
}

/** What the promise gives, or undefined as soon as the signal aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const abort = () => aborted.resolve(undefined);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
