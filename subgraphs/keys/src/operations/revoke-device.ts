import { DomainError } from "@sealgraph/platform/errors.ts";
import { inTransaction, type Database } from "../database.ts";
import { enqueueChange, lockUsers } from "../directory/outbox.ts";
import type { MutationResolvers } from "../generated/schema.ts";
import { isUuid } from "../uuid.ts";

/**
 * Ends a device of the caller, for good. Again gives the same answer. A device of somebody else's is answered as one
 * that doesn't exist, so that ids cannot be probed.
 * @throws DomainError BAD_USER_INPUT, DEVICE_UNKNOWN, STORE_UNAVAILABLE
 */
export const revokeDevice = (async (_mutation, { id }, { keys, loaders, caller }) => {
  if (!isUuid(id)) throw new DomainError("BAD_USER_INPUT", "id must be a UUID.", { detail: { field: "id" } });
  const { userId } = await caller();
  const { device, isChanged } = await revoke(keys.database, userId, id);
  if (isChanged) {
    keys.directoryChanged();
    loaders.clearUser(userId);
    loaders.devices.clear(device.id);
  }
  return device;
}) satisfies MutationResolvers["revokeDevice"];

/**
 * The one way in which a device ends, by its user or as a silent one (DELIVERY rule 6); `isChanged` is false when it had.
 * @throws DomainError DEVICE_UNKNOWN, STORE_UNAVAILABLE
 */
export function revoke(database: Database, userId: string, id: string) {
  return inTransaction(database, async (transaction) => {
    await lockUsers(transaction, [userId]);
    const device = await transaction.device.findUnique({ where: { id, userId } });
    if (device === null) throw new DomainError("DEVICE_UNKNOWN");
    if (device.revokedAt !== null) return { device, isChanged: false };
    const revoked = await transaction.device.update({ where: { id }, data: { revokedAt: new Date() } });
    await enqueueChange(transaction, userId);
    return { device: revoked, isChanged: true };
  });
}
