import { describe, expect, it } from "vitest";
import { MailboxReader, type Effect, type MailboxState, type ReaderOptions, type Start } from "./mailbox-reader.ts";

interface TestFrame {
  seq: number;
  bytes: number;
}
const frame = (seq: number, bytes = 1): TestFrame => ({ seq, bytes });
const options: ReaderOptions = {
  creditFrames: 1_000,
  creditBytes: 1_000_000,
  lagWaitMs: 1_000,
  maxHeldFrames: 4,
  maxHeldBytes: 100,
};
const mailbox = (state: Partial<MailboxState> = {}): MailboxState => ({
  epoch: 1,
  head: 0,
  acknowledged: 0,
  purged: 0,
  ...state,
});

/** Short words for effects: look, read(2,5], frame 3, caught_up 5, reset 0 EXPIRED, lagged 4, end LAGGED. */
function words(effects: Effect<TestFrame>[]): string[] {
  return effects.map((effect) => {
    switch (effect.type) {
      case "look":
        return "look";
      case "read":
        return `read(${effect.after},${effect.upTo}]`;
      case "end":
        return `end ${effect.reason}`;
      case "send": {
        const { output } = effect;
        const reason = output.type === "reset" ? ` ${output.reason}` : "";
        return `${output.type} ${output.place.seq}${reason}`;
      }
    }
  });
}

/** A reader with a mailbox behind it that answers looks and reads at once, and a subscriber that always wants more. */
function running(start: Start, state: MailboxState, changes: Partial<ReaderOptions> = {}) {
  const reader = new MailboxReader<TestFrame>(start, { ...options, ...changes });
  const story: string[] = [];
  let current = state;
  const drive = (effects: Effect<TestFrame>[]): void => {
    story.push(...words(effects));
    for (const effect of effects) {
      if (effect.type === "look") drive(reader.handle({ type: "mailbox", state: current }));
      if (effect.type === "send") drive(reader.handle({ type: "wanted" }));
      if (effect.type === "read") {
        const from = Math.max(effect.after, current.purged) + 1;
        const frames = Array.from({ length: Math.max(0, Math.min(3, effect.upTo - from + 1)) }, (_, i) =>
          frame(from + i),
        );
        drive(reader.handle({ type: "page", id: effect.id, frames }));
      }
    }
  };
  drive(reader.handle({ type: "wanted" }));
  return {
    reader,
    handle: (event: Parameters<typeof reader.handle>[0]) => {
      story.length = 0;
      drive(reader.handle(event));
      return [...story];
    },
    become: (next: Partial<MailboxState>) => {
      current = { ...current, ...next };
    },
    story: [...story],
  };
}

