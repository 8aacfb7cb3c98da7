/** Cumulative and idempotent (DELIVERY rule 6). */
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { AcknowledgeRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import type { Acknowledgement, MutationAcknowledgeArgs } from "../generated/schema.ts";
import { requireOwnDevice } from "../own-device.ts";
import type { Services } from "../services.ts";
import { requireUuid } from "../uuid.ts";

/** One record's work in the processor's transaction is bounded by it: each frame may make a receipt. */
const maxFramesAtOnce = 10_000;

type AcknowledgeServices = Pick<Services, "directory" | "cursors" | "mailboxes" | "producer">;

export function createAcknowledge({ directory, cursors, mailboxes, producer }: AcknowledgeServices) {
  /**
   * Answers after Kafka's acknowledgement; what was acknowledged before is not written again.
   * @throws DomainError BAD_USER_INPUT, NOT_READY, DEVICE_FORBIDDEN, DEVICE_REVOKED, DEVICE_UNKNOWN; CURSOR_INVALID
   * (forged, of another device, of another epoch, past the head); ACKNOWLEDGEMENT_TOO_LARGE; LOG_UNAVAILABLE, STORE_UNAVAILABLE.
   */
  return async (userId: string, { deviceId, cursor }: MutationAcknowledgeArgs): Promise<Acknowledgement> => {
    requireUuid("deviceId", deviceId);
    await requireOwnDevice(directory, userId, deviceId);
    const place = cursors.decode(cursor, deviceId);
    if (typeof place === "string") throw new DomainError("CURSOR_INVALID");
    const { epoch, head, acknowledged } = await mailboxes.find(deviceId);
    if (place.epoch !== epoch || place.seq > head) throw new DomainError("CURSOR_INVALID");
    if (place.seq - acknowledged > maxFramesAtOnce)
      throw new DomainError("ACKNOWLEDGEMENT_TOO_LARGE", undefined, { detail: { maxFrames: maxFramesAtOnce } });
    if (place.seq > acknowledged) {
      const at = new Date().toISOString();
      const record: AcknowledgeRecord = { v: 1, type: "acknowledge", userId, deviceId, epoch, seq: place.seq, at };
      await producer.send(topics.incomingMessages.name, { key: deviceId, value: JSON.stringify(record) });
    }
    return { deviceId, cursor };
  };
}
