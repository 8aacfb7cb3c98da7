import type { ExecutionResult } from "graphql";

/**
 * The same stream, with what it throws translated. Not an async generator: a generator's return() waits for the pending
 * next(), so a client that completes an idle subscription would leave its upstream open until the next event.
 */
export function guardStream(
  stream: AsyncIterableIterator<ExecutionResult>,
  translate: (error: unknown) => Error,
): AsyncGenerator<ExecutionResult, void, void> {
  let ended = false;
  const end = async (): Promise<IteratorResult<ExecutionResult, void>> => {
    if (!ended) {
      ended = true;
      try {
        await stream.return?.();
      } catch (error) {
        throw translate(error);
      }
    }
    return { done: true, value: undefined };
  };
  return {
    async next() {
      try {
        const result = await stream.next();
        if (ended || result.done) return { done: true, value: undefined };
        return { done: false, value: result.value };
      } catch (error) {
        ended = true;
        throw translate(error);
      }
    },
    return: end,
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}
