/**
 * What a device keeps. Everything that belongs together is written in one transaction: a message, its suite's state and
 * the cursor after it, so that a crash leaves either all of it or none and the graph sends the rest again.
 */
import type { Content } from "../content.ts";
import type { SuiteErrorCode } from "../suites/errors.ts";
import type { SuiteState } from "../suites/suite.ts";

/** This device. `id` is undefined from the keys' making until the graph has answered the registration. */
export interface OwnDevice {
  readonly id: string | undefined;
  readonly userId: string;
  readonly username: string;
  readonly name: string;
  readonly suite: string;
  /** Private keys as the suite exports them. A store that can keeps this encrypted. */
  readonly keys: string;
}

/** A user as last looked up. */
export interface KnownUser {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly devicesVersion: number;
}

/** A device's keys as first seen: what the graph says later is compared with them (trust on first use). */
export interface PinnedDevice {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly encryptionKey: string;
  readonly signingKey: string;
  /** RFC 3339. */
  readonly pinnedAt: string;
  readonly revoked: boolean;
  /** Added after the user was known, and no person has accepted it yet (`newDevices: "ask"`). */
  readonly unaccepted?: true;
}

export interface StoredConversation {
  readonly id: string;
  /** User ids; one when it is with oneself. */
  readonly members: readonly string[];
  /** The suite last used: a weaker one is refused from then on. */
  readonly suite: string;
  readonly suiteState: SuiteState;
}

/** Of a message of one's own, in order; one that was received stays at "received" until it is marked read. */
export type MessageStatus = "queued" | "accepted" | "stored" | "delivered" | "read" | "failed" | "received";

export interface StoredMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly senderUser: string;
  readonly senderDevice: string;
  readonly content: Content;
  /** The sender's clock, RFC 3339. */
  readonly time: string;
  readonly status: MessageStatus;
  /** Of a failed one: the graph's code. */
  readonly failure?: string;
  /** Of an accepted one: SHA-256 of the input. */
  readonly contentHash?: string;
}

/** A message that was not accepted, as it came, for inspection. */
export interface RefusedMessage {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderUser: string;
  readonly senderDevice: string;
  readonly suite: string;
  readonly body: string;
  readonly header: string;
  readonly seq: number;
  readonly code: SuiteErrorCode;
  readonly reason: string;
  /** RFC 3339, this device's clock. */
  readonly refusedAt: string;
}

/** The last frame that was stored. seq is undefined when the graph gave a cursor without one. */
export interface Position {
  readonly cursor: string;
  readonly seq: number | undefined;
}

/** A message on its way: the exact input, since only the same input is the same message (DELIVERY rule 1). */
export interface OutboxEntry {
  readonly messageId: string;
  readonly conversationId: string;
  /** JSON text of SendMessageInput. */
  readonly input: string;
  /** RFC 3339. */
  readonly queuedAt: string;
}

export interface StoreTransaction {
  user(id: string): Promise<KnownUser | undefined>;
  userByName(username: string): Promise<KnownUser | undefined>;
  putUser(user: KnownUser): Promise<void>;

  pinnedDevice(id: string): Promise<PinnedDevice | undefined>;
  pinnedDevicesOf(userId: string): Promise<PinnedDevice[]>;
  pin(device: PinnedDevice): Promise<void>;

  conversation(id: string): Promise<StoredConversation | undefined>;
  conversations(): Promise<StoredConversation[]>;
  putConversation(conversation: StoredConversation): Promise<void>;

  message(id: string): Promise<StoredMessage | undefined>;
  /** The newest `limit` of the conversation, oldest of them first. */
  messages(conversationId: string, limit: number): Promise<StoredMessage[]>;
  putMessage(message: StoredMessage): Promise<void>;

  refused(limit: number): Promise<RefusedMessage[]>;
  putRefused(message: RefusedMessage): Promise<void>;

  /** The digest of the message that was accepted under this id. Outlives the message. */
  seen(messageId: string): Promise<string | undefined>;
  putSeen(messageId: string, digest: string): Promise<void>;

  position(): Promise<Position | undefined>;
  putPosition(position: Position): Promise<void>;

  /** Oldest first. */
  outbox(): Promise<OutboxEntry[]>;
  outboxSize(): Promise<number>;
  putOutbox(entry: OutboxEntry): Promise<void>;
  removeOutbox(messageId: string): Promise<void>;
}

/** A device's store: one per device, opened by one client at a time. */
export interface Store {
  device(): Promise<OwnDevice | undefined>;
  saveDevice(device: OwnDevice): Promise<void>;
  /**
   * All of what `work` writes, or nothing when it throws. Transactions run one after another. `work` awaits nothing but
   * the transaction's own methods (an IndexedDB transaction ends at any other wait).
   */
  transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
