/** Which message ids are taken, and by what content (DELIVERY rule 1). */
import { gather } from "./batches.ts";
import { Prisma, type Store } from "./store.ts";

interface AcceptedRow {
  id: string;
  content_hash: Uint8Array;
}

/** @returns a look-up of the content hash (base64url) under a message id; null when the id is free. */
export function acceptedMessages(store: Store): (id: string) => Promise<string | null> {
  const find = gather<AcceptedRow>(
    (ids) =>
      store.query(Prisma.sql`SELECT id, content_hash FROM messages.accepted_messages WHERE id = ANY(${ids}::uuid[])`),
    ({ id }) => id,
  );
  return async (id) => {
    const row = await find(id);
    return row === null ? null : Buffer.from(row.content_hash).toString("base64url");
  };
}
