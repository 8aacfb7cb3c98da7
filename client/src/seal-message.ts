/** From content to the exact input of sendMessage, for the device lists as the store has them. */
import { contentHashOf } from "./content-hash.ts";
import type { Content } from "./content.ts";
import type { Device } from "./device.ts";
import { SealgraphError } from "./errors.ts";
import type { SendMessageInput } from "./generated/graphql.ts";
import type { StoredConversation } from "./store/store.ts";
import type { SuiteState } from "./suites/suite.ts";
import type { DeviceList, Trust } from "./trust.ts";

export interface Draft {
  readonly messageId: string;
  readonly content: Content;
  /** RFC 3339. */
  readonly time: string;
}

export interface SealedMessage {
  /** JSON text of SendMessageInput. */
  readonly input: string;
  readonly contentHash: string;
  readonly digest: string;
  readonly suiteState: SuiteState;
}

/**
 * @param lists of every member, the sender included.
 * @throws SealgraphError KEY_CHANGED, NEW_DEVICE, or RECIPIENT_HAS_NO_DEVICE when nobody but this device could read it
 */
export async function sealMessage(
  device: Device,
  trust: Trust,
  conversation: StoredConversation,
  lists: readonly DeviceList[],
  draft: Draft,
): Promise<SealedMessage> {
  const receiving = lists.map(({ user, devices }) => ({
    user,
    devices: devices.filter(({ id, revoked }) => !revoked && id !== device.id),
  }));
  const others = receiving.filter(({ user }) => user.id !== device.userId);
  for (const { user, devices } of others.length === 0 ? receiving : others) {
    if (devices.length === 0) {
      throw new SealgraphError("RECIPIENT_HAS_NO_DEVICE", `${user.username} has no device that could read a message`);
    }
  }
  const devices = receiving.flatMap((list) => list.devices);
  trust.refuseDoubtfulKeys(devices);

  const sealed = await device.suite.seal(device.keys, conversation.suiteState, {
    ...draft,
    conversationId: conversation.id,
    senderUser: device.userId,
    senderDevice: device.id,
    recipients: devices.map(({ id, encryptionKey }) => ({ deviceId: id, encryptionKey })),
  });
  const input: SendMessageInput = {
    id: draft.messageId,
    conversationId: conversation.id,
    deviceId: device.id,
    suite: device.suite.name,
    body: sealed.body,
    recipients: receiving.map((list) => ({
      userId: list.user.id,
      devicesVersion: list.user.devicesVersion,
      headers: list.devices.map(({ id }) => ({ deviceId: id, header: headerFor(sealed.headers, id) })),
    })),
  };
  return {
    input: JSON.stringify(input),
    contentHash: await contentHashOf(input),
    digest: sealed.digest,
    suiteState: sealed.state,
  };
}

function headerFor(headers: ReadonlyMap<string, string>, deviceId: string): string {
  const header = headers.get(deviceId);
  if (header === undefined) throw new TypeError(`the suite made no header for device ${deviceId}`);
  return header;
}
