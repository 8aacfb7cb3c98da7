/**
 * One subscription: the reader's effects carried out, its outputs pulled one at a time. Written by hand, because an async
 * generator's return() waits for the pending next(), and this one must end while it waits for a message.
 */
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { InboxFrame } from "../generated/schema.ts";
import type { Frame } from "./frame.ts";
import type { Effect, MailboxReader, MailboxState, Output, ReaderEvent } from "./mailbox-reader.ts";
import type { Subscriber, Subscribers } from "./subscribers.ts";

export interface InboxStreamOptions {
  readonly deviceId: string;
  readonly reader: MailboxReader<Frame>;
  readonly subscribers: Subscribers;
  /** Rejects when the caller may not read this mailbox; may wait. */
  readonly authorize: () => Promise<void>;
  /** The same judgement without waiting, made again once revocations can find the stream. */
  readonly authorizeNow: () => void;
  readonly look: () => Promise<MailboxState>;
  readonly read: (after: number, upTo: number) => Promise<readonly Frame[]>;
  readonly present: (output: Output<Frame>) => InboxFrame;
  /** When the caller's token ends, milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** Faults that no domain error explains. */
  readonly onFault: (error: unknown) => void;
}

type Result = IteratorResult<InboxFrame, undefined>;
const done: Result = { done: true, value: undefined };
/** Longest delay of a timer (2^31 - 1 ms); a token that lives longer is looked at again then. */
const maxTimerMs = 2 ** 31 - 1;

export class InboxStream implements AsyncIterableIterator<InboxFrame, undefined>, Subscriber {
  readonly deviceId: string;
  readonly #options: InboxStreamOptions;
  #state: "new" | "open" | "ended" = "new";
  #pending: PromiseWithResolvers<Result> | undefined;
  #error: DomainError | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: InboxStreamOptions) {
    this.#options = options;
    this.deviceId = options.deviceId;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next output. @throws DomainError that ends the stream; one call at a time. */
  next(): Promise<Result> {
    if (this.#pending !== undefined) return Promise.reject(new TypeError("one next() at a time"));
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#state === "ended") return Promise.resolve(done);
    this.#pending = Promise.withResolvers<Result>();
    const { promise } = this.#pending;
    if (this.#state === "new") this.#open();
    else this.handle({ type: "wanted" });
    return promise;
  }

  return(): Promise<Result> {
    this.#end();
    this.#settle((pending) => pending.resolve(done));
    return Promise.resolve(done);
  }

  handle(event: ReaderEvent<Frame>): void {
    if (this.#state !== "open") return;
    try {
      for (const effect of this.#options.reader.handle(event)) this.#carryOut(effect);
    } catch (error) {
      this.#failWith(error); // a fault in one stream must not stop the feed that serves all
    }
  }

  fail(error: DomainError): void {
    if (this.#state === "ended") return;
    this.#end();
    if (this.#pending === undefined) this.#error = error;
    else this.#settle((pending) => pending.reject(error));
  }

  #open(): void {
    const { authorize, authorizeNow, subscribers } = this.#options;
    this.#guard(authorize(), () => {
      this.#state = "open";
      subscribers.add(this);
      try {
        authorizeNow();
      } catch (error) {
        this.#failWith(error);
        return;
      }
      this.#expireLater();
      this.handle({ type: "wanted" });
    });
  }

  #carryOut(effect: Effect<Frame>): void {
    const { look, read, present } = this.#options;
    switch (effect.type) {
      case "look":
        return this.#guard(look(), (state) => this.handle({ type: "mailbox", state }));
      case "read":
        return this.#guard(read(effect.after, effect.upTo), (frames) =>
          this.handle({ type: "page", id: effect.id, frames }),
        );
      case "send":
        return this.#settle((pending) => pending.resolve({ done: false, value: present(effect.output) }));
      case "end":
        if (effect.reason === "LAGGED") return this.#end();
        return this.#failWith(new Error(`mailbox ${this.deviceId}: a committed frame is not in the store`));
    }
  }

  /** Carries on with what was waited for, unless the stream has ended meanwhile. */
  #guard<T>(work: Promise<T>, then: (value: T) => void): void {
    void work
      .then((value) => {
        if (this.#state !== "ended") then(value);
      })
      .catch((error: unknown) => this.#failWith(error));
  }

  #failWith(error: unknown): void {
    if (this.#state === "ended") return;
    if (error instanceof DomainError) return this.fail(error);
    this.#options.onFault(error);
    this.fail(new DomainError("INTERNAL_SERVER_ERROR", undefined, { cause: error }));
  }

  #expireLater(): void {
    const leftMs = this.#options.expiresAtMs - Date.now();
    this.#expiry = setTimeout(
      () => (leftMs > maxTimerMs ? this.#expireLater() : this.fail(new DomainError("TOKEN_EXPIRED"))),
      Math.min(Math.max(leftMs, 0), maxTimerMs),
    );
    this.#expiry.unref();
  }

  #settle(settle: (pending: PromiseWithResolvers<Result>) => void): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) settle(pending);
  }

  #end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    clearTimeout(this.#expiry);
    this.#options.subscribers.remove(this);
  }
}