describe("a subscription", () => {
  it("replays up to the head in pages, says so, and then waits", () => {
    const { story } = running(null, mailbox({ head: 5 }));
    expect(story).toEqual([
      "look",
      "read(0,5]",
      "frame 1",
      "frame 2",
      "frame 3",
      "read(3,5]",
      "frame 4",
      "frame 5",
      "caught_up 5",
    ]);
  });

  it("without a cursor starts after the last acknowledged frame", () => {
    const { story } = running(null, mailbox({ head: 3, acknowledged: 2, purged: 1 }));
    expect(story).toEqual(["look", "read(2,3]", "frame 3", "caught_up 3"]);
  });

  it("to a mailbox without frames is caught up at once", () => {
    expect(running(null, mailbox()).story).toEqual(["look", "caught_up 0"]);
  });

  it.each<[string, Start, Partial<MailboxState>, string]>([
    ["forged", "INVALID", {}, "reset 2 INVALID"],
    ["of another device", "FOREIGN", {}, "reset 2 FOREIGN"],
    ["of another epoch", { epoch: 2, seq: 3 }, {}, "reset 2 EPOCH_CHANGED"],
    ["past the head", { epoch: 1, seq: 4 }, {}, "reset 2 PAST_HEAD"],
    ["of what was purged", { epoch: 1, seq: 0 }, { purged: 1 }, "reset 2 EXPIRED"],
  ])("from a cursor %s says so, and goes on after the acknowledged frame", (_, start, state, reset) => {
    const { story } = running(start, mailbox({ head: 3, acknowledged: 2, ...state }));
    expect(story).toEqual(["look", reset, "read(2,3]", "frame 3", "caught_up 3"]);
  });

  it("from a cursor where the purge ended goes on", () => {
    const { story } = running({ epoch: 1, seq: 1 }, mailbox({ head: 2, acknowledged: 2, purged: 1 }));
    expect(story).toEqual(["look", "read(1,2]", "frame 2", "caught_up 2"]);
  });

  it("passes live frames on, and drops what it has sent", () => {
    const { handle } = running(null, mailbox({ head: 1 }));
    expect(handle({ type: "live", epoch: 1, frame: frame(2) })).toEqual(["frame 2"]);
    expect(handle({ type: "live", epoch: 1, frame: frame(2) })).toEqual([]);
    expect(handle({ type: "live", epoch: 1, frame: frame(1) })).toEqual([]);
  });

  it("fills a jump from the store before it goes on with what came", () => {
    const { handle } = running(null, mailbox({ head: 1 }));
    expect(handle({ type: "live", epoch: 1, frame: frame(4) })).toEqual(["read(1,4]", "frame 2", "frame 3", "frame 4"]);
  });

  it("learns of lost notifications by the look at the heads", () => {
    const { handle } = running(null, mailbox({ head: 1 }));
    expect(handle({ type: "head", epoch: 1, head: 2, acknowledged: 0 })).toEqual(["read(1,2]", "frame 2"]);
  });

  it("begins again when the epoch changes", () => {
    const { handle, become } = running(null, mailbox({ head: 5 }));
    become({ epoch: 2, head: 3, acknowledged: 2 });
    expect(handle({ type: "live", epoch: 2, frame: frame(4) })).toEqual([
      "look",
      "reset 2 EPOCH_CHANGED",
      "read(2,3]",
      "frame 3",
      "caught_up 3",
      "read(3,4]",
      "frame 4",
    ]);
  });

  it("does not take frames of an epoch that is over", () => {
    const { handle } = running({ epoch: 2, seq: 5 }, mailbox({ epoch: 2, head: 5 }));
    expect(handle({ type: "live", epoch: 1, frame: frame(6) })).toEqual([]);
  });

  it("whose next frames were purged while it read says that its place expired", () => {
    const { handle, become } = running(null, mailbox({ head: 2 }));
    become({ head: 8, acknowledged: 6, purged: 6 });
    expect(handle({ type: "head", epoch: 1, head: 8, acknowledged: 6 })).toEqual([
      "read(2,8]",
      "look",
      "reset 6 EXPIRED",
      "read(6,8]",
      "frame 7",
      "frame 8",
      "caught_up 8",
    ]);
  });

  it("ends when a committed frame is not in the store, rather than leave it out", () => {
    const reader = new MailboxReader<TestFrame>(null, options);
    reader.handle({ type: "wanted" });
    expect(words(reader.handle({ type: "mailbox", state: mailbox({ head: 2 }) }))).toEqual(["read(0,2]"]);
    expect(words(reader.handle({ type: "page", id: 1, frames: [frame(2)] }))).toEqual(["look"]);
    expect(words(reader.handle({ type: "mailbox", state: mailbox({ head: 2 }) }))).toEqual(["end FRAME_MISSING"]);
  });

  it("drops a page that was asked for before the epoch changed", () => {
    const reader = new MailboxReader<TestFrame>(null, options);
    reader.handle({ type: "wanted" });
    expect(words(reader.handle({ type: "mailbox", state: mailbox({ head: 2 }) }))).toEqual(["read(0,2]"]);
    expect(words(reader.handle({ type: "head", epoch: 2, head: 1, acknowledged: 0 }))).toEqual(["look"]);
    const reset = reader.handle({ type: "mailbox", state: mailbox({ epoch: 2, head: 1 }) });
    expect(words(reset)).toEqual(["reset 0 EPOCH_CHANGED"]);
    expect(reader.handle({ type: "page", id: 1, frames: [frame(1), frame(2)] })).toEqual([]);
    expect(words(reader.handle({ type: "wanted" }))).toEqual(["read(0,1]"]);
    expect(reader.handle({ type: "page", id: 1, frames: [frame(1), frame(2)] })).toEqual([]);
    expect(words(reader.handle({ type: "page", id: 2, frames: [frame(1)] }))).toEqual(["frame 1"]);
  });

  it("sends nothing that wasn't asked for, and holds no more than it may", () => {
    const reader = new MailboxReader<TestFrame>(null, options);
    reader.handle({ type: "wanted" });
    const effects = reader.handle({ type: "mailbox", state: mailbox() });
    expect(words(effects)).toEqual(["caught_up 0"]);
    for (let seq = 1; seq <= 1_000; seq += 1)
      expect(reader.handle({ type: "live", epoch: 1, frame: frame(seq) })).toEqual([]);
    expect(reader.memory.frames).toBe(options.maxHeldFrames);
    expect(words(reader.handle({ type: "wanted" }))).toEqual(["frame 1"]);
  });
});

