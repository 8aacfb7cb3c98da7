import type { Opener } from "@sealgraph/platform/envelope.ts";
import type { StoredMessage } from "../inbox/frame.ts";
import { openBody, type SealedMessageRow } from "./sealed-message.ts";
import { Prisma, type Store } from "./store.ts";

/** A message of a conversation that the user is a member of, opened; else null. */
export async function findMessage(
  store: Store,
  opener: Opener,
  id: string,
  userId: string,
): Promise<StoredMessage | null> {
  const [row] = await store.query<SealedMessageRow>(Prisma.sql`
    SELECT m.id, m.conversation_id, m.sender_user, m.sender_device, m.suite, m.sealed_body, m.accepted_at,
           m.data_key_id AS body_key_id, k.wrapped_key AS body_wrapped_key
    FROM messages.messages m
    JOIN messages.conversation_members c ON c.conversation_id = m.conversation_id AND c.user_id = ${userId}::uuid
    JOIN messages.data_keys k ON k.id = m.data_key_id
    WHERE m.id = ${id}::uuid`);
  return row === undefined ? null : await openBody(row, opener);
}
