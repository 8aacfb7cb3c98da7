/** From a user's name and a text to an accepted message. */
import type { Content } from "./content.ts";
import type { Device } from "./device.ts";
import { SealgraphError } from "./errors.ts";
import { DirectConversation } from "./graphql/operations.ts";
import { directConversationId, newMessageId } from "./ids.ts";
import { maxOutboxEntries, type Outbox } from "./outbox.ts";
import { sealMessage } from "./seal-message.ts";
import type { MessageStatus, Store, StoredConversation } from "./store/store.ts";
import type { Transport } from "./transport.ts";
import type { DeviceList, Trust } from "./trust.ts";
import { KeyedTurns } from "./turns.ts";

export interface SentMessage {
  readonly id: string;
  readonly conversationId: string;
  /** "queued" when it could not be sent now: it is sent later, as the same message. Do not send it again. */
  readonly status: MessageStatus;
  /** Of a queued one: the code of what it waits for (NETWORK, TOKEN_EXPIRED, KEY_CHANGED, CLOSED, …). */
  readonly reason?: string;
}

export interface SenderOptions {
  device: Device;
  store: Store;
  transport: Transport;
  trust: Trust;
  outbox: Outbox;
  suiteTurns: KeyedTurns;
}

export class Sender {
  readonly #options: SenderOptions;
  /** By recipient: messages come into the outbox in the order of the calls, also while the first one looks things up. */
  readonly #preparing = new KeyedTurns();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** @throws SealgraphError when the message cannot be made, or is refused for good: it is not sent later either. */
  async send(toUsername: string, content: Content): Promise<SentMessage> {
    const { store, outbox } = this.#options;
    const id = newMessageId();
    outbox.await(id);
    try {
      const conversationId = await this.#preparing.take(toUsername, async () => {
        const peer = await this.#reachable(toUsername);
        const conversation = await this.#conversationWith(peer.user.id);
        await this.#enqueue(id, conversation.id, peer.user.id, content);
        return conversation.id;
      });
      const held = await outbox.flush(conversationId);
      const failure = outbox.release(id);
      if (failure !== undefined) throw failure;
      const status = (await store.transaction((tx) => tx.message(id)))?.status ?? "queued";
      const reason = status === "queued" ? held?.code : undefined;
      return { id, conversationId, status, ...(reason === undefined ? {} : { reason }) };
    } finally {
      outbox.release(id);
    }
  }

  /** A user who had no device when last looked up may have one now. */
  async #reachable(username: string): Promise<DeviceList> {
    const { trust } = this.#options;
    const list = await trust.userNamed(username);
    return list.devices.some((device) => !device.revoked) ? list : trust.lookUpUser(username);
  }

  /** Asked of the graph once; its id is checked, since it says whose conversation it is. */
  async #conversationWith(userId: string): Promise<StoredConversation> {
    const { device, store, transport } = this.#options;
    const id = directConversationId(device.userId, userId);
    const known = await store.transaction((tx) => tx.conversation(id));
    if (known !== undefined) return known;
    const { directConversation } = await transport.request(DirectConversation, { withUserId: userId });
    if (directConversation.id !== id) {
      throw new SealgraphError(
        "CONVERSATION_MISMATCH",
        `the graph's conversation ${directConversation.id} is not ${id}`,
      );
    }
    return store.transaction(async (tx) => {
      const conversation: StoredConversation = (await tx.conversation(id)) ?? {
        id,
        members: [...new Set([device.userId, userId])],
        suite: device.suite.name,
        suiteState: device.suite.initialState(),
      };
      await tx.putConversation(conversation);
      return conversation;
    });
  }

  /** Seals, and stores the message, its exact input and the suite's state together. */
  #enqueue(messageId: string, conversationId: string, peerId: string, content: Content): Promise<void> {
    const { device, store, trust, suiteTurns } = this.#options;
    return suiteTurns.take(conversationId, async () => {
      const conversation = await store.transaction((tx) => tx.conversation(conversationId));
      if (conversation === undefined) throw new TypeError(`conversation ${conversationId} is not in the store`);
      const lists = await Promise.all([...new Set([device.userId, peerId])].map((id) => trust.listOf(id)));
      const time = new Date().toISOString();
      const sealed = await sealMessage(device, trust, conversation, lists, { messageId, content, time });
      await store.transaction(async (tx) => {
        if ((await tx.outboxSize()) >= maxOutboxEntries) {
          throw new SealgraphError("OUTBOX_FULL", `${maxOutboxEntries} messages wait already`, { retryable: true });
        }
        await tx.putMessage({
          id: messageId,
          conversationId,
          senderUser: device.userId,
          senderDevice: device.id,
          content,
          time,
          status: "queued",
          contentHash: sealed.contentHash,
        });
        await tx.putSeen(messageId, sealed.digest);
        await tx.putOutbox({ messageId, conversationId, input: sealed.input, queuedAt: time });
        await tx.putConversation({ ...conversation, suite: device.suite.name, suiteState: sealed.suiteState });
      });
    });
  }
}
