/** Tells the graph how far this device has stored: every 64 frames or 250 ms (DELIVERY rule 7), one request at a time. */
import { SealgraphError } from "./errors.ts";
import { Acknowledge } from "./graphql/operations.ts";
import type { Transport } from "./transport.ts";

const everyFrames = 64;
const everyMs = 250;
/** After a failed one. */
const retryMs = 1_000;

export class Acknowledger {
  readonly #transport: Transport;
  readonly #deviceId: string;
  #cursor: string | undefined;
  #frames = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inFlight: Promise<void> | undefined;
  #stopped = false;

  constructor(transport: Transport, deviceId: string) {
    this.#transport = transport;
    this.#deviceId = deviceId;
  }

  /** Everything up to the cursor is stored. Cumulative: a newer one replaces it. */
  stored(cursor: string): void {
    this.#cursor = cursor;
    if (++this.#frames >= everyFrames) void this.#flush();
    else this.#flushAfter(everyMs);
  }

  /** Sends what is left, once, and nothing after. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#inFlight;
    await this.#send();
  }

  #flushAfter(ms: number): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, ms);
  }

  /** What is stored meanwhile goes with the next one. */
  async #flush(): Promise<void> {
    if (this.#inFlight !== undefined) return this.#inFlight;
    this.#inFlight = this.#send();
    await this.#inFlight;
    this.#inFlight = undefined;
    if (this.#cursor === undefined || this.#stopped) return;
    if (this.#frames >= everyFrames) void this.#flush();
    else this.#flushAfter(this.#frames === 0 ? retryMs : everyMs);
  }

  /** Never throws: what was not acknowledged is by the next one, or after the next connection. */
  async #send(): Promise<void> {
    const cursor = this.#cursor;
    if (cursor === undefined) return;
    this.#cursor = undefined;
    this.#frames = 0;
    try {
      await this.#transport.request(Acknowledge, { deviceId: this.#deviceId, cursor });
    } catch (error) {
      if (error instanceof SealgraphError && error.retryable) this.#cursor ??= cursor;
    }
  }
}
