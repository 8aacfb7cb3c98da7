/** Whether a device is the caller's own and active: the first question of every operation that names one. */
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { Directory } from "./directory.ts";

/** How long a request waits for the copy of the directory to learn what the request names (DELIVERY rule 11). */
export const directoryWaitMs = 2_000;

/**
 * What is known now; undefined when the copy has never heard of the device.
 * @throws DomainError DEVICE_FORBIDDEN | DEVICE_REVOKED
 */
function judge(directory: Directory, userId: string, deviceId: string): true | undefined {
  const owner = directory.ownerOf(deviceId);
  if (owner === undefined) return undefined;
  if (owner !== userId) throw new DomainError("DEVICE_FORBIDDEN");
  if (!directory.user(userId)?.active.has(deviceId)) throw new DomainError("DEVICE_REVOKED");
  return true;
}

/** @throws DomainError NOT_READY when the copy is not complete or not fresh. */
export function requireReady(directory: Directory): void {
  if (!directory.ready()) throw new DomainError("NOT_READY", "The copy of the device directory is not fresh.");
}

/**
 * Judges at once, without waiting.
 * @throws DomainError NOT_READY | DEVICE_FORBIDDEN | DEVICE_REVOKED | DEVICE_UNKNOWN
 */
export function requireOwnDeviceNow(directory: Directory, userId: string, deviceId: string): void {
  requireReady(directory);
  if (judge(directory, userId, deviceId) === undefined) throw new DomainError("DEVICE_UNKNOWN");
}

/**
 * Waits up to 2 s for a device that was just registered.
 * @throws DomainError NOT_READY | DEVICE_FORBIDDEN | DEVICE_REVOKED | DEVICE_UNKNOWN
 */
export async function requireOwnDevice(
  directory: Directory,
  userId: string,
  deviceId: string,
  waitMs: number = directoryWaitMs,
): Promise<void> {
  requireReady(directory);
  if (judge(directory, userId, deviceId) === undefined)
    await directory.waitFor(userId, () => directory.ownerOf(deviceId) !== undefined, waitMs);
  requireOwnDeviceNow(directory, userId, deviceId);
}
