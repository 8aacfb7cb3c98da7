/** From a frame to an accepted message, or the reason why it is none. */
import type { Device } from "./device.ts";
import type { InboxSubscription } from "./generated/graphql.ts";
import { directConversationId } from "./ids.ts";
import type { Store, StoredConversation, StoredMessage } from "./store/store.ts";
import { SuiteError } from "./suites/errors.ts";
import { suiteNamed } from "./suites/registry.ts";
import type { Trust } from "./trust.ts";

export type Frame = InboxSubscription["inbox"];
export type MessageFrame = Extract<Frame, { type: "MessageFrame" }>;

export interface OpenedMessage {
  readonly message: StoredMessage;
  /** With the suite's new state. */
  readonly conversation: StoredConversation;
  readonly digest: string;
  /** The very same message came before: dropped silently. */
  readonly repeated: boolean;
}

export interface OpenMessageOptions {
  device: Device;
  store: Store;
  trust: Trust;
}

/**
 * @throws SuiteError when the message is refused
 * @throws SealgraphError when a key or the members could not be looked up: it is neither accepted nor refused yet
 */
export async function openMessage(options: OpenMessageOptions, frame: MessageFrame): Promise<OpenedMessage> {
  const { device, store, trust } = options;
  const { message, header } = frame;
  const senderUser = message.sender.id;
  const [known, seen] = await store.transaction(async (tx) => [
    await tx.conversation(message.conversationId),
    await tx.seen(message.id),
  ]);
  const suite = suiteNamed(message.suite, known?.suite);
  const members = known?.members ?? (await membersOf(options, message.conversationId, senderUser));
  if (!members.includes(senderUser)) throw new SuiteError("NOT_A_MEMBER");
  const sender = await trust.senderDevice(senderUser, message.senderDevice.id, message.conversationId);
  if (sender === undefined) throw new SuiteError("SENDER_UNKNOWN", message.senderDevice.id);

  const opened = await suite.open(device.keys, known?.suiteState ?? suite.initialState(), {
    messageId: message.id,
    conversationId: message.conversationId,
    senderUser,
    senderDevice: sender.id,
    senderSigningKey: sender.signingKey,
    deviceId: device.id,
    body: message.body,
    header,
  });
  if (seen !== undefined && seen !== opened.digest) throw new SuiteError("REPLAYED_WITH_OTHER_CONTENT");
  return {
    message: {
      id: message.id,
      conversationId: message.conversationId,
      senderUser,
      senderDevice: sender.id,
      content: opened.content,
      time: opened.time,
      // One of our own, from another of our devices, is known to be stored; nothing more is.
      status: senderUser === device.userId ? "stored" : "received",
    },
    conversation: { id: message.conversationId, members, suite: suite.name, suiteState: opened.state },
    digest: opened.digest,
    repeated: seen !== undefined,
  };
}

/** Of a conversation that is new here. Its id says who they are, so nobody is believed about it. */
async function membersOf(
  { device, trust }: OpenMessageOptions,
  conversationId: string,
  senderUser: string,
): Promise<readonly string[]> {
  const isOf = (userId: string) => directConversationId(device.userId, userId) === conversationId;
  if (senderUser !== device.userId) return isOf(senderUser) ? [device.userId, senderUser] : [];
  // Sent by another of our own devices: to whom, the graph must tell.
  const lists = await trust.lookUpMembers(conversationId);
  const peer = lists.find(({ user }) => isOf(user.id));
  return peer === undefined ? [] : [...new Set([device.userId, peer.user.id])];
}
