/** Look-ups of concurrent requests gathered into one statement. */
import DataLoader from "dataloader";

/** How long a look-up waits for others to join it, milliseconds. */
const gatherMs = 1;
/** Keys in one statement. */
const maxBatchKeys = 500;

/**
 * Nothing is remembered: each look-up reads the store after it was asked for. A key that has no row gives null.
 * @param read rows for the keys, in any order.
 */
export function gather<Row>(
  read: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): (key: string) => Promise<Row | null> {
  const loader = new DataLoader<string, Row | null>(
    async (keys) => {
      const rows = new Map((await read([...new Set(keys)])).map((row) => [keyOf(row), row]));
      return keys.map((key) => rows.get(key) ?? null);
    },
    { cache: false, maxBatchSize: maxBatchKeys, batchScheduleFn: (run) => setTimeout(run, gatherMs) },
  );
  return (key) => loader.load(key);
}
