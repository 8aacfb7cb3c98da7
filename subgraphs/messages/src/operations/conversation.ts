import type { Conversation } from "../generated/schema.ts";
import { presentConversation } from "../present-conversation.ts";
import type { Services } from "../services.ts";
import { requireUuid } from "../uuid.ts";

export function createConversation({ conversations }: Pick<Services, "conversations">) {
  /** Null when there is none, or when the caller is not a member. @throws DomainError BAD_USER_INPUT, STORE_UNAVAILABLE. */
  return async (userId: string, id: string): Promise<Conversation | null> => {
    requireUuid("id", id);
    const row = await conversations.findFor(userId, id);
    return row === null ? null : presentConversation(row);
  };
}
