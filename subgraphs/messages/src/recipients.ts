/** Whether a message is made for exactly the devices that its recipients have now (DELIVERY rules 1 and 11). */
import { DomainError } from "@sealgraph/platform/errors.ts";
import { directConversationId } from "@sealgraph/platform/ids.ts";
import type { Directory } from "./directory.ts";
import type { RecipientInput, SendMessageInput, StaleUser } from "./generated/schema.ts";

/**
 * A direct conversation's id is derived from its members, so membership is proven by computing it again.
 * A conversation with oneself has one member.
 * @throws DomainError NOT_A_MEMBER
 */
export function requireMembership(
  callerId: string,
  input: Pick<SendMessageInput, "conversationId" | "recipients">,
): void {
  const users = input.recipients.map(({ userId }) => userId);
  const [first, second = first] = users;
  const derived = first !== undefined && second !== undefined && directConversationId(first, second);
  if (!users.includes(callerId) || derived !== input.conversationId) throw new DomainError("NOT_A_MEMBER");
}

type Verdict =
  | { kind: "exact" }
  | { kind: "stale"; users: StaleUser[] }
  | { kind: "behind"; recipients: RecipientInput[] }
  | { kind: "incomplete"; userId: string };

function complete(recipient: RecipientInput, active: ReadonlySet<string>, sendingDevice: string): boolean {
  const expected = new Set(active);
  expected.delete(sendingDevice);
  return (
    recipient.headers.length === expected.size && recipient.headers.every(({ deviceId }) => expected.has(deviceId))
  );
}

/** Compares the input with the copy as it is now. A user whom the copy doesn't know has version 0 and no devices. */
export function judgeRecipients(
  directory: Directory,
  input: Pick<SendMessageInput, "deviceId" | "recipients">,
): Verdict {
  const known = input.recipients.map((recipient) => ({ recipient, user: directory.user(recipient.userId) }));
  const stale = known.filter(({ recipient, user }) => recipient.devicesVersion < (user?.devicesVersion ?? 0));
  if (stale.length > 0)
    return {
      kind: "stale",
      users: stale.map(({ recipient, user }) => ({
        userId: recipient.userId,
        devicesVersion: user?.devicesVersion ?? 0,
      })),
    };
  const behind = known.filter(({ recipient, user }) => recipient.devicesVersion > (user?.devicesVersion ?? 0));
  if (behind.length > 0) return { kind: "behind", recipients: behind.map(({ recipient }) => recipient) };
  for (const { recipient, user } of known)
    if (!complete(recipient, user?.active ?? new Set(), input.deviceId))
      return { kind: "incomplete", userId: recipient.userId };
  return { kind: "exact" };
}

/**
 * Waits up to waitMs for versions that the copy doesn't have yet.
 * @returns the stale users; none when the message may be accepted.
 * @throws DomainError DIRECTORY_BEHIND | RECIPIENTS_INCOMPLETE | NOT_A_MEMBER (a user who never had a device)
 */
export async function requireCurrentRecipients(
  directory: Directory,
  input: Pick<SendMessageInput, "deviceId" | "recipients">,
  waitMs: number,
): Promise<StaleUser[]> {
  let verdict = judgeRecipients(directory, input);
  if (verdict.kind === "behind") {
    await Promise.all(
      verdict.recipients.map(({ userId, devicesVersion }) =>
        directory.waitFor(userId, (user) => (user?.devicesVersion ?? 0) >= devicesVersion, waitMs),
      ),
    );
    verdict = judgeRecipients(directory, input);
  }
  switch (verdict.kind) {
    case "stale":
      return verdict.users;
    case "behind":
      throw new DomainError("DIRECTORY_BEHIND", undefined, { detail: { userId: verdict.recipients[0]?.userId } });
    case "incomplete":
      throw new DomainError("RECIPIENTS_INCOMPLETE", undefined, { detail: { userId: verdict.userId } });
    case "exact": {
      const stranger = input.recipients.find(({ userId }) => directory.user(userId) === undefined);
      if (stranger === undefined) return [];
      throw new DomainError("NOT_A_MEMBER", "A recipient has never had a device.", {
        detail: { userId: stranger.userId },
      });
    }
  }
}
