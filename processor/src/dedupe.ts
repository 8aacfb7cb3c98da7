/** One message per id: the first in the log wins (DELIVERY rule 1). Pure. */
import type { MessageRecord } from "@sealgraph/platform/records.ts";

/** Of each id the first in the log, and whatever came after it. */
export function firstOfEach(messages: readonly MessageRecord[]): { first: MessageRecord[]; later: MessageRecord[] } {
  const ids = new Set<string>();
  const first: MessageRecord[] = [];
  const later: MessageRecord[] = [];
  for (const message of messages) {
    (ids.has(message.id) ? later : first).push(message);
    ids.add(message.id);
  }
  return { first, later };
}

/** Those whose id belongs to a message of other content; an identical loser is silent, and one loser fails once. */
export function idTaken(losers: readonly MessageRecord[], contentHashes: ReadonlyMap<string, string>): MessageRecord[] {
  const told = new Set<string>();
  return losers.filter(({ id, contentHash }) => {
    const winner = contentHashes.get(id);
    if (winner === undefined) throw new Error(`message ${id} lost against none`);
    const key = `${id} ${contentHash}`;
    return winner !== contentHash && !told.has(key) && told.add(key);
  });
}
