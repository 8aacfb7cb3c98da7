/**
 * Replay, then live, with no seam (DELIVERY rules 4, 5 and 7), as a state machine without I/O: events in, effects out.
 *
 * The shell listens to live frames first and only then answers `look`, so whatever is committed after that look arrives
 * as a live frame or with a later head. One rule gives order without gaps and doubles: the only frame that may be sent is
 * number sent + 1, from whichever source has it; when none has it and the head says that it exists, it is read.
 *
 * At most one output is sent for each `wanted`, and at most one read is under way, so a reader that doesn't ask costs
 * no more than the one page and the few live frames that it holds.
 */
import type { CursorFault, Place } from "../cursor.ts";

/** What the machine must know of a frame; the rest is the shell's. */
export interface Sequenced {
  readonly seq: number;
  /** What it weighs in memory and on the wire, about. */
  readonly bytes: number;
}

/** A mailbox's row. Frames up to purged may be gone: purged ≤ acknowledged ≤ head. */
export interface MailboxState {
  readonly epoch: number;
  readonly head: number;
  readonly acknowledged: number;
  readonly purged: number;
}

export type ResetReason = CursorFault | "EPOCH_CHANGED" | "EXPIRED" | "PAST_HEAD";

/** Where the subscriber wants to begin: after its last acknowledged frame (null), after a place, or it can't be told. */
export type Start = Place | CursorFault | null;

export type ReaderEvent<F extends Sequenced> =
  /** The mailbox's row, read after the `look` was asked for. */
  | { type: "mailbox"; state: MailboxState }
  | { type: "live"; epoch: number; frame: F }
  /** The frames of the read of this id, ascending from its `after` + 1, as many as there was room for. */
  | { type: "page"; id: number; frames: readonly F[] }
  /** From the periodic look at all heads. */
  | { type: "head"; epoch: number; head: number; acknowledged: number }
  | { type: "acknowledged"; epoch: number; seq: number }
  /** The subscriber has taken the last output and asks for the next. */
  | { type: "wanted" }
  | { type: "tick"; nowMs: number };

export type Output<F extends Sequenced> =
  | { type: "frame"; place: Place; frame: F; source: "store" | "live" }
  | { type: "caught_up"; place: Place }
  | { type: "reset"; place: Place; reason: ResetReason }
  | { type: "lagged"; place: Place };

export type Effect<F extends Sequenced> =
  | { type: "look" }
  /** Read frames in (after, upTo], ascending, a page's worth. */
  | { type: "read"; id: number; after: number; upTo: number }
  | { type: "send"; output: Output<F> }
  /** The stream is over: its Lagged was sent, or a frame that must exist doesn't. */
  | { type: "end"; reason: "LAGGED" | "FRAME_MISSING" };

export interface ReaderOptions {
  /** Frames sent and not acknowledged, at most (rule 7). */
  readonly creditFrames: number;
  /** Their bytes, at most; one frame always fits. */
  readonly creditBytes: number;
  /** How long a reader without credit is waited for. */
  readonly lagWaitMs: number;
  /** Live frames held while earlier ones are being read; more are dropped and read from the store later. */
  readonly maxHeldFrames: number;
  readonly maxHeldBytes: number;
}

export class MailboxReader<F extends Sequenced> {
  readonly #options: ReaderOptions;
  readonly #start: Start;
  #positioned = false;
  #ended = false;
  #wanted = false;
  #look: "none" | "due" | "asked" = "due";
  /** A read found less than the head promised: either it was purged meanwhile, or it is lost. */
  #suspect = false;
  #epoch = 0;
  #sent = 0;
  #head = 0;
  /** The highest place heard of in an epoch later than the one being read. */
  #ahead: Place = { epoch: 0, seq: 0 };
  /** Where the replay ends and CaughtUp is due; null after it was sent. */
  #replayTo: number | null = null;
  #reset: ResetReason | null = null;
  #reading: { id: number; after: number } | null = null;
  #reads = 0;
  /** The page being sent; from #pageAt on. */
  #page: readonly F[] = [];
  #pageAt = 0;
  #held = new Map<number, F>();
  #heldBytes = 0;
  #credited = 0;
  #unacknowledged: Sequenced[] = [];
  #unacknowledgedBytes = 0;
  #blocked = false;
  #blockedSinceMs: number | null = null;
  #lagged = false;

