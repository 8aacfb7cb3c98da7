import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Directory } from "./directory.ts";
import type { Subscribers } from "./inbox/subscribers.ts";

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(registry: Registry, directory: Directory, subscribers: Subscribers) {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({ name, help, registers, collect: function collect() { this.set(read()); } }); // prettier-ignore
  gauge("sealgraph_inbox_streams", "Open inbox streams.", () => subscribers.count);
  gauge("sealgraph_directory_age_seconds", "Since anything was heard on device-directory.", () =>
    Math.min(directory.ageMs() / 1_000, Number.MAX_SAFE_INTEGER),
  );
  gauge("sealgraph_directory_users", "Users in the copy of the device directory.", () => directory.size().users);
  gauge("sealgraph_directory_waiters", "Requests waiting for a newer device list.", () => directory.size().waiters);
  return {
    sends: new Counter({
      name: "sealgraph_sends_total",
      help: "sendMessage by outcome: ACCEPTED, REPEATED, STALE or the error's code.",
      labelNames: ["outcome"],
      registers,
    }),
    sendSeconds: new Histogram({
      name: "sealgraph_send_seconds",
      help: "From a valid sendMessage to Kafka's acknowledgement.",
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    frames: new Counter({
      name: "sealgraph_inbox_frames_total",
      help: "Frames sent by source: store (replay and gaps) or live.",
      labelNames: ["source"],
      registers,
    }),
    lagged: new Counter({
      name: "sealgraph_inbox_lagged_total",
      help: "Streams ended with Lagged.",
      registers,
    }),
    resets: new Counter({
      name: "sealgraph_inbox_cursor_resets_total",
      help: "CursorReset frames by reason.",
      labelNames: ["reason"],
      registers,
    }),
    pages: new Counter({ name: "sealgraph_inbox_pages_total", help: "Pages read from Postgres.", registers }),
    headPollFailures: new Counter({
      name: "sealgraph_head_poll_failures_total",
      help: "Looks at the heads that failed.",
      registers,
    }),
    unparsable: new Counter({
      name: "sealgraph_unparsable_records_total",
      help: "Records that could not be read, by topic.",
      labelNames: ["topic"],
      registers,
    }),
  };
}
