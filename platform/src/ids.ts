/** Ids that every service derives for itself, so that nobody has to be asked for them. */
import { v5 as uuidV5, validate, version } from "uuid";

/** Namespaces: UUIDv5 of this project's names under the URL namespace (RFC 9562 §6.6). */
const userNamespace = uuidV5("https://sealgraph.dev/ns/user", uuidV5.URL);
const directConversationNamespace = uuidV5("https://sealgraph.dev/ns/direct-conversation", uuidV5.URL);

/** UUIDv5 of (issuer, subject). The pair is written as JSON, so that no two pairs share a text. */
export function userIdOf(issuer: string, subject: string): string {
  return uuidV5(JSON.stringify([issuer, subject]), userNamespace);
}

/** The id of the conversation of two users, in either order; membership is proven by computing it again. */
export function directConversationId(userA: string, userB: string): string {
  const [first, second] = [userA.toLowerCase(), userB.toLowerCase()].sort();
  return uuidV5(`${first}/${second}`, directConversationNamespace);
}

export function isUuidV7(id: string): boolean {
  return validate(id) && version(id) === 7;
}

/** Milliseconds since the epoch, from the first 48 bits (RFC 9562 §5.7). */
export function uuidV7TimeMs(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}
