/** One after another: a turn begins when the one before has ended, however it ended. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Turns by key: those of different keys run side by side. */
export class KeyedTurns {
  readonly #turns = new Map<string, { readonly turns: Turns; waiting: number }>();

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const entry = this.#turns.get(key) ?? { turns: new Turns(), waiting: 0 };
    this.#turns.set(key, entry);
    entry.waiting++;
    try {
      return await entry.turns.take(work);
    } finally {
      if (--entry.waiting === 0) this.#turns.delete(key);
    }
  }
}
