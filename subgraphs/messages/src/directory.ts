/**
 * This process's copy of the device directory (DELIVERY rule 11): which devices each user has, in which version.
 * No I/O: device-directory records come in, questions are answered, changes are told.
 */
import { EventEmitter } from "node:events";
import type { DirectoryEntry } from "@sealgraph/platform/records.ts";

export interface UserDevices {
  readonly userId: string;
  readonly devicesVersion: number;
  readonly active: ReadonlySet<string>;
  readonly revoked: ReadonlySet<string>;
}

export interface DirectoryOptions {
  /** A copy that heard nothing for so long is not ready. */
  readonly freshForMs: number;
  /** Waits at one time; one more is answered at once as if its time were over. */
  readonly maxWaiters: number;
  readonly now?: () => number;
}

interface DirectoryEvents {
  revoked: [deviceId: string];
}

export class Directory {
  /** Tells each revoked device once, after the copy has the change. */
  readonly events = new EventEmitter<DirectoryEvents>();
  readonly #users = new Map<string, UserDevices>();
  readonly #owners = new Map<string, string>();
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #options: DirectoryOptions;
  readonly #now: () => number;
  #waiting = 0;
  #complete = false;
  #heardAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Takes a user's newer device list; one that is not newer changes nothing (the topic is at least once). */
  apply(entry: DirectoryEntry): void {
    const before = this.#users.get(entry.userId);
    if (before !== undefined && entry.devicesVersion <= before.devicesVersion) return;
    const after: UserDevices = {
      userId: entry.userId,
      devicesVersion: entry.devicesVersion,
      active: new Set(entry.devices.map(({ id }) => id)),
      revoked: new Set(entry.revoked),
    };
    this.#users.set(entry.userId, after);
    for (const id of after.active) this.#owners.set(id, entry.userId);
    for (const id of after.revoked) this.#owners.set(id, entry.userId);
    for (const id of before?.active ?? []) if (!after.active.has(id)) this.events.emit("revoked", id);
    for (const wake of this.#waiters.get(entry.userId) ?? []) wake();
  }

  /** The relay lives: a record or a heartbeat has arrived. */
  heard(): void {
    this.#heardAtMs = this.#now();
  }

  /** Everything that was on the topic at the start has been applied. */
  complete(): void {
    this.#complete = true;
  }

  ready(): boolean {
    return this.#complete && this.ageMs() <= this.#options.freshForMs;
  }

  /** Milliseconds since anything was heard; Infinity before. */
  ageMs(): number {
    return this.#now() - this.#heardAtMs;
  }

  user(userId: string): UserDevices | undefined {
    return this.#users.get(userId);
  }

  /** Whose device this is or was; undefined when the copy has never heard of it. */
  ownerOf(deviceId: string): string | undefined {
    return this.#owners.get(deviceId);
  }

  size(): { users: number; devices: number; waiters: number } {
    return { users: this.#users.size, devices: this.#owners.size, waiters: this.#waiting };
  }

  /**
   * Waits until the copy of a user's list satisfies `until`.
   * @returns whether it does; false after timeoutMs, or at once when too many wait already.
   */
  async waitFor(
    userId: string,
    until: (user: UserDevices | undefined) => boolean,
    timeoutMs: number,
  ): Promise<boolean> {
    if (until(this.user(userId))) return true;
    if (this.#waiting >= this.#options.maxWaiters) return false;
    this.#waiting += 1;
    const waiters = this.#waiters.get(userId) ?? new Set();
    this.#waiters.set(userId, waiters);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const wake = () => {
      if (until(this.user(userId))) resolve(true);
    };
    const timer = setTimeout(() => resolve(false), timeoutMs);
    waiters.add(wake);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      waiters.delete(wake);
      if (waiters.size === 0) this.#waiters.delete(userId);
      this.#waiting -= 1;
    }
  }
}
