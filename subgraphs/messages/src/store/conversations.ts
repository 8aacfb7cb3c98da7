/** Conversations and their members. */
import { Prisma, safeInteger, type Store } from "./store.ts";

export interface ConversationRow {
  readonly id: string;
  readonly members: readonly string[];
}

export interface Conversations {
  /** Null when there is none, or when the user is not a member. */
  findFor(userId: string, id: string): Promise<ConversationRow | null>;
  /** Those of a user in order of their ids, from the one after `after`, at most limit. */
  pageFor(userId: string, after: string | null, limit: number): Promise<ConversationRow[]>;
  /** How many a user has, counted up to limit. */
  countFor(userId: string, limit: number): Promise<number>;
}

/** The members of the conversations that the first table expression names, by (user_id, conversation_id). */
const withMembers = (mine: Prisma.Sql) => Prisma.sql`
  SELECT mine.conversation_id AS id, array_agg(m.user_id::text ORDER BY m.user_id) AS members
  FROM (${mine}) mine JOIN messages.conversation_members m ON m.conversation_id = mine.conversation_id
  GROUP BY mine.conversation_id
  ORDER BY mine.conversation_id`;

export function conversations(store: Store): Conversations {
  return {
    async findFor(userId, id) {
      const rows = await store.query<ConversationRow>(
        withMembers(Prisma.sql`SELECT conversation_id FROM messages.conversation_members
                               WHERE user_id = ${userId}::uuid AND conversation_id = ${id}::uuid`),
      );
      return rows[0] ?? null;
    },
    pageFor(userId, after, limit) {
      const from = after === null ? Prisma.empty : Prisma.sql`AND conversation_id > ${after}::uuid`;
      return store.query<ConversationRow>(
        withMembers(Prisma.sql`SELECT conversation_id FROM messages.conversation_members
                               WHERE user_id = ${userId}::uuid ${from}
                               ORDER BY conversation_id LIMIT ${limit}::int`),
      );
    },
    async countFor(userId, limit) {
      const [row] = await store.query<{ count: bigint }>(Prisma.sql`
        SELECT count(*) AS count FROM (
          SELECT 1 FROM messages.conversation_members WHERE user_id = ${userId}::uuid LIMIT ${limit}::int) counted`);
      return row === undefined ? 0 : safeInteger(row.count);
    },
  };
}
