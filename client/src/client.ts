/** A device's client: opens (and registers) the device, sends, receives. */
import { textContent, type Content } from "./content.ts";
import { openDevice, type Device } from "./device.ts";
import type { InboxEvent, Notice } from "./events.ts";
import { MarkRead, RevokeDevice } from "./graphql/operations.ts";
import { NoticeBoard } from "./notices.ts";
import { Outbox } from "./outbox.ts";
import { receive } from "./receive.ts";
import { Sender, type SentMessage } from "./send.ts";
import type { PinnedDevice, RefusedMessage, Store, StoredConversation, StoredMessage } from "./store/store.ts";
import { defaultSuite } from "./suites/registry.ts";
import type { Suite } from "./suites/suite.ts";
import { createTransport, type Transport, type TransportOptions } from "./transport.ts";
import { Trust } from "./trust.ts";
import { KeyedTurns } from "./turns.ts";

export interface ClientOptions extends TransportOptions {
  /** The device's own; the caller closes it after the client. */
  store: Store;
  /** Shown to the user's other devices; used when the store has no device yet. 1 to 64 characters. */
  deviceName: string;
  /** For a new device. Default e2ee/1. */
  suite?: Suite;
  /** Called at once with what the user must see of keys; the inbox tells it too. */
  onNotice?: (notice: Notice) => void;
}

/** Most ids in one markRead. */
const maxIdsPerMarkRead = 500;

export class SealgraphClient {
  readonly device: Device;
  readonly #store: Store;
  readonly #transport: Transport;
  readonly #trust: Trust;
  readonly #notices: NoticeBoard;
  readonly #suiteTurns = new KeyedTurns();
  readonly #closing = new AbortController();
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  #inboxOpen = false;

  /**
   * Registers the device when the store has none; needs no network when it has. Messages left in the outbox are sent in
   * the background.
   *
   * @throws SealgraphError PASSPHRASE, DEVICE_OF_OTHER_USER, or what the graph says of the registration (DEVICE_LIMIT, …)
   */
  static async open(options: ClientOptions): Promise<SealgraphClient> {
    const transport = createTransport(options);
    try {
      const notices = new NoticeBoard();
      const onNotice = (notice: Notice) => {
        notices.post(notice);
        options.onNotice?.(notice);
      };
      const trust = new Trust({ transport, store: options.store, onNotice });
      const suite = options.suite ?? defaultSuite;
      const device = await openDevice({ store: options.store, transport, trust, suite, name: options.deviceName });
      const client = new SealgraphClient(device, options.store, transport, trust, notices);
      client.#resend();
      return client;
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  private constructor(device: Device, store: Store, transport: Transport, trust: Trust, notices: NoticeBoard) {
    this.device = device;
    this.#store = store;
    this.#transport = transport;
    this.#trust = trust;
    this.#notices = notices;
    const suiteTurns = this.#suiteTurns;
    const shared = { device, store, transport, trust, suiteTurns };
    this.#outbox = new Outbox({ ...shared, notices, signal: this.#closing.signal });
    this.#sender = new Sender({ ...shared, outbox: this.#outbox });
  }

  /**
   * Resolves when the graph has kept the message, or with status "queued" when it could not be reached for 20 s: then the
   * message is sent later, after a restart too, and never twice.
   *
   * @throws SealgraphError USER_UNKNOWN, RECIPIENT_HAS_NO_DEVICE, KEY_CHANGED, OUTBOX_FULL, or the graph's refusal
   */
  send(toUsername: string, content: string | Content): Promise<SentMessage> {
    return this.#sender.send(toUsername, typeof content === "string" ? textContent(content) : content);
  }

  /**
   * Everything that comes to this device, in order, once: each event is told after it was stored. Breaking off the loop
   * ends the subscription; the next `inbox()` goes on where the store is. One at a time.
   *
   * @throws SealgraphError when the stream has ended for good: SESSION_REPLACED, DEVICE_REVOKED, …
   */
  async *inbox(): AsyncGenerator<InboxEvent, void, void> {
    if (this.#inboxOpen) throw new TypeError("this client's inbox is open already");
    this.#inboxOpen = true;
    try {
      yield* receive({
        device: this.device,
        store: this.#store,
        transport: this.#transport,
        trust: this.#trust,
        notices: this.#notices,
        suiteTurns: this.#suiteTurns,
        signal: this.#closing.signal,
        onCaughtUp: () => this.#resend(),
      });
    } finally {
      this.#inboxOpen = false;
    }
  }

  /** Tells the senders. Ids of messages that were read before are no error. */
  async markRead(messageIds: readonly string[]): Promise<void> {
    for (let from = 0; from < messageIds.length; from += maxIdsPerMarkRead) {
      const some = messageIds.slice(from, from + maxIdsPerMarkRead);
      const { markRead } = await this.#transport.request(MarkRead, { deviceId: this.device.id, messageIds: some });
      await this.#store.transaction(async (tx) => {
        for (const id of markRead) {
          const message = await tx.message(id);
          if (message?.status === "received") await tx.putMessage({ ...message, status: "read" });
        }
      });
    }
  }

  conversations(): Promise<StoredConversation[]> {
    return this.#store.transaction((tx) => tx.conversations());
  }

  /** The newest `limit` of a conversation, oldest of them first. */
  messages(conversationId: string, limit = 100): Promise<StoredMessage[]> {
    return this.#store.transaction((tx) => tx.messages(conversationId, limit));
  }

  /** The newest `limit` messages that were not accepted, with the reason. */
  refused(limit = 100): Promise<RefusedMessage[]> {
    return this.#store.transaction((tx) => tx.refused(limit));
  }

  /** A user's pinned devices, for comparing keys. @throws SealgraphError USER_UNKNOWN */
  async devicesOf(username: string): Promise<readonly PinnedDevice[]> {
    return (await this.#trust.lookUpUser(username)).devices;
  }

  /** After a keyChanged, once a person has compared the keys: the new ones are pinned. */
  acceptKey(deviceId: string): Promise<void> {
    return this.#trust.acceptKey(deviceId);
  }

  /** Ends a device of this user's for good, this one by default: its streams and its place in every list. */
  async revokeDevice(deviceId: string = this.device.id): Promise<void> {
    await this.#transport.request(RevokeDevice, { id: deviceId });
  }

  /** Ends the inbox after its last acknowledgement, and all requests. The store stays open. */
  async close(): Promise<void> {
    this.#closing.abort();
    // The inbox acknowledges once more on its way out, if somebody still reads it.
    const giveUp = Date.now() + closeTimeoutMs;
    while (this.#inboxOpen && Date.now() < giveUp) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#transport.close();
  }

  /** What fails now is tried again at the next connection. */
  #resend(): void {
    this.#outbox.flushAll().catch(() => undefined);
  }
}

/** How long close waits for the inbox's reader. */
const closeTimeoutMs = 1_000;
