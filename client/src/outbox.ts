/**
 * Messages on their way to the graph. What was put in is sent until it is accepted or refused for good, by this process
 * or the next, always as the same input; only StaleDevices, which says that nothing was accepted, has it encrypted anew
 * under the same id (DELIVERY rule 1).
 */
import { delayMs, resendBackoff, sleep } from "./backoff.ts";
import type { Device } from "./device.ts";
import { SealgraphError } from "./errors.ts";
import type { SendMessageInput, SendMessageMutation } from "./generated/graphql.ts";
import { SendMessage } from "./graphql/operations.ts";
import type { NoticeBoard } from "./notices.ts";
import { sealMessage } from "./seal-message.ts";
import type { OutboxEntry, Store, StoreTransaction } from "./store/store.ts";
import type { Transport } from "./transport.ts";
import type { Trust } from "./trust.ts";
import { KeyedTurns } from "./turns.ts";

/** Entries waiting; over it `send` is refused. */
export const maxOutboxEntries = 1_000;
/** How long one attempt to empty a conversation's outbox goes on while the graph does not take it. */
const patienceMs = 20_000;
/** Device lists that change faster than we encrypt. */
const maxReseals = 5;

export interface OutboxOptions {
  device: Device;
  store: Store;
  transport: Transport;
  trust: Trust;
  notices: NoticeBoard;
  /** Shared with the receiving side: one use of a conversation's suite state at a time. */
  suiteTurns: KeyedTurns;
  /** Aborted at close. */
  signal: AbortSignal;
}

export class Outbox {
  readonly #options: OutboxOptions;
  /** One message of a conversation at a time, so that they are accepted in the order in which they were sent. */
  readonly #deliveries = new KeyedTurns();
  /** Failures of messages that somebody waits for. */
  readonly #failures = new Map<string, SealgraphError>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Sends what waits in a conversation, oldest first, until something cannot be sent now. */
  flush(conversationId: string): Promise<void> {
    return this.#deliveries.take(conversationId, async () => {
      const { store, signal } = this.#options;
      const deadline = Date.now() + patienceMs;
      const entries = await store.transaction((tx) => tx.outbox());
      for (const entry of entries) {
        if (entry.conversationId !== conversationId) continue;
        if (signal.aborted || !(await this.#deliver(entry, deadline))) return;
      }
    });
  }

  /** Everything that waits: at start, and whenever the graph can be reached again. */
  async flushAll(): Promise<void> {
    const entries = await this.#options.store.transaction((tx) => tx.outbox());
    const conversations = new Set(entries.map((entry) => entry.conversationId));
    await Promise.all([...conversations].map((id) => this.flush(id)));
  }

  /** Why a message was refused for good, told once. */
  takeFailure(messageId: string): SealgraphError | undefined {
    const failure = this.#failures.get(messageId);
    this.#failures.delete(messageId);
    return failure;
  }

  /** @returns false when the entry has to wait. */
  async #deliver(entry: OutboxEntry, deadline: number): Promise<boolean> {
    let current = entry;
    let reseals = 0;
    for (let tries = 1; ; tries++) {
      try {
        const result = await this.#send(current);
        if (result.type === "MessageAccepted") {
          await this.#accepted(current, result.contentHash);
          return true;
        }
        if (++reseals > maxReseals) {
          throw new SealgraphError("STALE_DEVICES", "the device lists changed on every try", { retryable: true });
        }
        current = await this.#sealAnew(
          current,
          result.users.map((user) => user.userId),
        );
      } catch (error) {
        if (!(error instanceof SealgraphError)) throw error;
        if (!error.retryable) {
          if (needsPerson.has(error.code)) throw error;
          await this.#failed(current, error);
          return true;
        }
        const waitMs = delayMs(resendBackoff, tries);
        if (Date.now() + waitMs > deadline) return false;
        await sleep(waitMs, this.#options.signal);
        if (this.#options.signal.aborted) return false;
      }
    }
  }

  async #send(entry: OutboxEntry): Promise<SendMessageMutation["sendMessage"]> {
    const input = JSON.parse(entry.input) as SendMessageInput;
    const { sendMessage } = await this.#options.transport.request(SendMessage, { input });
    return sendMessage;
  }

  async #accepted(entry: OutboxEntry, contentHash: string): Promise<void> {
    await this.#options.store.transaction(async (tx) => {
      const message = await tx.message(entry.messageId);
      // A receipt may have come before the answer.
      if (message?.status === "queued") await tx.putMessage({ ...message, status: "accepted" });
      await tx.removeOutbox(entry.messageId);
      if (message !== undefined && message.contentHash !== contentHash) {
        this.#failures.set(
          entry.messageId,
          new SealgraphError("CONTENT_HASH_MISMATCH", "the graph accepted something else than what was sent"),
        );
      }
    });
  }

  async #failed(entry: OutboxEntry, error: SealgraphError): Promise<void> {
    await this.#options.store.transaction((tx) => markFailed(tx, entry.messageId, error.code));
    this.#failures.set(entry.messageId, error);
    this.#options.notices.post({ type: "sendFailed", messageId: entry.messageId, code: error.code });
  }

  /** The same message for the devices that there are now. */
  async #sealAnew(entry: OutboxEntry, staleUsers: readonly string[]): Promise<OutboxEntry> {
    const { device, store, trust, suiteTurns } = this.#options;
    for (const userId of staleUsers) {
      if (userId === device.userId) await trust.lookUpMe();
      else await trust.lookUpUser((await trust.listOf(userId)).user.username);
    }
    return suiteTurns.take(entry.conversationId, async () => {
      const [message, conversation] = await store.transaction(async (tx) => [
        await tx.message(entry.messageId),
        await tx.conversation(entry.conversationId),
      ]);
      if (message === undefined || conversation === undefined) {
        throw new SealgraphError("CLOSED", `message ${entry.messageId} is not in the store any more`);
      }
      const lists = await Promise.all(conversation.members.map((id) => trust.listOf(id)));
      const { content, time } = message;
      const sealed = await sealMessage(device, trust, conversation, lists, { messageId: message.id, content, time });
      const anew = { ...entry, input: sealed.input };
      await store.transaction(async (tx) => {
        await tx.putOutbox(anew);
        await tx.putSeen(message.id, sealed.digest);
        await tx.putMessage({ ...message, contentHash: sealed.contentHash });
        await tx.putConversation({ ...conversation, suiteState: sealed.suiteState });
      });
      return anew;
    });
  }
}

/** Not the message's fault: it waits until somebody has signed in again or compared keys. */
const needsPerson: ReadonlySet<string> = new Set([
  "KEY_CHANGED",
  "SIGN_IN_NEEDED",
  "UNAUTHENTICATED",
  "TOKEN_EXPIRED",
  "TOKEN_INVALID",
  "TOKEN_AUDIENCE",
  "CLOSED",
]);

/** A message that the graph will never deliver. */
export async function markFailed(tx: StoreTransaction, messageId: string, code: string): Promise<void> {
  const message = await tx.message(messageId);
  if (message !== undefined) await tx.putMessage({ ...message, status: "failed", failure: code });
  await tx.removeOutbox(messageId);
}
