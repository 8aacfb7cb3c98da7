/** Ids that the client derives or makes itself (PROTOCOL.md, ids). */
import { v5 as uuidV5, v7 as uuidV7 } from "uuid";

const directConversationNamespace = uuidV5("https://sealgraph.dev/ns/direct-conversation", uuidV5.URL);

/** The id of the conversation of two users, in either order: whoever knows both can check that it is theirs. */
export function directConversationId(userA: string, userB: string): string {
  const [first, second] = [userA.toLowerCase(), userB.toLowerCase()].sort();
  return uuidV5(`${first}/${second}`, directConversationNamespace);
}

/** A message's id: UUIDv7, so that the graph can forget old ones (DELIVERY rule 1). */
export function newMessageId(): string {
  return uuidV7();
}
