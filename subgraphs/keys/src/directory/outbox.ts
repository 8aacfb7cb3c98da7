import type { Transaction } from "../database.ts";
import { maxListedRevokedDevices } from "../limits.ts";

/**
 * Locks users' rows until the transaction ends, in order of id so that two lockers cannot wait for each other. Whoever
 * enqueues an entry holds this lock from before reading the devices: so ids of a user's outbox rows are in the order of
 * versions, and a row with a smaller id is never committed after one with a larger.
 */
export async function lockUsers(transaction: Transaction, userIds: readonly string[]): Promise<void> {
  await transaction.$queryRaw`SELECT FROM keys.users WHERE id = ANY(${userIds}::uuid[]) ORDER BY id FOR UPDATE`;
}

/**
 * Puts the users' entries (DirectoryEntry of platform/records.ts), as this transaction sees them, into the outbox
 * (DELIVERY rule 11). The caller holds the users' rows: locked by `lockUsers`, or new in this transaction.
 */
export async function enqueueEntries(transaction: Transaction, userIds: readonly string[]): Promise<void> {
  await transaction.$executeRaw`
    INSERT INTO keys.directory_outbox (user_id, payload)
    SELECT u.id, jsonb_build_object(
      'v', 1,
      'type', 'directory',
      'userId', u.id,
      'devicesVersion', u.devices_version,
      'devices', COALESCE((
        SELECT jsonb_agg(jsonb_build_object('id', d.id) ORDER BY d.created_at, d.id)
        FROM keys.devices d WHERE d.user_id = u.id AND d.revoked_at IS NULL), '[]'),
      'revoked', COALESCE((
        SELECT jsonb_agg(r.id)
        FROM (SELECT d.id FROM keys.devices d WHERE d.user_id = u.id AND d.revoked_at IS NOT NULL
              ORDER BY d.revoked_at DESC, d.id LIMIT ${maxListedRevokedDevices}) r), '[]'))
    FROM keys.users u
    WHERE u.id = ANY(${userIds}::uuid[])
    ORDER BY u.id`;
}

/** Raises the version of a user whose device list was changed in this transaction, and enqueues the new entry. */
export async function enqueueChange(transaction: Transaction, userId: string): Promise<void> {
  await transaction.user.update({ where: { id: userId }, data: { devicesVersion: { increment: 1 } } });
  await enqueueEntries(transaction, [userId]);
}
