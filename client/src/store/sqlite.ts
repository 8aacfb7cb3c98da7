/** The store of a program under Node: one SQLite file (node:sqlite). Not for browsers. */
import { chmodSync, closeSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { SealgraphError } from "../errors.ts";
import { openSecret, sealSecret } from "./secret.ts";
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

export interface SqliteStoreOptions {
  /** The file; made with mode 0600 when absent. ":memory:" for none. */
  path: string;
  /** Encrypts the private keys in the file. Messages are not encrypted by it: that is the disk's task. */
  passphrase?: string;
}

/** @throws SealgraphError PASSPHRASE from `device()` when the passphrase is missing or wrong. */
export function sqliteStore(options: SqliteStoreOptions): Store {
  return new SqliteStore(options);
}

/** Records are JSON in `value`; what is searched for is a column of its own. `place` keeps the order of arrival. */
const schema = `
  CREATE TABLE IF NOT EXISTS own_device (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS position (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, username TEXT NOT NULL, value TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS users_by_name ON users (username);
  CREATE TABLE IF NOT EXISTS devices (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, value TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS devices_by_user ON devices (user_id);
  CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS messages (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conversation_id TEXT NOT NULL,
    value TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS messages_by_conversation ON messages (conversation_id, place);
  CREATE TABLE IF NOT EXISTS refused (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outbox (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, value TEXT NOT NULL) STRICT;
  PRAGMA user_version = 1;
`;

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #transaction: SqliteTransaction;
  readonly #turns = new Turns();
  readonly #passphrase: string | undefined;

  constructor(options: SqliteStoreOptions) {
    if (options.path !== ":memory:") {
      // SQLite gives its journal the database's mode, so the file has to exist with the right one before it is opened.
      closeSync(openSync(options.path, "a", 0o600));
      chmodSync(options.path, 0o600);
    }
    this.#passphrase = options.passphrase;
    this.#database = new DatabaseSync(options.path, { timeout: 5_000 });
    // FULL: a stored message is acknowledged, so it must survive a power loss.
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");
    this.#database.exec(schema);
    this.#transaction = new SqliteTransaction(this.#database);
  }

  async device(): Promise<OwnDevice | undefined> {
    const row = this.#transaction.get("SELECT value FROM own_device");
    if (row === undefined) return undefined;
    const { sealedKeys, ...device } = JSON.parse(row["value"] as string) as OwnDevice & { sealedKeys?: string };
    if (sealedKeys === undefined) return { ...device, id: device.id };
    if (this.#passphrase === undefined) {
      throw new SealgraphError("PASSPHRASE", "this store's private keys are encrypted: a passphrase is needed");
    }
    return { ...device, id: device.id, keys: await openSecret(sealedKeys, this.#passphrase) };
  }

  async saveDevice(device: OwnDevice): Promise<void> {
    const { keys, ...open } = device;
    const value =
      this.#passphrase === undefined ? device : { ...open, sealedKeys: await sealSecret(keys, this.#passphrase) };
    await this.#turns.take(async () =>
      this.#transaction.run("INSERT INTO own_device VALUES (1, ?) ON CONFLICT DO UPDATE SET value = excluded.value", [
        JSON.stringify(value),
      ]),
    );
  }

  transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = await work(this.#transaction);
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#turns.take(() => {
      if (this.#database.isOpen) this.#database.close();
      return Promise.resolve();
    });
  }
}

class SqliteTransaction implements StoreTransaction {
  readonly #database: DatabaseSync;
  /** Statements are few and fixed, so each is prepared once. */
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(sql: string, values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#prepare(sql).get(...values);
  }

  user = (id: string) => this.#one<KnownUser>("SELECT value FROM users WHERE id = ?", id);
  userByName = (username: string) => this.#one<KnownUser>("SELECT value FROM users WHERE username = ?", username);
  putUser = (user: KnownUser) =>
    this.#write("INSERT OR REPLACE INTO users VALUES (?, ?, ?)", user.id, user.username, JSON.stringify(user));

  pinnedDevice = (id: string) => this.#one<PinnedDevice>("SELECT value FROM devices WHERE id = ?", id);
  pinnedDevicesOf = (userId: string) =>
    this.#all<PinnedDevice>("SELECT value FROM devices WHERE user_id = ? ORDER BY rowid", userId);
  pin = (device: PinnedDevice) =>
    this.#write("INSERT OR REPLACE INTO devices VALUES (?, ?, ?)", device.id, device.userId, JSON.stringify(device));

  conversation = (id: string) => this.#one<StoredConversation>("SELECT value FROM conversations WHERE id = ?", id);
  conversations = () => this.#all<StoredConversation>("SELECT value FROM conversations ORDER BY rowid");
  putConversation = (conversation: StoredConversation) =>
    this.#write(
      "INSERT INTO conversations VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
      conversation.id,
      JSON.stringify(conversation),
    );

  message = (id: string) => this.#one<StoredMessage>("SELECT value FROM messages WHERE id = ?", id);
  messages = async (conversationId: string, limit: number) =>
    (
      await this.#all<StoredMessage>(
        "SELECT value FROM messages WHERE conversation_id = ? ORDER BY place DESC LIMIT ?",
        conversationId,
        limit,
      )
    ).reverse();
  putMessage = (message: StoredMessage) =>
    this.#write(
      "INSERT INTO messages (id, conversation_id, value) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
      message.id,
      message.conversationId,
      JSON.stringify(message),
    );

  refused = async (limit: number) =>
    (await this.#all<RefusedMessage>("SELECT value FROM refused ORDER BY place DESC LIMIT ?", limit)).reverse();
  putRefused = (message: RefusedMessage) =>
    this.#write(
      "INSERT OR REPLACE INTO refused (id, value) VALUES (?, ?)",
      `${message.seq} ${message.messageId}`,
      JSON.stringify(message),
    );

  seen = (messageId: string) =>
    Promise.resolve(this.get("SELECT digest FROM seen WHERE id = ?", messageId)?.["digest"] as string | undefined);
  putSeen = (messageId: string, digest: string) =>
    this.#write("INSERT OR REPLACE INTO seen VALUES (?, ?)", messageId, digest);

  position = async () => {
    const position = await this.#one<Position>("SELECT value FROM position");
    return position === undefined ? undefined : { ...position, seq: position.seq };
  };
  putPosition = (position: Position) =>
    this.#write("INSERT OR REPLACE INTO position VALUES (1, ?)", JSON.stringify(position));

  outbox = () => this.#all<OutboxEntry>("SELECT value FROM outbox ORDER BY place");
  outboxSize = () => Promise.resolve(this.get("SELECT count(*) AS size FROM outbox")?.["size"] as number);
  putOutbox = (entry: OutboxEntry) =>
    this.#write(
      "INSERT INTO outbox (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
      entry.messageId,
      JSON.stringify(entry),
    );
  removeOutbox = (messageId: string) => this.#write("DELETE FROM outbox WHERE id = ?", messageId);

  #one<T>(sql: string, ...values: SQLInputValue[]): Promise<T | undefined> {
    const row = this.get(sql, ...values);
    return Promise.resolve(row === undefined ? undefined : (JSON.parse(row["value"] as string) as T));
  }

  #all<T>(sql: string, ...values: SQLInputValue[]): Promise<T[]> {
    return Promise.resolve(
      this.#prepare(sql)
        .all(...values)
        .map((row) => JSON.parse(row["value"] as string) as T),
    );
  }

  #write(sql: string, ...values: SQLInputValue[]): Promise<void> {
    this.run(sql, values);
    return Promise.resolve();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
