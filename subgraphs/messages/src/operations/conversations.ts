import { DomainError } from "@sealgraph/platform/errors.ts";
import type { ConversationConnection, QueryConversationsArgs } from "../generated/schema.ts";
import { presentConversation } from "../present-conversation.ts";
import type { Services } from "../services.ts";
import { uuid } from "../uuid.ts";

const defaultFirst = 50;
const maxFirst = 100;

/** A page cursor is the last id itself: it tells nothing that its holder doesn't know. */
function encode(id: string): string {
  return Buffer.from(id, "utf8").toString("base64url");
}

/** @throws DomainError BAD_USER_INPUT */
function decode(after: string): string {
  const id = Buffer.from(after, "base64url").toString("utf8");
  if (!uuid.safeParse(id).success || encode(id) !== after)
    throw new DomainError("BAD_USER_INPUT", "after: is not a cursor of this list");
  return id;
}

export function createConversations({ conversations }: Pick<Services, "conversations">) {
  /** Pages by key, in order of ids: stable while conversations come. @throws DomainError BAD_USER_INPUT, STORE_UNAVAILABLE. */
  return async (userId: string, { first, after }: QueryConversationsArgs): Promise<ConversationConnection> => {
    const limit = first ?? defaultFirst;
    if (limit < 1 || limit > maxFirst) throw new DomainError("BAD_USER_INPUT", `first: must be from 1 to ${maxFirst}`);
    const from = after === null || after === undefined ? null : decode(after);
    const rows = await conversations.pageFor(userId, from, limit + 1);
    const edges = rows.slice(0, limit).map((row) => ({ cursor: encode(row.id), node: presentConversation(row) }));
    return { edges, pageInfo: { hasNextPage: rows.length > limit, endCursor: edges.at(-1)?.cursor ?? null } };
  };
}
