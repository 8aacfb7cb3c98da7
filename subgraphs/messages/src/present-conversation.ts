import type { Conversation } from "./generated/schema.ts";
import type { ConversationRow } from "./store/conversations.ts";

/** Members as references: the keys subgraph knows who they are. */
export function presentConversation({ id, members }: ConversationRow): Conversation {
  return { id, members: members.map((member) => ({ id: member })) };
}
