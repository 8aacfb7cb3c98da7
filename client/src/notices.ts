import type { InboxEvent } from "./events.ts";

/** Events that arise outside of the inbox, kept until an inbox shows them. */
export class NoticeBoard {
  static readonly maxHeld = 1_000;
  #held: InboxEvent[] = [];
  #onArrival: (() => void) | undefined;

  post(event: InboxEvent): void {
    this.#held.push(event);
    if (this.#held.length > NoticeBoard.maxHeld) this.#held.shift();
    this.#onArrival?.();
  }

  /** Takes all of them. */
  take(): InboxEvent[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** Replaces the former listener. */
  onArrival(listener: (() => void) | undefined): void {
    this.#onArrival = listener;
  }
}
