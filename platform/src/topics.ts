/** The topics of the house. Partitions bound parallelism; retention is what a broken consumer has to recover in. */
export const topics = {
  /** Written by messages, read by the processor. Key: what must be ordered together (conversation or device id). */
  incomingMessages: {
    name: "incoming-messages",
    partitions: 6,
    config: { "retention.ms": String(7 * 24 * 3_600_000), "cleanup.policy": "delete" },
  },
  /** Written by the processor, read by every messages replica. Key: conversation id, or device id of an acknowledgement. */
  outgoingMessages: {
    name: "outgoing-messages",
    partitions: 6,
    config: { "retention.ms": String(24 * 3_600_000), "cleanup.policy": "delete" },
  },
  /** Written by keys. Compacted; key: user id, or heartbeat. */
  deviceDirectory: {
    name: "device-directory",
    partitions: 1,
    config: { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1" },
  },
  /** Written by the processor: records that can never be stored, with the reason. */
  deadLetters: {
    name: "dead-letters",
    partitions: 1,
    config: { "retention.ms": String(30 * 24 * 3_600_000), "cleanup.policy": "delete" },
  },
} as const;

/** Largest record on any topic, bytes; larger than the largest message with headers for all its devices. */
export const maxRecordBytes = 1_000_000;
