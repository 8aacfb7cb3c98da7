/** What the services know of Kafka; no type of the client library gets past these. */

/** Something that runs until it is stopped; stopping twice is stopping once. */
export interface Stoppable {
  stop(): Promise<void>;
}

export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** ms since the epoch, given by the producer. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

export interface OutgoingLogRecord {
  /** Records of equal keys share a partition and keep their order. */
  readonly key: string;
  readonly value: string | Buffer;
  /** Overrides the key's partition. */
  readonly partition?: number;
}

export interface LogProducer extends Stoppable {
  /**
   * Resolves when every in-sync replica has the record.
   * @throws DomainError LOG_UNAVAILABLE when Kafka did not acknowledge within timeoutMs, or the queue is full: the record
   * may or may not be in the log. RangeError when the record is over maxRecordBytes: it is not.
   */
  send(topic: string, record: OutgoingLogRecord): Promise<{ partition: number; offset: bigint }>;
  /** As send, for all of them; on an error some may be in the log. */
  sendBatch(topic: string, records: readonly OutgoingLogRecord[]): Promise<void>;
}

export interface BatchSignal {
  /** Keeps the membership; throws when the partition is being moved. Sent by itself while a handler runs. */
  heartbeat(): Promise<void>;
}

/** Whoever consumes partitions keeps their offsets (DELIVERY rule 3). */
export interface PartitionHandler {
  /** The stored next offset; null when the partition was never processed: it is read from its log's beginning. */
  nextOffset(partition: number): Promise<bigint | null>;
  /**
   * Processes some of the records from the first on, without a hole between them, and answers the next offset after its
   * commit. What it throws is an outage: the records are given again, with backoff, for as long as it takes.
   */
  onBatch(partition: number, records: LogRecord[], signal: BatchSignal): Promise<bigint>;
  /** The log no longer has what follows the stored offset; the partition stays stopped until it is assigned anew. */
  onOffsetLost?(loss: OffsetLost): void;
}

export interface OffsetLost {
  readonly topic: string;
  readonly partition: number;
  readonly expected: bigint;
  /** The log holds [logStart, logEnd). */
  readonly logStart: bigint;
  readonly logEnd: bigint;
}

export interface AssignedPartition {
  readonly partition: number;
  /** Null until the handler has told it. */
  readonly nextOffset: bigint | null;
  /** The log's end when it was last looked at (every boundsCheckMs); null before. */
  readonly logEnd: bigint | null;
  readonly lost: boolean;
}

export interface PartitionConsumer extends Stoppable {
  /** A member of the group, and every assigned partition is positioned. */
  ready(): boolean;
  assigned(): readonly AssignedPartition[];
}

export interface LogReader extends Stoppable {
  /** From "beginning": the ends of the log that were seen at the start are reached. From "latest": positioned. */
  readonly caughtUp: Promise<void>;
}

export interface KafkaLog extends Stoppable {
  /** Gathers concurrent sends into batches; idempotent, acks=all. Resolves when connected. @param timeoutMs of each send. */
  producer(options: { timeoutMs: number }): Promise<LogProducer>;
  /** A member of a group whose offsets are the handler's; Kafka's committed offset only follows, for lag monitoring. */
  consumePartitions(options: { groupId: string; topic: string; handler: PartitionHandler }): Promise<PartitionConsumer>;
  /** Every partition, from the beginning or from now on; a group of the process's own, never committed. */
  readAll(options: {
    topic: string;
    from: "beginning" | "latest";
    /** Records of one partition, in order. What it throws makes it be called again with the same, after a backoff. */
    onBatch(records: LogRecord[]): void | Promise<void>;
  }): Promise<LogReader>;
}