  constructor(start: Start, options: ReaderOptions) {
    this.#start = start;
    this.#options = options;
  }

  /** The last place that was sent, or begun from. */
  get place(): Place {
    return { epoch: this.#epoch, seq: this.#sent };
  }

  /** What the reader keeps in memory now. */
  get memory(): { frames: number; bytes: number } {
    const page = this.#page.slice(this.#pageAt);
    return {
      frames: page.length + this.#held.size,
      bytes: page.reduce((sum, { bytes }) => sum + bytes, 0) + this.#heldBytes,
    };
  }

  handle(event: ReaderEvent<F>): Effect<F>[] {
    if (this.#ended) return [];
    switch (event.type) {
      case "mailbox":
        this.#onMailbox(event.state);
        break;
      case "live":
        this.#onLive(event.epoch, event.frame);
        break;
      case "page":
        this.#onPage(event.id, event.frames);
        break;
      case "head":
        if (this.#sameEpoch(event.epoch, event.head)) {
          this.#head = Math.max(this.#head, event.head);
          this.#onAcknowledged(event.acknowledged);
        }
        break;
      case "acknowledged":
        if (this.#sameEpoch(event.epoch, event.seq)) this.#onAcknowledged(event.seq);
        break;
      case "wanted":
        this.#wanted = true;
        break;
      case "tick":
        this.#onTick(event.nowMs);
        break;
    }
    return this.#advance();
  }

  #onMailbox(state: MailboxState): void {
    if (this.#look !== "asked") return;
    this.#look = "none";
    const begun = this.#positioned;
    const from: Start = begun ? this.place : this.#start;
    this.#positioned = true;
    const reason = faultOf(from, state);
    if (begun && reason === null) {
      // Nothing was purged and the history is the same, yet a committed frame is not there.
      if (this.#suspect) this.#end();
      this.#suspect = false;
      this.#head = Math.max(this.#head, state.head);
      return;
    }
    this.#suspect = false;
    this.#forget();
    const heard = this.#epoch === state.epoch ? this.#head : this.#ahead.epoch === state.epoch ? this.#ahead.seq : 0;
    this.#head = Math.max(heard, state.head);
    this.#epoch = state.epoch;
    this.#reset = reason;
    this.#sent = reason === null && typeof from === "object" && from !== null ? from.seq : state.acknowledged;
    this.#replayTo = state.head;
    this.#credited = Math.max(this.#sent, state.acknowledged);
  }

  #onLive(epoch: number, frame: F): void {
    if (!this.#sameEpoch(epoch, frame.seq) || frame.seq <= this.#sent) return;
    this.#head = Math.max(this.#head, frame.seq);
    const room =
      this.#held.size < this.#options.maxHeldFrames && this.#heldBytes + frame.bytes <= this.#options.maxHeldBytes;
    // The very next frame is always taken, else a full hold of later ones would keep it out.
    if ((!room && frame.seq !== this.#sent + 1) || this.#held.has(frame.seq)) return;
    this.#held.set(frame.seq, frame);
    this.#heldBytes += frame.bytes;
  }

  #onPage(id: number, frames: readonly F[]): void {
    if (this.#reading?.id !== id) return; // asked for before a reset
    const moved = this.#sent > this.#reading.after; // live frames came first
    this.#reading = null;
    const after = this.#sent;
    const fresh = frames.filter(({ seq }) => seq > after);
    const gap = fresh.findIndex(({ seq }, index) => seq !== after + 1 + index);
    this.#page = gap === -1 ? fresh : fresh.slice(0, gap);
    this.#pageAt = 0;
    if (this.#page.length === 0 && !this.#held.has(after + 1) && !moved) {
      this.#suspect = true;
      this.#look = "due";
    }
  }

  #onAcknowledged(seq: number): void {
    this.#credited = Math.max(this.#credited, seq);
    let gone = 0;
    for (const { seq: sent, bytes } of this.#unacknowledged) {
      if (sent > this.#credited) break;
      gone += 1;
      this.#unacknowledgedBytes -= bytes;
    }
    if (gone > 0) this.#unacknowledged.splice(0, gone);
    if (gone > 0) this.#blockedSinceMs = null;
  }

  #onTick(nowMs: number): void {
    if (!this.#blocked) {
      this.#blockedSinceMs = null;
      return;
    }
    this.#blockedSinceMs ??= nowMs;
    if (nowMs - this.#blockedSinceMs >= this.#options.lagWaitMs) this.#lagged = true;
  }

  /**
   * Whether an event speaks of the history being read. Of a newer one only the head is remembered, and the mailbox is
   * looked at (again): what is behind the head found there is replayed, what is past it is read.
   */
  #sameEpoch(epoch: number, head: number): boolean {
    if (epoch > this.#epoch) {
      if (epoch > this.#ahead.epoch) this.#ahead = { epoch, seq: head };
      else if (epoch === this.#ahead.epoch) this.#ahead = { epoch, seq: Math.max(this.#ahead.seq, head) };
      if (this.#look === "none") this.#look = "due";
    }
    return epoch === this.#epoch;
  }

  #forget(): void {
    this.#reading = null;
    this.#page = [];
    this.#pageAt = 0;
    this.#held.clear();
    this.#heldBytes = 0;
    this.#unacknowledged = [];
    this.#unacknowledgedBytes = 0;
    this.#blocked = false;
    this.#blockedSinceMs = null;
  }

  #end(): void {
    this.#ended = true;
    this.#forget();
  }

  #advance(): Effect<F>[] {
    if (this.#ended) return [{ type: "end", reason: "FRAME_MISSING" }];
    if (this.#look === "due") {
      this.#look = "asked";
      return [{ type: "look" }];
    }
    if (!this.#wanted || this.#look === "asked") return [];
    if (this.#reset !== null) {
      const reason = this.#reset;
      this.#reset = null;
      return this.#send({ type: "reset", place: this.place, reason });
    }
    if (this.#replayTo !== null && this.#sent >= this.#replayTo) {
      this.#replayTo = null;
      return this.#send({ type: "caught_up", place: this.place });
    }
    const next = this.#page[this.#pageAt] ?? this.#held.get(this.#sent + 1);
    const waiting = next !== undefined || this.#head > this.#sent;
    this.#blocked = waiting && !this.#hasCredit(next?.bytes ?? 0);
    if (this.#blocked) {
      if (!this.#lagged) return [];
      const place = this.place;
      this.#end();
      return [
        { type: "send", output: { type: "lagged", place } },
        { type: "end", reason: "LAGGED" },
      ];
    }
    this.#lagged = false;
    if (next !== undefined) return this.#sendFrame(next);
    if (!waiting || this.#reading !== null) return [];
    this.#reads += 1;
    this.#reading = { id: this.#reads, after: this.#sent };
    const upTo = this.#replayTo ?? this.#head;
    return [{ type: "read", id: this.#reads, after: this.#sent, upTo }];
  }

  #hasCredit(bytes: number): boolean {
    const { creditFrames, creditBytes } = this.#options;
    const inFlight = this.#unacknowledged.length;
    return inFlight === 0 || (inFlight < creditFrames && this.#unacknowledgedBytes + bytes <= creditBytes);
  }

  #sendFrame(frame: F): Effect<F>[] {
    const source = this.#page[this.#pageAt] === frame ? "store" : "live";
    if (source === "store") {
      this.#pageAt += 1;
      if (this.#pageAt === this.#page.length) {
        this.#page = [];
        this.#pageAt = 0;
      }
    }
    const held = this.#held.get(frame.seq);
    if (held !== undefined) {
      this.#held.delete(frame.seq);
      this.#heldBytes -= held.bytes;
    }
    this.#sent = frame.seq;
    if (frame.seq > this.#credited) {
      this.#unacknowledged.push({ seq: frame.seq, bytes: frame.bytes });
      this.#unacknowledgedBytes += frame.bytes;
    }
    return this.#send({ type: "frame", place: this.place, frame, source });
  }

  #send(output: Output<F>): Effect<F>[] {
    this.#wanted = false;
    return [{ type: "send", output }];
  }
}

/** Why reading cannot go on from here; null when it can (DELIVERY rule 5). */
function faultOf(from: Start, state: MailboxState): ResetReason | null {
  if (from === null) return null;
  if (typeof from === "string") return from;
  if (from.epoch !== state.epoch) return "EPOCH_CHANGED";
  if (from.seq > state.head) return "PAST_HEAD";
  return from.seq < state.purged ? "EXPIRED" : null;
}
