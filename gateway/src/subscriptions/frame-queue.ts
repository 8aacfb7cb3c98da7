interface Entry<Frame> {
  frame: Frame;
  bytes: number;
}

/** First in, first out, bounded in frames and in bytes. */
export class FrameQueue<Frame> {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  // Entries before #first are spent; they are cut off in bulk so that shift is cheap however long the queue.
  #entries: (Entry<Frame> | undefined)[] = [];
  #first = 0;
  #bytes = 0;

  constructor(maxFrames: number, maxBytes: number) {
    this.#maxFrames = maxFrames;
    this.#maxBytes = maxBytes;
  }

  get frames(): number {
    return this.#entries.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False when the frame doesn't fit; a single frame always fits an empty queue, or it could never be delivered. */
  push(frame: Frame, bytes: number): boolean {
    if (this.frames > 0 && (this.frames >= this.#maxFrames || this.#bytes + bytes > this.#maxBytes)) return false;
    this.#entries.push({ frame, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** The frame at this place from the front. */
  at(index: number): Frame | undefined {
    return this.#entries[this.#first + index]?.frame;
  }

  shift(): Frame | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#entries[this.#first++] = undefined;
    this.#bytes -= entry.bytes;
    if (this.#first >= 64 && this.#first * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return entry.frame;
  }

  clear(): void {
    this.#entries = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}
