import type {
  KnownUser,
  OutboxEntry,
  OwnDevice,
  PinnedDevice,
  Position,
  RefusedMessage,
  Store,
  StoreTransaction,
  StoredConversation,
  StoredMessage,
} from "./store.ts";
import { Turns } from "../turns.ts";

/** A store that lives as long as the process: for tests, measurements and a browser tab that shall leave nothing. */
export function memoryStore(): Store {
  return new MemoryStore();
}

/** Everything by its key; a singleton's key is the empty text. */
interface Tables {
  users: Map<string, KnownUser>;
  devices: Map<string, PinnedDevice>;
  conversations: Map<string, StoredConversation>;
  messages: Map<string, StoredMessage>;
  refused: Map<string, RefusedMessage>;
  seen: Map<string, string>;
  position: Map<string, Position>;
  outbox: Map<string, OutboxEntry>;
}

class MemoryStore implements Store {
  #device: OwnDevice | undefined;
  readonly #turns = new Turns();
  readonly #tables: Tables = {
    users: new Map(),
    devices: new Map(),
    conversations: new Map(),
    messages: new Map(),
    refused: new Map(),
    seen: new Map(),
    position: new Map(),
    outbox: new Map(),
  };

  device(): Promise<OwnDevice | undefined> {
    return Promise.resolve(this.#device);
  }

  saveDevice(device: OwnDevice): Promise<void> {
    this.#device = device;
    return Promise.resolve();
  }

  transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      const undo: (() => void)[] = [];
      try {
        return await work(new MemoryTransaction(this.#tables, undo));
      } catch (error) {
        for (const step of undo.reverse()) step();
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#turns.take(() => Promise.resolve());
  }
}

/** Writes at once and notes how to take each write back. Records are never changed in place. */
class MemoryTransaction implements StoreTransaction {
  readonly #tables: Tables;
  readonly #undo: (() => void)[];

  constructor(tables: Tables, undo: (() => void)[]) {
    this.#tables = tables;
    this.#undo = undo;
  }

  #set<T>(table: Map<string, T>, key: string, value: T): Promise<void> {
    const before = table.get(key);
    this.#undo.push(() => (before === undefined ? table.delete(key) : table.set(key, before)));
    table.set(key, value);
    return Promise.resolve();
  }

  user = (id: string) => Promise.resolve(this.#tables.users.get(id));
  userByName = (username: string) =>
    Promise.resolve([...this.#tables.users.values()].find((user) => user.username === username));
  putUser = (user: KnownUser) => this.#set(this.#tables.users, user.id, user);

  pinnedDevice = (id: string) => Promise.resolve(this.#tables.devices.get(id));
  pinnedDevicesOf = (userId: string) =>
    Promise.resolve([...this.#tables.devices.values()].filter((device) => device.userId === userId));
  pin = (device: PinnedDevice) => this.#set(this.#tables.devices, device.id, device);

  conversation = (id: string) => Promise.resolve(this.#tables.conversations.get(id));
  conversations = () => Promise.resolve([...this.#tables.conversations.values()]);
  putConversation = (conversation: StoredConversation) =>
    this.#set(this.#tables.conversations, conversation.id, conversation);

  message = (id: string) => Promise.resolve(this.#tables.messages.get(id));
  messages = (conversationId: string, limit: number) =>
    Promise.resolve(
      [...this.#tables.messages.values()].filter((message) => message.conversationId === conversationId).slice(-limit),
    );
  putMessage = (message: StoredMessage) => this.#set(this.#tables.messages, message.id, message);

  refused = (limit: number) => Promise.resolve([...this.#tables.refused.values()].slice(-limit));
  putRefused = (message: RefusedMessage) =>
    this.#set(this.#tables.refused, `${message.seq} ${message.messageId}`, message);

  seen = (messageId: string) => Promise.resolve(this.#tables.seen.get(messageId));
  putSeen = (messageId: string, digest: string) => this.#set(this.#tables.seen, messageId, digest);

  position = () => Promise.resolve(this.#tables.position.get(""));
  putPosition = (position: Position) => this.#set(this.#tables.position, "", position);

  outbox = () => Promise.resolve([...this.#tables.outbox.values()]);
  outboxSize = () => Promise.resolve(this.#tables.outbox.size);
  putOutbox = (entry: OutboxEntry) => this.#set(this.#tables.outbox, entry.messageId, entry);
  removeOutbox = (messageId: string): Promise<void> => {
    const table = this.#tables.outbox;
    const before = table.get(messageId);
    if (before !== undefined) this.#undo.push(() => table.set(messageId, before));
    table.delete(messageId);
    return Promise.resolve();
  };
}
