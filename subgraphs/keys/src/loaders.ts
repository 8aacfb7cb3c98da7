import DataLoader from "dataloader";
import { stored, type Database } from "./database.ts";
import { maxListedRevokedDevices } from "./limits.ts";
import type { DeviceRow, UserRow } from "./rows.ts";
import { isUuid } from "./uuid.ts";

/** Reads of one operation, gathered into one statement each and remembered until the operation ends. */
export interface Loaders {
  readonly users: DataLoader<string, UserRow | null>;
  readonly devices: DataLoader<string, DeviceRow | null>;
  /** Active devices, and the newest revoked ones up to the bound; oldest first. */
  readonly devicesOfUser: DataLoader<string, DeviceRow[]>;
  /** After a change of the user's devices in this operation. */
  clearUser(userId: string): void;
}

/** Keys in one statement. */
const maxBatchSize = 500;

export function createLoaders(database: Database): Loaders {
  const byId = <Row extends { id: string }>(find: (ids: string[]) => Promise<Row[]>) =>
    new DataLoader<string, Row | null>(
      async (ids) => {
        const rows = await stored(() => find(ids.filter(isUuid)));
        const found = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => found.get(id.toLowerCase()) ?? null);
      },
      { maxBatchSize },
    );

  const users = byId((ids) => database.user.findMany({ where: { id: { in: ids } } }));
  const devices = byId((ids) => database.device.findMany({ where: { id: { in: ids } } }));
  const devicesOfUser = new DataLoader<string, DeviceRow[]>(
    async (userIds) => {
      const rows = await stored(() => listDevices(database, userIds));
      const grouped = Map.groupBy(rows, (row) => row.userId);
      return userIds.map((userId) => grouped.get(userId) ?? []);
    },
    { maxBatchSize },
  );
  return {
    users,
    devices,
    devicesOfUser,
    clearUser(userId) {
      users.clear(userId);
      devicesOfUser.clear(userId);
    },
  };
}

function listDevices(database: Database, userIds: readonly string[]) {
  return database.$queryRaw<DeviceRow[]>`
    SELECT id, user_id AS "userId", name, encryption_key AS "encryptionKey", signing_key AS "signingKey",
           created_at AS "createdAt", revoked_at AS "revokedAt"
    FROM (
      SELECT *, row_number() OVER (PARTITION BY user_id, revoked_at IS NULL ORDER BY revoked_at DESC, id) AS place
      FROM keys.devices WHERE user_id = ANY(${userIds}::uuid[])) ranked
    WHERE revoked_at IS NULL OR place <= ${maxListedRevokedDevices}
    ORDER BY created_at, id`;
}
