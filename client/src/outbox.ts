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
import { hasPlace } from "./message-status.ts";
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
  /** Messages that somebody waits for, with their failures; of others the inbox tells. */
  readonly #awaited = new Map<string, SealgraphError | undefined>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /**
   * Sends what waits in a conversation, oldest first, until something cannot be sent now.
   *
   * @returns why the rest waits; undefined when nothing does.
   */
  flush(conversationId: string): Promise<SealgraphError | undefined> {
    const deadline = Date.now() + patienceMs;
    return this.#deliveries.take(conversationId, async () => {
      const entries = await this.#options.store.transaction((tx) => tx.outbox());
      for (const entry of entries) {
        if (entry.conversationId !== conversationId) continue;
        const held = await this.#deliver(entry, deadline);
        if (held !== undefined) return held;
      }
      return undefined;
    });
  }

  /** Everything that waits: at start, and whenever the graph can be reached again. */
  async flushAll(): Promise<void> {
    const entries = await this.#options.store.transaction((tx) => tx.outbox());
    const conversations = new Set(entries.map((entry) => entry.conversationId));
    // All of them have ended when this has: close waits for it.
    await Promise.allSettled([...conversations].map((id) => this.flush(id)));
  }

  /** From before a message is put in, its failure is kept for whoever waits for it. */
  await(messageId: string): void {
    this.#awaited.set(messageId, undefined);
  }

  /** Nobody waits any more. @returns why the message was refused for good, if it was. */
  release(messageId: string): SealgraphError | undefined {
    const failure = this.#awaited.get(messageId);
    this.#awaited.delete(messageId);
    return failure;
  }

  /** @returns why the entry has to wait; undefined when it is over with it. */
  async #deliver(entry: OutboxEntry, deadline: number): Promise<SealgraphError | undefined> {
    let current = entry;
    let reseals = 0;
    for (let tries = 1; ; tries++) {
      if (this.#options.signal.aborted) return closed();
      try {
        const result = await this.#send(current);
        if (result.type === "MessageAccepted") {
          await this.#accepted(current, result.contentHash);
          return undefined;
        }
        if (++reseals > maxReseals) {
          throw new SealgraphError("STALE_DEVICES", "the device lists changed on every try", { retryable: true });
        }
        const anew = await this.#sealAnew(
          current,
          result.users.map((user) => user.userId),
        );
        if (anew === undefined) return undefined;
        current = anew;
      } catch (error) {
        if (!(error instanceof SealgraphError)) throw error;
        if (!error.retryable) {
          if (waiting.has(error.code)) return error;
          // Under an input from before, which reached the log although the answer said that it might not have.
          if (error.code === "ID_TAKEN" && reseals > 0) await this.#accepted(current);
          else await this.#failed(current, error);
          return undefined;
        }
        const waitMs = delayMs(resendBackoff, tries);
        if (Date.now() + waitMs > deadline) return error;
        await sleep(waitMs, this.#options.signal);
      }
    }
  }

  async #send(entry: OutboxEntry): Promise<SendMessageMutation["sendMessage"]> {
    const input = JSON.parse(entry.input) as SendMessageInput;
    const { sendMessage } = await this.#options.transport.request(SendMessage, { input });
    return sendMessage;
  }

  /** @param contentHash what the graph says that it accepted; undefined when it does not say. */
  async #accepted(entry: OutboxEntry, contentHash?: string): Promise<void> {
    const other = await this.#options.store.transaction(async (tx) => {
      const message = await tx.message(entry.messageId);
      // A receipt may have come before the answer.
      if (message?.status === "queued") await tx.putMessage({ ...message, status: "accepted" });
      await tx.removeOutbox(entry.messageId);
      return contentHash !== undefined && message !== undefined && message.contentHash !== contentHash;
    });
    if (!other) return;
    const what = "the graph accepted something else than what was sent";
    this.#tell(entry.messageId, new SealgraphError("CONTENT_HASH_MISMATCH", what));
  }

  async #failed(entry: OutboxEntry, error: SealgraphError): Promise<void> {
    const failed = await this.#options.store.transaction((tx) => markFailed(tx, entry.messageId, error.code));
    if (failed) this.#tell(entry.messageId, error);
  }

  /** Whoever waits for the message, or else the inbox. */
  #tell(messageId: string, error: SealgraphError): void {
    if (this.#awaited.has(messageId)) this.#awaited.set(messageId, error);
    else this.#options.notices.post({ type: "sendFailed", messageId, code: error.code });
  }

  /** The same message for the devices that there are now; undefined when a frame has meanwhile told its end. */
  async #sealAnew(entry: OutboxEntry, staleUsers: readonly string[]): Promise<OutboxEntry | undefined> {
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
      return store.transaction(async (tx) => {
        if ((await tx.message(message.id))?.status !== "queued") return undefined;
        await tx.putOutbox(anew);
        await tx.putSeen(message.id, sealed.digest);
        await tx.putMessage({ ...message, contentHash: sealed.contentHash });
        await tx.putConversation({ ...conversation, suiteState: sealed.suiteState });
        return anew;
      });
    });
  }
}

/** Not the message's fault: it waits until somebody has signed in again or compared keys, or opens the client again. */
const waiting: ReadonlySet<string> = new Set([
  "KEY_CHANGED",
  "NEW_DEVICE",
  "SIGN_IN_NEEDED",
  "UNAUTHENTICATED",
  "TOKEN_EXPIRED",
  "TOKEN_INVALID",
  "TOKEN_AUDIENCE",
  "CLOSED",
]);

function closed(): SealgraphError {
  return new SealgraphError("CLOSED", "the client is closed");
}

/**
 * A message that the graph will never deliver. One that has its place was kept by another input of the same id (encrypted
 * anew after StaleDevices), and stays as it is.
 *
 * @returns whether it failed.
 */
export async function markFailed(tx: StoreTransaction, messageId: string, code: string): Promise<boolean> {
  await tx.removeOutbox(messageId);
  const message = await tx.message(messageId);
  if (message !== undefined && hasPlace(message.status)) return false;
  if (message !== undefined) await tx.putMessage({ ...message, status: "failed", failure: code });
  return true;
}
