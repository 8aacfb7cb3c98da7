/** Comparing what was fetched with what is expected (DELIVERY rule 3). */
import type { LogRecord } from "./types.ts";
import type { Bounds } from "./bounds.ts";

export interface Aligned {
  /** From the expected offset on, without a hole. */
  readonly records: LogRecord[];
  /** Where the next fetch must begin for nothing to be missed. */
  readonly next: bigint;
  /** Something after `next` was fetched, but not `next` itself. */
  readonly hole: boolean;
}

/** Drops what is older than expected and cuts at the first hole. @param records in order of offsets. */
export function align(expected: bigint, records: readonly LogRecord[]): Aligned {
  const kept: LogRecord[] = [];
  let next = expected;
  for (const record of records) {
    if (record.offset < next) continue;
    if (record.offset > next) return { records: kept, next, hole: true };
    kept.push(record);
    next += 1n;
  }
  return { records: kept, next, hole: false };
}

/**
 * Whether the log has lost what is expected, told from bounds that were read while records were being processed.
 * @param before the expected offset when the bounds were asked for: only the log as it then was may be compared with its end.
 * @param now the expected offset when they came.
 */
export function isLost(before: bigint, now: bigint, bounds: Bounds): boolean {
  return before > bounds.end || now < bounds.start;
}

/** Whether the log still has, or may yet get, the record at the expected offset. */
export function continues(expected: bigint, bounds: Bounds): boolean {
  return bounds.start <= expected && expected <= bounds.end;
}
