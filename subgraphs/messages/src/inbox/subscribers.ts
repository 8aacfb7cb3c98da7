/** Who on this replica reads which mailbox; live frames, heads and revocations find their readers here. */
import type { DomainError } from "@sealgraph/platform/errors.ts";
import type { Frame } from "./frame.ts";
import type { ReaderEvent } from "./mailbox-reader.ts";

export interface Subscriber {
  readonly deviceId: string;
  handle(event: ReaderEvent<Frame>): void;
  /** Ends the stream with an error of this operation. */
  fail(error: DomainError): void;
}

export class Subscribers {
  readonly #byDevice = new Map<string, Set<Subscriber>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(subscriber: Subscriber): void {
    const of = this.#byDevice.get(subscriber.deviceId);
    if (of === undefined) this.#byDevice.set(subscriber.deviceId, new Set([subscriber]));
    else of.add(subscriber);
    this.#count += 1;
  }

  remove(subscriber: Subscriber): void {
    const of = this.#byDevice.get(subscriber.deviceId);
    if (of === undefined || !of.delete(subscriber)) return;
    this.#count -= 1;
    if (of.size === 0) this.#byDevice.delete(subscriber.deviceId);
  }

  has(deviceId: string): boolean {
    return this.#byDevice.has(deviceId);
  }

  /** The readers of a device's mailbox; a copy, because handling an event may remove one. */
  of(deviceId: string): readonly Subscriber[] {
    const found = this.#byDevice.get(deviceId);
    return found === undefined ? [] : [...found];
  }

  all(): readonly Subscriber[] {
    return [...this.#byDevice.values()].flatMap((of) => [...of]);
  }

  devices(): string[] {
    return [...this.#byDevice.keys()];
  }
}
