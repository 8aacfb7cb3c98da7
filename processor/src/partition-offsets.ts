/** How far each partition has been processed: the truth, in the same transaction as what was processed (DELIVERY rule 3). */
import type { Database, Transaction } from "./database.ts";

/** Another worker has moved the partition on: this one has lost it, and nothing of its batch may be committed. */
export class Fenced extends Error {
  override readonly name = "Fenced";
}

/** Null when the partition was never processed. */
export async function nextOffset(
  database: Pick<Database, "$queryRaw">,
  topic: string,
  partition: number,
): Promise<bigint | null> {
  const rows = await database.$queryRaw<{ next_offset: bigint }[]>`
    SELECT next_offset FROM messages.partition_offsets WHERE topic = ${topic} AND partition = ${partition}`;
  return rows[0]?.next_offset ?? null;
}

/** The batch's fence and its first statement: locks the partition's row until the end. @throws Fenced. */
export async function advanceOffset(
  transaction: Transaction,
  at: { topic: string; partition: number; expected: bigint; next: bigint },
): Promise<void> {
  const { topic, partition, expected, next } = at;
  const updated = await transaction.$executeRaw`
    UPDATE messages.partition_offsets SET next_offset = ${next}
    WHERE topic = ${topic} AND partition = ${partition} AND next_offset = ${expected}`;
  if (updated === 1) return;
  const inserted = await transaction.$executeRaw`
    INSERT INTO messages.partition_offsets (topic, partition, next_offset) VALUES (${topic}, ${partition}, ${next})
    ON CONFLICT DO NOTHING`;
  if (inserted !== 1) throw new Fenced(`${topic}/${partition} is no longer at ${expected}`);
}