describe("a reader's credit", () => {
  const credit = { creditFrames: 2 };

  it("stops the stream until frames are acknowledged", () => {
    const { story, handle } = running(null, mailbox({ head: 3 }), credit);
    expect(story).toEqual(["look", "read(0,3]", "frame 1", "frame 2"]);
    expect(handle({ type: "acknowledged", epoch: 1, seq: 1 })).toEqual(["frame 3", "caught_up 3"]);
  });

  it("counts from the cursor given, acknowledged or not", () => {
    const { story } = running({ epoch: 1, seq: 3 }, mailbox({ head: 5 }), credit);
    expect(story).toEqual(["look", "read(3,5]", "frame 4", "frame 5", "caught_up 5"]);
  });

  it("is restored by the look at the heads, should the notification be lost", () => {
    const { handle } = running(null, mailbox({ head: 3 }), credit);
    expect(handle({ type: "head", epoch: 1, head: 3, acknowledged: 2 })).toEqual(["frame 3", "caught_up 3"]);
  });

  it("is bounded in bytes, but one frame always fits", () => {
    const { handle } = running(null, mailbox(), { creditBytes: 10 });
    expect(handle({ type: "live", epoch: 1, frame: frame(1, 50) })).toEqual(["frame 1"]);
    expect(handle({ type: "live", epoch: 1, frame: frame(2, 1) })).toEqual([]);
    expect(handle({ type: "acknowledged", epoch: 1, seq: 1 })).toEqual(["frame 2"]);
  });

  it("that does not come back in time ends the stream with Lagged", () => {
    const { handle } = running(null, mailbox({ head: 3 }), credit);
    expect(handle({ type: "tick", nowMs: 5_000 })).toEqual([]);
    expect(handle({ type: "tick", nowMs: 5_999 })).toEqual([]);
    expect(handle({ type: "tick", nowMs: 6_000 })).toEqual(["lagged 2", "end LAGGED"]);
    expect(handle({ type: "acknowledged", epoch: 1, seq: 2 })).toEqual([]);
  });

  it("gives the reader its whole time again with every acknowledgement", () => {
    const { handle } = running(null, mailbox({ head: 9 }), credit);
    handle({ type: "tick", nowMs: 5_000 });
    handle({ type: "acknowledged", epoch: 1, seq: 1 });
    expect(handle({ type: "tick", nowMs: 6_000 })).toEqual([]);
    expect(handle({ type: "tick", nowMs: 7_000 })).toEqual(["lagged 3", "end LAGGED"]);
  });

  it("without anything to send is no reason to end", () => {
    const { handle } = running(null, mailbox({ head: 2 }), credit);
    expect(handle({ type: "tick", nowMs: 1 })).toEqual([]);
    expect(handle({ type: "tick", nowMs: 1_000_000 })).toEqual([]);
  });
});
