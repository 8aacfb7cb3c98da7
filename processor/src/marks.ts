/**
 * What a user has done with a message, told once each: the first of the user's devices that acknowledges makes it
 * delivered, the first mark makes it read. Reading implies delivery: what is marked read before any device acknowledged
 * it gets both times and a READ receipt only. Pure.
 */
import type { Seen } from "./receipts.ts";

export interface Mark {
  readonly messageId: string;
  readonly userId: string;
  readonly deliveredAt: string | null;
  readonly readAt: string | null;
}

export interface Marks {
  /** As they are to be stored; keys once each, sorted. */
  readonly marks: Mark[];
  readonly delivered: Seen[];
  readonly read: Seen[];
}

export const keyOf = ({ messageId, userId }: { messageId: string; userId: string }) => `${messageId} ${userId}`;

/**
 * @param stored marks of the same keys that were there before; absent: none.
 * @returns only what changes.
 */
export function marksAfter(
  delivered: readonly Seen[],
  read: readonly Seen[],
  stored: ReadonlyMap<string, Mark>,
): Marks {
  const marks = new Map<string, Mark>();
  const news = { delivered: [] as Seen[], read: [] as Seen[] };
  const before = (one: Seen): Mark =>
    marks.get(keyOf(one)) ??
    stored.get(keyOf(one)) ?? { messageId: one.messageId, userId: one.userId, deliveredAt: null, readAt: null };
  for (const one of delivered) {
    const mark = before(one);
    if (mark.deliveredAt !== null) continue;
    marks.set(keyOf(one), { ...mark, deliveredAt: one.at });
    news.delivered.push(one);
  }
  for (const one of read) {
    const mark = before(one);
    if (mark.readAt !== null) continue;
    marks.set(keyOf(one), { ...mark, deliveredAt: mark.deliveredAt ?? one.at, readAt: one.at });
    news.read.push(one);
  }
  return { marks: [...marks.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)), ...news };
}
