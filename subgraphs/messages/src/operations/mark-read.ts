import { DomainError } from "@sealgraph/platform/errors.ts";
import type { MarkReadRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import type { MutationMarkReadArgs } from "../generated/schema.ts";
import { requireOwnDevice } from "../own-device.ts";
import type { Services } from "../services.ts";
import { readableMessages } from "../store/read-marks.ts";
import { requireUuid } from "../uuid.ts";

/** As many as one record may list (platform/src/records.ts). */
const maxMessageIds = 500;

export function createMarkRead({ directory, store, producer }: Pick<Services, "directory" | "store" | "producer">) {
  /**
   * Answers the ids that are marked now, in the order given: messages that others sent to the caller. Ids of anything
   * else are left out, without telling what they are.
   * @throws DomainError BAD_USER_INPUT, NOT_READY, DEVICE_FORBIDDEN, DEVICE_REVOKED, DEVICE_UNKNOWN, LOG_UNAVAILABLE,
   * STORE_UNAVAILABLE.
   */
  return async (userId: string, { deviceId, messageIds }: MutationMarkReadArgs): Promise<string[]> => {
    requireUuid("deviceId", deviceId);
    if (messageIds.length === 0 || messageIds.length > maxMessageIds)
      throw new DomainError("BAD_USER_INPUT", `messageIds: must have 1 to ${maxMessageIds} ids`);
    for (const id of messageIds) requireUuid("messageIds", id);
    await requireOwnDevice(directory, userId, deviceId);

    const distinct = [...new Set(messageIds)];
    const readable = new Map((await readableMessages(store, userId, distinct)).map(({ id, read }) => [id, read]));
    const unread = distinct.filter((id) => readable.get(id) === false);
    if (unread.length > 0) {
      const at = new Date().toISOString();
      const record: MarkReadRecord = { v: 1, type: "mark_read", userId, deviceId, messageIds: unread, at };
      await producer.send(topics.incomingMessages.name, { key: deviceId, value: JSON.stringify(record) });
    }
    return distinct.filter((id) => readable.has(id));
  };
}
