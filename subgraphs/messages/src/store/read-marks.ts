import { Prisma, type Store } from "./store.ts";

export interface ReadableMessage {
  readonly id: string;
  /** Marked read by this user before. */
  readonly read: boolean;
}

/** Which of the ids are messages that others sent to this user, and which of those are marked already. */
export function readableMessages(store: Store, userId: string, ids: readonly string[]): Promise<ReadableMessage[]> {
  return store.query<ReadableMessage>(Prisma.sql`
    SELECT m.id, (mark.read_at IS NOT NULL) AS read
    FROM messages.messages m
    JOIN messages.conversation_members c ON c.conversation_id = m.conversation_id AND c.user_id = ${userId}::uuid
    LEFT JOIN messages.message_marks mark ON mark.message_id = m.id AND mark.user_id = ${userId}::uuid
    WHERE m.id = ANY(${ids}::uuid[]) AND m.sender_user <> ${userId}::uuid`);
}
