/**
 * Revokes silent devices (silence.ts). Their owners are told by what a revocation always tells: the user's device list,
 * whose version changes and where the device has `revokedAt`, and DEVICE_REVOKED to the device itself, should it come back.
 */
import { stored, type Database } from "../database.ts";
import { revoke } from "../operations/revoke-device.ts";
import { nowMsOf, pagesOfMailboxes, type Mailbox } from "./mailboxes.ts";
import { isSilent, waitingSinceMs } from "./silence.ts";

export interface SilentDevice {
  readonly id: string;
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly waitingSinceMs: number;
}

export interface RunOptions {
  /** As keys_service. */
  readonly keys: Database;
  /** As maintenance. */
  readonly mailboxes: Database;
  readonly silentDeviceDays: number;
  readonly maxRevocations: number;
  /** Changes nothing; everything else is the same. */
  readonly isDryRun: boolean;
  /** After each revocation that is committed, or would have been made. */
  onRevoked(device: SilentDevice): void;
}

export interface RunResult {
  readonly mailboxes: number;
  readonly revoked: number;
  /** There is at least one silent device more than maxRevocations. */
  readonly isCutShort: boolean;
}

/**
 * Goes over all mailboxes once, up to 200 at a time. Each revocation is a transaction of its own, under the lock of the
 * user's row: a run that ends midway leaves nothing half done, and of two runs at once one revokes and the other sees it.
 * @throws DomainError STORE_UNAVAILABLE
 */
export async function revokeSilentDevices(options: RunOptions): Promise<RunResult> {
  const { keys, maxRevocations, isDryRun } = options;
  const nowMs = await nowMsOf(options.mailboxes);
  let mailboxes = 0;
  let revoked = 0;
  for await (const page of pagesOfMailboxes(options.mailboxes)) {
    for (const device of await silentOf(page, nowMs, options)) {
      if (revoked === maxRevocations) return { mailboxes, revoked, isCutShort: true };
      const { isChanged } = isDryRun ? { isChanged: true } : await revoke(keys, device.userId, device.id);
      if (!isChanged) continue;
      revoked += 1;
      options.onRevoked(device);
    }
    mailboxes += page.length;
  }
  return { mailboxes, revoked, isCutShort: false };
}

/** Silent and not yet revoked. Whose a device is, and whether it is active, is the schema keys' to say. */
async function silentOf(page: readonly Mailbox[], nowMs: number, { keys, silentDeviceDays }: RunOptions) {
  const since = new Map<string, number>();
  for (const { deviceId, oldest } of page) {
    if (oldest === null) continue;
    const sinceMs = waitingSinceMs(oldest);
    if (isSilent(sinceMs, nowMs, silentDeviceDays)) since.set(deviceId, sinceMs);
  }
  if (since.size === 0) return [];
  const where = { id: { in: [...since.keys()] }, revokedAt: null };
  const active = await stored(() => keys.device.findMany({ where, select: { id: true, userId: true } }));
  return active.map(({ id, userId }): SilentDevice => ({ id, userId, waitingSinceMs: since.get(id) ?? nowMs }));
}
