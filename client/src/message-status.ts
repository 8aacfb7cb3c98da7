import type { MessageStatus } from "./store/store.ts";

/**
 * A message of one's own goes through these in order; a receipt that comes late changes nothing. One that failed comes
 * before all of them: a receipt says that the message is there after all, under an input that was sent before.
 */
const progress: readonly MessageStatus[] = ["queued", "accepted", "stored", "delivered", "read"];

export function isBefore(status: MessageStatus, other: MessageStatus): boolean {
  return progress.indexOf(status) < progress.indexOf(other);
}

/** It is in the mailboxes: whatever is said of another input of the same id, it does not fail any more. */
export function hasPlace(status: MessageStatus): boolean {
  return !isBefore(status, "stored");
}
