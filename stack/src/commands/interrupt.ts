/** The first Ctrl-C (or SIGTERM, or a closed terminal) asks for an orderly end; the second ends at once. */
export interface Interrupt {
  /** Resolves with the signal. */
  readonly asked: Promise<NodeJS.Signals>;
  readonly signal: NodeJS.Signals | undefined;
  /** Aborted with it. */
  readonly abort: AbortSignal;
}

/** npm passes a Ctrl-C on to us, who have had it from the terminal already: so close together they are one. */
const repeatAfterMs = 1_000;

export function onInterrupt(): Interrupt {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let signal: NodeJS.Signals | undefined;
  let askedAt = 0;
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (signal !== undefined) {
        // What is left running is ended by the watchdog.
        if (Date.now() - askedAt > repeatAfterMs) process.exit(exitCodeOf(name));
        return;
      }
      signal = name;
      askedAt = Date.now();
      resolve(name);
      abort.abort(new Error(`interrupted by ${name}`));
    });
  }
  return {
    asked: promise,
    get signal() {
      return signal;
    },
    abort: abort.signal,
  };
}

/** As a shell reports a command that a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
  return 128 + (numbers[signal] ?? 0);
}
