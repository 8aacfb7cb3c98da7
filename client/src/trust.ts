/**
 * Whose keys are believed: the first that the graph names for a device are pinned (trust on first use); an added device
 * and a changed key are told, and a changed key is not used, nor an added device's where the application asks first. Users
 * are looked up only when they must be: the graph tells with StaleDevices when a list is old.
 */
import { SealgraphError } from "./errors.ts";
import type { Notice } from "./events.ts";
import type { UserWithDevicesFragment } from "./generated/graphql.ts";
import { LookUpConversation, LookUpUser, Me } from "./graphql/operations.ts";
import type { KnownUser, PinnedDevice, Store } from "./store/store.ts";
import type { Transport } from "./transport.ts";

/** Whether a device that a known user adds is encrypted to at once, or nothing is sent until a person has accepted it. */
export type NewDevices = "accept" | "ask";

export interface TrustOptions {
  transport: Transport;
  store: Store;
  onNotice: (notice: Notice) => void;
  newDevices: NewDevices;
}

/** A user's list of devices at a version, with pinned keys, revoked ones included. */
export interface DeviceList {
  readonly user: KnownUser;
  readonly devices: readonly PinnedDevice[];
}

export class Trust {
  readonly #transport: Transport;
  readonly #store: Store;
  readonly #onNotice: (notice: Notice) => void;
  readonly #asks: boolean;
  /** Devices whose keys the graph now says otherwise, with what it says. In memory: each look-up finds them again. */
  readonly #changed = new Map<string, PinnedDevice>();

  constructor(options: TrustOptions) {
    this.#transport = options.transport;
    this.#store = options.store;
    this.#onNotice = options.onNotice;
    this.#asks = options.newDevices === "ask";
  }

  async lookUpMe(): Promise<DeviceList> {
    const { me } = await this.#transport.request(Me, {});
    return this.#remember(me);
  }

  /** @throws SealgraphError USER_UNKNOWN */
  async lookUpUser(username: string): Promise<DeviceList> {
    const { user } = await this.#transport.request(LookUpUser, { username });
    if (user === null || user === undefined) throw new SealgraphError("USER_UNKNOWN", `there is no user ${username}`);
    return this.#remember(user);
  }

  /** The conversation's members; empty when the graph knows of no such conversation of ours. */
  async lookUpMembers(conversationId: string): Promise<DeviceList[]> {
    const { conversation } = await this.#transport.request(LookUpConversation, { id: conversationId });
    const lists: DeviceList[] = [];
    for (const member of conversation?.members ?? []) lists.push(await this.#remember(member));
    return lists;
  }

  /** From the store when the user is known, by one look-up otherwise. */
  async userNamed(username: string): Promise<DeviceList> {
    const user = await this.#store.transaction((tx) => tx.userByName(username));
    return user === undefined ? this.lookUpUser(username) : this.listOf(user.id);
  }

  /** As in the store. @throws SealgraphError USER_UNKNOWN */
  listOf(userId: string): Promise<DeviceList> {
    return this.#store.transaction(async (tx) => {
      const user = await tx.user(userId);
      if (user === undefined) throw new SealgraphError("USER_UNKNOWN", `user ${userId} was never looked up`);
      return { user, devices: await tx.pinnedDevicesOf(userId) };
    });
  }

  /** @throws SealgraphError KEY_CHANGED when a key that would be used is not the pinned one; NEW_DEVICE */
  refuseDoubtfulKeys(devices: readonly PinnedDevice[]): void {
    const changed = devices.find((device) => !device.revoked && this.#changed.has(device.id));
    if (changed !== undefined) {
      const what = `the graph names another key for device ${changed.id} than the pinned one`;
      throw new SealgraphError("KEY_CHANGED", what);
    }
    // Leaving it out is no way: the graph demands a header for every active device.
    const added = devices.find((device) => !device.revoked && this.#asks && device.unaccepted === true);
    if (added !== undefined)
      throw new SealgraphError("NEW_DEVICE", `device ${added.id} was added and not accepted yet`);
  }

  /**
   * The pinned key of a sending device; looked up once when it is new. Undefined when it is not one of the user's.
   * @throws SealgraphError when the look-up fails: the message is neither accepted nor refused then.
   */
  async senderDevice(userId: string, deviceId: string, conversationId: string): Promise<PinnedDevice | undefined> {
    const known = await this.#store.transaction((tx) => tx.pinnedDevice(deviceId));
    if (known !== undefined) return known.userId === userId ? known : undefined;
    const members = await this.lookUpMembers(conversationId);
    const sender = members.find(({ user }) => user.id === userId);
    return sender?.devices.find((device) => device.id === deviceId);
  }

  /** A person compared the keys: what the graph last said is pinned. */
  async acceptKey(deviceId: string): Promise<void> {
    const device = this.#changed.get(deviceId);
    if (device === undefined) return;
    await this.#store.transaction((tx) => tx.pin(device));
    this.#changed.delete(deviceId);
  }

  /** A person believes that the added device is the user's. */
  async acceptDevice(deviceId: string): Promise<void> {
    await this.#store.transaction(async (tx) => {
      const { unaccepted, ...device } = (await tx.pinnedDevice(deviceId)) ?? {};
      if (unaccepted === true) await tx.pin(device as PinnedDevice);
    });
  }

  /** Pins what is new, compares what is known, and tells of both once the store has it. */
  async #remember(found: UserWithDevicesFragment): Promise<DeviceList> {
    const { id, username, displayName, devicesVersion } = found;
    const user: KnownUser = { id, username, displayName, devicesVersion };
    const notices: Notice[] = [];
    const devices = await this.#store.transaction(async (tx) => {
      const before = await tx.user(id);
      // An answer that overtook a newer one changes nothing.
      if (before !== undefined && before.devicesVersion > devicesVersion) return tx.pinnedDevicesOf(id);
      await tx.putUser(user);
      for (const device of found.devices) {
        const { name, encryptionKey, signingKey } = device;
        const revoked = device.revokedAt !== null && device.revokedAt !== undefined;
        const pinned = await tx.pinnedDevice(device.id);
        const said = {
          id: device.id,
          userId: id,
          name,
          encryptionKey: encryptionKey.trim(),
          signingKey: signingKey.trim(),
          revoked,
        };
        if (pinned === undefined) {
          const added = before !== undefined && !revoked;
          const mark = added && this.#asks ? { unaccepted: true as const } : {};
          await tx.pin({ ...said, ...mark, pinnedAt: new Date().toISOString() });
          if (added) {
            notices.push({ type: "deviceAdded", userId: id, username, deviceId: device.id, deviceName: name });
          }
          continue;
        }
        if (!sameKeys(pinned, said)) {
          if (!this.#changed.has(device.id))
            notices.push({ type: "keyChanged", userId: id, username, deviceId: device.id });
          this.#changed.set(device.id, { ...said, pinnedAt: new Date().toISOString() });
          continue;
        }
        this.#changed.delete(device.id);
        if (revoked !== pinned.revoked) {
          await tx.pin({ ...pinned, revoked });
          if (revoked) notices.push({ type: "deviceRevoked", userId: id, username, deviceId: device.id });
        }
      }
      return tx.pinnedDevicesOf(id);
    });
    for (const notice of notices) this.#onNotice(notice);
    return { user, devices };
  }
}

/** A device that moved to another user is a changed key too. */
function sameKeys(pinned: PinnedDevice, said: Omit<PinnedDevice, "pinnedAt">): boolean {
  return (
    pinned.userId === said.userId &&
    pinned.encryptionKey === said.encryptionKey &&
    pinned.signingKey === said.signingKey
  );
}
