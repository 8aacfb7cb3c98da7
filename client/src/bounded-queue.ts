/** A queue between a sink that is pushed to and a loop that takes: bounded, ended once, with or without an error. */
export class BoundedQueue<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  #ended: { error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** False when the queue is full or has ended: the item is not in it. */
  push(item: T): boolean {
    if (this.#ended !== undefined || this.#items.length >= this.#capacity) return false;
    this.#items.push(item);
    this.#wake?.();
    return true;
  }

  /** What was pushed before is still taken; then `take` throws `error`, or gives undefined when there is none. */
  end(error?: unknown): void {
    this.#ended ??= { error };
    this.#wake?.();
  }

  /** The next item; undefined at the end. One taker at a time. */
  async take(): Promise<T | undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) return item;
      if (this.#ended !== undefined) {
        if (this.#ended.error !== undefined) throw this.#ended.error;
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}
