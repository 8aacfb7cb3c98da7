/** An endless event source: append to it, follow it from a number on; every reader sees each entry once, in order. */
export class Journal<Entry> {
  readonly #entries: Entry[] = [];
  readonly #readers = new Set<() => void>();

  append(...entries: Entry[]): void {
    this.#entries.push(...entries);
    for (const wake of this.#readers) wake();
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** `most`: ends with `end` after that many entries. */
  follow(from: number, options: { most?: number; end?: () => unknown } = {}): AsyncIterableIterator<Entry> {
    let next = from;
    const state = { open: true };
    let wake: (() => void) | undefined;
    const onAppend = () => wake?.();
    this.#readers.add(onAppend);
    const finish = () => {
      state.open = false;
      this.#readers.delete(onAppend);
      wake?.();
      return Promise.resolve({ done: true as const, value: undefined });
    };
    const entries = this.#entries;
    return {
      async next() {
        while (state.open) {
          if (options.most !== undefined && next - from >= options.most) {
            void finish();
            const error = options.end?.();
            if (error !== undefined) throw error;
            break;
          }
          if (next < entries.length) return { done: false, value: entries[next++] as Entry };
          await new Promise<void>((resolve) => (wake = resolve));
        }
        return { done: true, value: undefined };
      },
      return: finish,
      throw: finish,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
