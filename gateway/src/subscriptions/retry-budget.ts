export interface RetryLimits {
  attempts: number;
  baseDelayMs: number;
  maxDelayMs: number;
  totalMs: number;
}

/** How often, how fast and how long one stream tries again: exponential backoff, half of it random, all of it bounded. */
export class RetryBudget {
  readonly #limits: RetryLimits;
  readonly #now: () => number;
  readonly #random: () => number;
  #used = 0;
  #brokenSinceMs: number | undefined;

  constructor(limits: RetryLimits, now: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#limits = limits;
    this.#now = now;
    this.#random = random;
  }

  /** The delay before the next attempt in milliseconds, or undefined when attempts or time are used up. */
  nextDelayMs(): number | undefined {
    const now = this.#now();
    this.#brokenSinceMs ??= now;
    if (this.#used >= this.#limits.attempts) return undefined;
    const ceilingMs = Math.min(this.#limits.maxDelayMs, this.#limits.baseDelayMs * 2 ** this.#used);
    const delayMs = ceilingMs / 2 + (this.#random() * ceilingMs) / 2;
    if (now - this.#brokenSinceMs + delayMs > this.#limits.totalMs) return undefined;
    this.#used += 1;
    return delayMs;
  }

  /** There was progress: the next break starts with a full budget. */
  reset(): void {
    this.#used = 0;
    this.#brokenSinceMs = undefined;
  }
}
