/**
 * The inbox: subscribe after the saved cursor, check that no frame is missing, apply each, acknowledge, and begin anew
 * from the cursor whenever the stream breaks.
 */
import { Acknowledger } from "./acknowledge.ts";
import { applyFrame, type ApplyOptions } from "./apply-frame.ts";
import { delayMs, reconnectBackoff, sleep } from "./backoff.ts";
import { BoundedQueue } from "./bounded-queue.ts";
import { SealgraphError } from "./errors.ts";
import type { InboxEvent } from "./events.ts";
import { Inbox } from "./graphql/operations.ts";
import type { NoticeBoard } from "./notices.ts";
import type { Frame } from "./open-message.ts";
import type { Position } from "./store/store.ts";
import type { Transport } from "./transport.ts";

export interface ReceiveOptions extends ApplyOptions {
  transport: Transport;
  notices: NoticeBoard;
  /** Replay is over, so the graph can be reached. */
  onCaughtUp: () => void;
  /** Aborted when the inbox is to end. */
  signal: AbortSignal;
}

/** Frames not yet applied. The graph's credit is 256 (DELIVERY rule 7), so more is a fault. */
const maxQueuedFrames = 1_024;
/** Trying again would not help, or would take the stream from a newer session of this device (DELIVERY rule 10). */
const finalCodes: ReadonlySet<string> = new Set([
  "SESSION_REPLACED",
  "DEVICE_REVOKED",
  "DEVICE_FORBIDDEN",
  "TOKEN_AUDIENCE",
  "TOKEN_INVALID",
  "SIGN_IN_NEEDED",
  "FORBIDDEN",
  "BAD_USER_INPUT",
  "GRAPHQL_VALIDATION_FAILED",
  "CLOSED",
]);
/** A new token is asked for each time; when this many were refused in a row, there is none to be had. */
const maxRefusedTokens = 3;
const credentialCodes: ReadonlySet<string> = new Set(["UNAUTHENTICATED", "TOKEN_EXPIRED"]);

/** @throws SealgraphError when the stream has ended for good. */
export async function* receive(options: ReceiveOptions): AsyncGenerator<InboxEvent, void, void> {
  const { signal, notices } = options;
  const acknowledger = new Acknowledger(options.transport, options.device.id);
  let tries = 0;
  let refusedTokens = 0;
  try {
    while (!signal.aborted) {
      try {
        for await (const event of attempt(options, acknowledger)) {
          tries = 0;
          refusedTokens = 0;
          yield event;
        }
      } catch (error) {
        if (!(error instanceof SealgraphError)) throw error;
        if (signal.aborted) return;
        if (credentialCodes.has(error.code)) refusedTokens++;
        if (finalCodes.has(error.code) || refusedTokens >= maxRefusedTokens) throw error;
        const waitMs = delayMs(reconnectBackoff, ++tries);
        yield { type: "reconnecting", code: error.code, delayMs: Math.round(waitMs) };
        yield* notices.take();
        await sleep(waitMs, signal);
      }
    }
  } finally {
    await acknowledger.stop();
  }
}

/** One connection. @throws SealgraphError whenever it ends before the signal does. */
async function* attempt(options: ReceiveOptions, acknowledger: Acknowledger): AsyncGenerator<InboxEvent, void, void> {
  const { device, store, transport, notices, signal } = options;
  let [position, own] = await store.transaction(async (tx) => [await tx.position(), await tx.user(device.userId)]);
  // The last acknowledgement before a crash may not have been sent.
  if (position !== undefined) acknowledger.stored(position.cursor);

  const queue = new BoundedQueue<Frame | "notice">(maxQueuedFrames);
  const close = transport.subscribe(
    Inbox,
    {
      deviceId: device.id,
      after: position?.cursor ?? null,
      devicesVersion: own?.devicesVersion ?? null,
      session: crypto.randomUUID(),
    },
    {
      next: ({ inbox }) => queue.push(inbox),
      end: (error) =>
        queue.end(error ?? new SealgraphError("STREAM_ENDED", "the graph ended the stream", { retryable: true })),
    },
  );
  signal.addEventListener("abort", close);
  notices.onArrival(() => queue.push("notice"));
  try {
    for (;;) {
      yield* notices.take();
      const item = await queue.take();
      if (item === undefined || signal.aborted) return;
      if (item === "notice") continue;
      const { event, next } = await step(options, item, position);
      if (next !== position && next !== undefined) {
        position = next;
        acknowledger.stored(next.cursor);
      }
      if (item.type === "CaughtUp") options.onCaughtUp();
      if (event !== undefined) yield event;
    }
  } finally {
    notices.onArrival(undefined);
    signal.removeEventListener("abort", close);
    close();
  }
}

interface Step {
  event: InboxEvent | undefined;
  /** Where we are then; the one given when nothing changed. */
  next: Position | undefined;
}

/** @throws SealgraphError FRAME_MISSING, LAGGED, or what a look-up met */
async function step(options: ReceiveOptions, frame: Frame, position: Position | undefined): Promise<Step> {
  const seq = position?.seq;
  switch (frame.type) {
    case "CaughtUp": {
      if (seq !== undefined && frame.seq > seq) throw missing(seq, frame.seq);
      if (seq !== undefined) return { event: { type: "caughtUp" }, next: position };
      const next = { cursor: frame.cursor, seq: frame.seq };
      await options.store.transaction((tx) => tx.putPosition(next));
      return { event: { type: "caughtUp" }, next };
    }
    case "CursorReset": {
      const next = { cursor: frame.cursor, seq: undefined };
      await options.store.transaction((tx) => tx.putPosition(next));
      return { event: { type: "cursorReset", reason: frame.reason }, next };
    }
    case "Lagged":
      throw new SealgraphError("LAGGED", "this reader fell behind", { retryable: true });
    default: {
      if (seq !== undefined && frame.seq <= seq) return { event: undefined, next: position };
      if (seq !== undefined && frame.seq > seq + 1) throw missing(seq, frame.seq - 1);
      const event = await applyFrame(options, frame);
      return { event, next: { cursor: frame.cursor, seq: frame.seq } };
    }
  }
}

/** Numbers have no gaps (DELIVERY rule 2), so one that is not there was lost on the way. */
function missing(have: number, upTo: number): SealgraphError {
  return new SealgraphError("FRAME_MISSING", `frames ${have + 1} to ${upTo} did not come`, { retryable: true });
}
