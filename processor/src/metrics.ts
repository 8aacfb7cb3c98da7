import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(registry: Registry) {
  const registers = [registry];
  return {
    records: new Counter({
      name: "sealgraph_processor_records_total",
      help: "Records of incoming-messages whose batch was committed, by type; dead for those in dead-letters.",
      labelNames: ["type"] as const,
      registers,
    }),
    messages: new Counter({ name: "sealgraph_processor_messages_total", help: "Messages stored.", registers }),
    frames: new Counter({ name: "sealgraph_processor_frames_total", help: "Frames numbered.", registers }),
    deadLetters: new Counter({
      name: "sealgraph_processor_dead_letters_total",
      help: "Records sent to dead-letters, by code.",
      labelNames: ["code"] as const,
      registers,
    }),
    fenced: new Counter({
      name: "sealgraph_processor_fenced_total",
      help: "Batches given up because another worker had moved the partition on.",
      registers,
    }),
    unpublished: new Counter({
      name: "sealgraph_processor_unpublished_total",
      help: "Events that were not sent on outgoing-messages; readers find their frames in Postgres.",
      labelNames: ["reason"] as const,
      registers,
    }),
    batchSeconds: new Histogram({
      name: "sealgraph_processor_batch_seconds",
      help: "From a batch's first look to its events being sent.",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    nextOffset: new Gauge({
      name: "sealgraph_processor_next_offset",
      help: "Next offset by partition of incoming-messages, as committed in Postgres.",
      labelNames: ["partition"] as const,
      registers,
    }),
    offsetLost: new Gauge({
      name: "sealgraph_processor_offset_lost",
      help: "1 when the partition is stopped because its log no longer has what follows the stored offset: alert.",
      labelNames: ["partition"] as const,
      registers,
    }),
  };
}
