/** DELIVERY rule 4 against every interleaving that fast-check finds: in order, without a gap, nothing twice. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { MailboxReader, type Effect, type ReaderOptions } from "./mailbox-reader.ts";

interface TestFrame {
  seq: number;
  bytes: number;
}

type Step =
  /** The processor commits a frame; its notification comes now, later or never. */
  | { do: "commit"; notify: "now" | "later" | "never" }
  /** One of the notifications that wait comes, whichever: partitions have no common order. */
  | { do: "deliver"; which: number; keep: boolean }
  | { do: "answer" }
  | { do: "take" }
  | { do: "poll" }
  | { do: "acknowledge"; share: number }
  /** Retention removes some of what is acknowledged. */
  | { do: "purge"; share: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("commit" as const), notify: fc.constantFrom("now", "later", "never") }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("deliver" as const), which: fc.nat(), keep: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constant({ do: "answer" as const }) },
  { weight: 5, arbitrary: fc.constant({ do: "take" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "poll" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("acknowledge" as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("purge" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
);

/** A mailbox, its lossy notifications and its subscriber around one reader. */
class World {
  head: number;
  acknowledged = 0;
  purged = 0;
  readonly sent: number[] = [];
  caughtUpAt: number | undefined;
  readonly #reader: MailboxReader<TestFrame>;
  readonly #pageFrames: number;
  readonly #notifications: number[] = [];
  /** Looks and reads under way; each sees the store as it is when it is answered. */
  readonly #questions: Exclude<Effect<TestFrame>, { type: "send" | "end" }>[] = [];
  #asked = false;
  readonly headAtStart: number;

  constructor(head: number, after: number, pageFrames: number, options: ReaderOptions) {
    this.head = head;
    this.headAtStart = head;
    this.#pageFrames = pageFrames;
    this.#reader = new MailboxReader<TestFrame>({ epoch: 1, seq: after }, options);
    this.take();
  }

  get memoryFrames(): number {
    return this.#reader.memory.frames;
  }

  run(step: Step): void {
    switch (step.do) {
      case "commit":
        this.head += 1;
        if (step.notify === "now") this.#live(this.head);
        if (step.notify === "later") this.#notifications.push(this.head);
        return;
      case "deliver": {
        if (this.#notifications.length === 0) return;
        const at = step.which % this.#notifications.length;
        const seq = this.#notifications[at];
        if (!step.keep) this.#notifications.splice(at, 1);
        if (seq !== undefined) this.#live(seq);
        return;
      }
      case "answer":
        return this.answer();
      case "take":
        return this.take();
      case "poll":
        return this.poll();
      case "acknowledge": {
        const seen = this.sent.at(-1) ?? 0;
        this.acknowledged = Math.max(this.acknowledged, Math.floor(seen * step.share));
        return this.#handle({ type: "acknowledged", epoch: 1, seq: this.acknowledged });
      }
      case "purge":
        this.purged = Math.max(this.purged, Math.floor(this.acknowledged * step.share));
    }
  }

  answer(): void {
    const question = this.#questions.shift();
    if (question === undefined) return;
    if (question.type === "look") {
      const { head, acknowledged, purged } = this;
      return this.#handle({ type: "mailbox", state: { epoch: 1, head, acknowledged, purged } });
    }
    const frames: TestFrame[] = [];
    for (let seq = question.after + 1; seq <= question.upTo && frames.length < this.#pageFrames; seq += 1)
      if (seq > this.purged) frames.push({ seq, bytes: 1 });
    this.#handle({ type: "page", id: question.id, frames });
  }

  take(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#handle({ type: "wanted" });
  }

  poll(): void {
    this.#handle({ type: "head", epoch: 1, head: this.head, acknowledged: this.acknowledged });
  }

  /** Everything that is under way comes to its end, with one look at the heads. */
  settle(): void {
    this.poll();
    // Each turn sends an output or answers a question, or nothing is left to do.
    const turns = 3 * this.head + 20;
    for (let turn = 0; turn < turns; turn += 1) {
      this.take();
      this.answer();
      this.acknowledged = Math.max(this.acknowledged, this.sent.at(-1) ?? 0);
      this.#handle({ type: "acknowledged", epoch: 1, seq: this.acknowledged });
    }
  }

  #live(seq: number): void {
    this.#handle({ type: "live", epoch: 1, frame: { seq, bytes: 1 } });
  }

  #handle(event: Parameters<MailboxReader<TestFrame>["handle"]>[0]): void {
    for (const effect of this.#reader.handle(event)) {
      if (effect.type === "end") throw new Error(`ended: ${effect.reason}`);
      if (effect.type !== "send") {
        this.#questions.push(effect);
        continue;
      }
      if (!this.#asked) throw new Error("sent without being asked");
      this.#asked = false;
      const { output } = effect;
      if (output.type === "frame") this.sent.push(output.frame.seq);
      else if (output.type === "caught_up") this.caughtUpAt ??= output.place.seq;
      else throw new Error(`sent ${output.type}`);
    }
  }
}

it("sends every frame after the cursor once and in order, whatever is late, lost, repeated or purged", () => {
  fc.assert(
    fc.property(
      fc.nat(12),
      fc.nat(12),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(step, { maxLength: 120 }),
      (head, back, pageFrames, maxHeldFrames, creditFrames, steps) => {
        const after = Math.max(0, head - back);
        const options = { creditFrames, creditBytes: 1_000, lagWaitMs: 1, maxHeldFrames, maxHeldBytes: 1_000 };
        const world = new World(head, after, pageFrames, options);
        for (const each of steps) {
          world.run(each);
          expect(world.memoryFrames).toBeLessThanOrEqual(maxHeldFrames + 1 + pageFrames);
          expect(world.sent.length - Math.max(0, world.acknowledged - after)).toBeLessThanOrEqual(creditFrames);
        }
        world.settle();
        expect(world.sent).toEqual(Array.from({ length: world.head - after }, (_, i) => after + 1 + i));
        expect(world.memoryFrames).toBe(0);
        expect(world.caughtUpAt).toBeGreaterThanOrEqual(Math.max(after, world.headAtStart));
      },
    ),
    { numRuns: 2_000 },
  );
});
