/** Which device this is: from the store, or registered anew. */
import { SealgraphError } from "./errors.ts";
import { RegisterDevice } from "./graphql/operations.ts";
import type { OwnDevice, Store } from "./store/store.ts";
import { suiteNamed } from "./suites/registry.ts";
import type { DeviceKeys, Suite } from "./suites/suite.ts";
import type { Transport } from "./transport.ts";
import type { Trust } from "./trust.ts";

/** The device that a client speaks for. */
export interface Device {
  readonly id: string;
  readonly userId: string;
  readonly username: string;
  readonly name: string;
  readonly keys: DeviceKeys;
  readonly suite: Suite;
}

export interface DeviceOptions {
  store: Store;
  transport: Transport;
  trust: Trust;
  /** For a new device. */
  suite: Suite;
  /** For a new device: 1 to 64 characters. */
  name: string;
}

/**
 * Keys are stored before they are registered, and registering the same keys again is the same registration: a crash in
 * between leaves no device that nobody holds the keys of.
 *
 * @throws SealgraphError DEVICE_OF_OTHER_USER, PASSPHRASE, or what the graph says
 */
export async function openDevice(options: DeviceOptions): Promise<Device> {
  const stored = await options.store.device();
  if (stored?.id !== undefined) {
    const suite = stored.suite === options.suite.name ? options.suite : suiteNamed(stored.suite);
    const { id, userId, username, name } = stored;
    return { id, userId, username, name, suite, keys: await suite.importKeys(stored.keys) };
  }
  return register(options, stored);
}

async function register(options: DeviceOptions, unregistered: OwnDevice | undefined): Promise<Device> {
  const { store, transport, trust, suite } = options;
  const { user } = await trust.lookUpMe();
  if (unregistered !== undefined && unregistered.userId !== user.id) {
    throw new SealgraphError("DEVICE_OF_OTHER_USER", `this store was begun for ${unregistered.username}`);
  }
  const keys = unregistered === undefined ? await suite.generateKeys() : await suite.importKeys(unregistered.keys);
  const own: OwnDevice = unregistered ?? {
    id: undefined,
    userId: user.id,
    username: user.username,
    name: options.name,
    suite: suite.name,
    keys: await suite.exportKeys(keys),
  };
  await store.saveDevice(own);

  const encryptionKeySignature = await suite.proveRegistration(keys, user.id);
  const { registerDevice } = await transport.request(RegisterDevice, {
    input: { name: own.name, ...keys.public, encryptionKeySignature },
  });
  const { id } = registerDevice;
  // Pinned from here and not from the graph, so that this device is not news to itself.
  const pinnedAt = new Date().toISOString();
  await store.transaction((tx) =>
    tx.pin({ id, userId: user.id, name: own.name, ...keys.public, pinnedAt, revoked: false }),
  );
  await store.saveDevice({ ...own, id });
  await trust.lookUpMe();
  return { id, userId: user.id, username: user.username, name: own.name, suite, keys };
}
