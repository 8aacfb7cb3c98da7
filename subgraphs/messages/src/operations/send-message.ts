/** Accepted means kept (DELIVERY rule 1). The checks' order is part of the contract. */
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { MessageRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import { createConversationLimit } from "../conversation-limit.ts";
import { contentHash } from "../content-hash.ts";
import type { SendMessageInput, SendMessageResult } from "../generated/schema.ts";
import { directoryWaitMs, requireOwnDevice, requireOwnDeviceNow } from "../own-device.ts";
import { requireCurrentRecipients, requireMembership } from "../recipients.ts";
import { createSendInputCheck } from "../send-input.ts";
import type { Services } from "../services.ts";

type Result = SendMessageResult & { __typename: "MessageAccepted" | "StaleDevices" };
type SendServices = Pick<
  Services,
  "config" | "directory" | "producer" | "acceptedHash" | "mailboxes" | "conversations" | "metrics"
>;

export function createSendMessage(services: SendServices) {
  const { config, directory, producer, acceptedHash, metrics } = services;
  const checkInput = createSendInputCheck(config.sendLimits);
  const requirePlaceForConversation = createConversationLimit(services);

  const send = async (userId: string, input: SendMessageInput): Promise<{ result: Result; outcome: string }> => {
    checkInput(input);
    await requireOwnDevice(directory, userId, input.deviceId);
    requireMembership(userId, input);

    // Before staleness: a resend after a change of keys is answered as the first was.
    const hash = contentHash(input);
    const accepted: Result = { __typename: "MessageAccepted", id: input.id, contentHash: hash };
    const taken = await acceptedHash(input.id);
    if (taken === hash) return { result: accepted, outcome: "REPEATED" };
    if (taken !== null) throw new DomainError("ID_TAKEN");

    const users = await requireCurrentRecipients(directory, input, directoryWaitMs);
    if (users.length > 0) return { result: { __typename: "StaleDevices", users }, outcome: "STALE" };
    await requirePlaceForConversation(userId, input.conversationId);
    await requireRoom(services, userId, input);
    requireOwnDeviceNow(directory, userId, input.deviceId); // revoked while this waited

    const record = recordOf(userId, input, hash);
    const observed = metrics.sendSeconds.startTimer();
    await producer.send(topics.incomingMessages.name, { key: input.conversationId, value: JSON.stringify(record) });
    observed();
    return { result: accepted, outcome: "ACCEPTED" };
  };

  /**
   * @param userId the caller.
   * @throws DomainError in this order: BAD_USER_INPUT, ID_OUT_OF_TIME, BODY_TOO_LARGE, HEADER_TOO_LARGE; NOT_READY,
   * DEVICE_FORBIDDEN, DEVICE_REVOKED, DEVICE_UNKNOWN; NOT_A_MEMBER; ID_TAKEN; DIRECTORY_BEHIND, RECIPIENTS_INCOMPLETE;
   * CONVERSATION_LIMIT; MAILBOX_FULL; LOG_UNAVAILABLE (the record may be in the log: send the same input again). STORE_UNAVAILABLE.
   */
  return async (userId: string, input: SendMessageInput): Promise<Result> => {
    try {
      const { result, outcome } = await send(userId, input);
      metrics.sends.inc({ outcome });
      return result;
    } catch (error) {
      metrics.sends.inc({ outcome: error instanceof DomainError ? error.code : "INTERNAL_SERVER_ERROR" });
      throw error;
    }
  };
}

/**
 * Every mailbox that will get a frame: the recipients' devices, and the sending one for its receipt.
 * @throws DomainError MAILBOX_FULL with the userId whose mailbox is full.
 */
async function requireRoom(
  { config, mailboxes }: SendServices,
  userId: string,
  input: SendMessageInput,
): Promise<void> {
  const places = input.recipients.flatMap((recipient) =>
    recipient.headers.map(({ deviceId }) => ({ deviceId, userId: recipient.userId })),
  );
  await Promise.all(
    [...places, { deviceId: input.deviceId, userId }].map(async (place) => {
      const { head, acknowledged } = await mailboxes.find(place.deviceId);
      if (head - acknowledged >= config.mailboxQuotaFrames)
        throw new DomainError("MAILBOX_FULL", undefined, { detail: { userId: place.userId } });
    }),
  );
}

function recordOf(senderUser: string, input: SendMessageInput, hash: string): MessageRecord {
  const { id, conversationId, deviceId: senderDevice, suite, body, recipients } = input;
  return {
    v: 1,
    type: "message",
    id,
    contentHash: hash,
    conversationId,
    senderUser,
    senderDevice,
    suite,
    body,
    acceptedAt: new Date().toISOString(),
    recipients: recipients.map(({ userId, devicesVersion, headers }) => ({
      userId,
      devicesVersion,
      headers: headers.map(({ deviceId, header }) => ({ deviceId, header })),
    })),
  };
}
