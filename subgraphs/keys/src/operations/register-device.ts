import { randomUUID } from "node:crypto";
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { Limits } from "../config.ts";
import type { Keys } from "../context.ts";
import { inTransaction, isUniqueViolation, type Transaction } from "../database.ts";
import { enqueueChange, lockUsers } from "../directory/outbox.ts";
import type { MutationResolvers } from "../generated/schema.ts";
import { parseRegistration, type Registration } from "../registration.ts";
import type { DeviceRow } from "../rows.ts";
import { signIn } from "../sign-in.ts";

const dayMs = 24 * 3_600_000;

/**
 * Registers a device of the caller. Sent again with the same values it gives the same device: its signing key, which
 * nobody else can prove to hold, is what makes it the same.
 * @throws DomainError BAD_USER_INPUT, PROOF_INVALID, DEVICE_EXISTS, DEVICE_REVOKED, DEVICE_LIMIT, STORE_UNAVAILABLE
 */
export const registerDevice = (async (_mutation, { input }, { keys, loaders, caller }) => {
  const { userId } = await signIn(keys, await caller()).then(({ id }) => ({ userId: id }));
  const registration = await parseRegistration(userId, input);
  const { device, isNew } = await register(keys, userId, registration);
  if (isNew) {
    keys.directoryChanged();
    loaders.clearUser(userId);
  }
  return device;
}) satisfies MutationResolvers["registerDevice"];

async function register(keys: Keys, userId: string, registration: Registration) {
  try {
    return await inTransaction(keys.database, async (transaction) => {
      await lockUsers(transaction, [userId]);
      const { signingKey } = registration;
      const existing = await transaction.device.findUnique({ where: { signingKey } });
      if (existing !== null) return { device: sameDevice(existing, userId, registration), isNew: false };
      await refuseOverLimit(transaction, userId, keys.limits);
      const device = await transaction.device.create({ data: { id: randomUUID(), userId, ...registration } });
      await enqueueChange(transaction, userId);
      return { device, isNew: true };
    });
  } catch (error) {
    // The user's lock does not cover another user who registers the same key at the same moment.
    throw isUniqueViolation(error) ? new DomainError("DEVICE_EXISTS") : error;
  }
}

function sameDevice(existing: DeviceRow, userId: string, registration: Registration): DeviceRow {
  const { name, encryptionKey } = registration;
  if (existing.userId !== userId || existing.name !== name || existing.encryptionKey !== encryptionKey)
    throw new DomainError("DEVICE_EXISTS");
  if (existing.revokedAt !== null) throw new DomainError("DEVICE_REVOKED");
  return existing;
}

async function refuseOverLimit(transaction: Transaction, userId: string, limits: Limits): Promise<void> {
  const active = await transaction.device.count({ where: { userId, revokedAt: null } });
  if (active >= limits.maxDevicesPerUser)
    throw new DomainError("DEVICE_LIMIT", undefined, { detail: { limit: limits.maxDevicesPerUser } });
  const since = new Date(Date.now() - dayMs);
  const recent = await transaction.device.count({ where: { userId, createdAt: { gt: since } } });
  if (recent >= limits.maxRegistrationsPerDay)
    throw new DomainError("DEVICE_LIMIT", "The user has registered as many devices as one may within 24 hours.", {
      detail: { limit: limits.maxRegistrationsPerDay, per: "24 h" },
    });
}
