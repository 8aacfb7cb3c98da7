/** A user has at most so many conversations, whichever way one is opened: by asking for it or by a first message. */
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { Services } from "./services.ts";

/** Conversations known to exist are not looked up again; the oldest of them are forgotten. */
const maxKnown = 10_000;

/** @returns whether the conversation exists already; when not, that the user may have one more was checked. */
export function createConversationLimit({ config, conversations }: Pick<Services, "config" | "conversations">) {
  const known = new Set<string>();
  const remember = (key: string) => {
    known.add(key);
    const [oldest] = known;
    if (known.size > maxKnown && oldest !== undefined) known.delete(oldest);
  };
  /** @throws DomainError CONVERSATION_LIMIT, STORE_UNAVAILABLE */
  return async (userId: string, conversationId: string): Promise<boolean> => {
    const key = `${userId}/${conversationId}`;
    if (known.has(key)) return true;
    if ((await conversations.findFor(userId, conversationId)) !== null) {
      remember(key);
      return true;
    }
    const limit = config.maxConversationsPerUser;
    if ((await conversations.countFor(userId, limit)) >= limit) throw new DomainError("CONVERSATION_LIMIT");
    return false;
  };
}
