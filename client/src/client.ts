/** A device's client: opens (and registers) the device, sends, receives. */
import { textContent, type Content } from "./content.ts";
import { openDevice, type Device } from "./device.ts";
import { SealgraphError } from "./errors.ts";
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
import { Trust, type NewDevices } from "./trust.ts";
import { KeyedTurns } from "./turns.ts";

export interface ClientOptions extends TransportOptions {
  /** The device's own; the caller closes it after the client. */
  store: Store;
  /** Shown to the user's other devices; used when the store has no device yet. 1 to 64 characters. */
  deviceName: string;
  /** For a new device. Default e2ee/1. */
  suite?: Suite;
  /**
   * "accept" (the default) encrypts to a device that somebody adds and tells of it. "ask" sends that user nothing until
   * `acceptDevice(deviceId)`, so that a server that was taken over cannot add itself unseen; a device added to
   * one's own stops all sending.
   */
  newDevices?: NewDevices;
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
  /** Calls that use the store: close waits for them. */
  readonly #running = new Set<Promise<unknown>>();
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
      const newDevices = options.newDevices ?? "accept";
      const trust = new Trust({ transport, store: options.store, onNotice, newDevices });
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
   * Resolves when the graph has kept the message, or with status "queued" and a `reason` when that cannot be now: the graph
   * could not be reached for 20 s, somebody has to sign in again or to compare keys, the client was closed. Then the
   * message is sent later, after a restart too, and never twice: sending it again would be another message.
   *
   * @throws SealgraphError USER_UNKNOWN, RECIPIENT_HAS_NO_DEVICE, KEY_CHANGED, NEW_DEVICE, OUTBOX_FULL, or what looking the
   *   user up or the graph's refusal says. Whenever it throws one, the message is not sent later either.
   */
  send(toUsername: string, content: string | Content): Promise<SentMessage> {
    return this.#run(() => this.#sender.send(toUsername, typeof content === "string" ? textContent(content) : content));
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
  markRead(messageIds: readonly string[]): Promise<void> {
    return this.#run(() => this.#markRead(messageIds));
  }

  async #markRead(messageIds: readonly string[]): Promise<void> {
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
  devicesOf(username: string): Promise<readonly PinnedDevice[]> {
    return this.#run(async () => (await this.#trust.lookUpUser(username)).devices);
  }

  /** After a keyChanged, once a person has compared the keys: the new ones are pinned, and what waited is sent. */
  acceptKey(deviceId: string): Promise<void> {
    return this.#run(async () => {
      await this.#trust.acceptKey(deviceId);
      this.#resend();
    });
  }

  /** After a deviceAdded, with `newDevices: "ask"`: the device is encrypted to, and what waited is sent. */
  acceptDevice(deviceId: string): Promise<void> {
    return this.#run(async () => {
      await this.#trust.acceptDevice(deviceId);
      this.#resend();
    });
  }

  /** Ends a device of this user's for good, this one by default: its streams and its place in every list. */
  async revokeDevice(deviceId: string = this.device.id): Promise<void> {
    await this.#transport.request(RevokeDevice, { id: deviceId });
  }

  /**
   * Ends the inbox after its last acknowledgement, and all requests, whose calls end with CLOSED; a message on its way stays
   * in the outbox. When this resolves, nothing uses the store any more. It stays open.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    // The inbox acknowledges once more on its way out, if somebody still reads it.
    const giveUp = Date.now() + closeTimeoutMs;
    while (this.#inboxOpen && Date.now() < giveUp) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#transport.close();
    await Promise.allSettled(this.#running);
  }

  /** What fails now is tried again at the next connection. */
  #resend(): void {
    this.#run(() => this.#outbox.flushAll()).catch(() => undefined);
  }

  /** @throws SealgraphError CLOSED */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) throw new SealgraphError("CLOSED", "the client is closed");
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

/** How long close waits for the inbox's reader. */
const closeTimeoutMs = 1_000;
