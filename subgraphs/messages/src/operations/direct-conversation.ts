import { DomainError } from "@sealgraph/platform/errors.ts";
import { directConversationId } from "@sealgraph/platform/ids.ts";
import type { ConversationRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import { createConversationLimit } from "../conversation-limit.ts";
import type { Conversation } from "../generated/schema.ts";
import { directoryWaitMs, requireReady } from "../own-device.ts";
import { presentConversation } from "../present-conversation.ts";
import type { Services } from "../services.ts";
import { requireUuid } from "../uuid.ts";

type DirectConversationServices = Pick<Services, "config" | "directory" | "conversations" | "producer">;

export function createDirectConversation(services: DirectConversationServices) {
  const { directory, producer } = services;
  const exists = createConversationLimit(services);
  /**
   * Answers at once, before the processor has made the row. With oneself it is a conversation of one member.
   * @throws DomainError BAD_USER_INPUT (no such user: never had a device; also after a wait of 2 s), NOT_READY,
   * CONVERSATION_LIMIT (the caller's; finding an existing one is always possible), LOG_UNAVAILABLE, STORE_UNAVAILABLE.
   */
  return async (userId: string, withUserId: string): Promise<Conversation> => {
    requireUuid("withUserId", withUserId);
    requireReady(directory);
    if (!(await directory.waitFor(withUserId, (user) => user !== undefined, directoryWaitMs)))
      throw new DomainError("BAD_USER_INPUT", "withUserId: no user with a device has this id");
    const id = directConversationId(userId, withUserId);
    const members = [...new Set([userId, withUserId])].sort();
    if (!(await exists(userId, id))) {
      const record: ConversationRecord = { v: 1, type: "conversation", id, members, at: new Date().toISOString() };
      await producer.send(topics.incomingMessages.name, { key: id, value: JSON.stringify(record) });
    }
    return presentConversation({ id, members });
  };
}
