/**
 * A consumer whose offsets are its handler's (DELIVERY rule 3).
 *
 * A partition goes through: assigned (paused) -> positioned at the handler's offset (fetched) -> and either goes on so,
 * or is found lost (paused until it is assigned anew). kafkajs resets an offset out of range by itself and says nothing
 * but a log line; that shows here as a batch that begins elsewhere, or as a stored offset outside the log's bounds, and
 * in both cases nothing is handed over.
 */
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import { align, continues, isLost } from "./alignment.ts";
import type { LogBounds } from "./bounds.ts";
import { forever, reasonOf } from "./forever.ts";
import { handOver, Stopping } from "./handing.ts";
import { keepMembership } from "./membership.ts";
import { logRecordOf } from "./record.ts";
import type { AssignedPartition, PartitionConsumer, PartitionHandler } from "./types.ts";
import type { Log } from "../log.ts";

const partitionsAtOnce = 4;
const maxBytesPerPartition = 1_048_576;
const boundsCheckMs = 5_000;

/** As often as this a hole is fetched again, before it is taken for one of the log itself. */
const maxHoleFetches = 3;

type Position = { -readonly [K in keyof AssignedPartition]: AssignedPartition[K] } & { holeFetches: number };

export function consumePartitions(options: {
  kafka: Kafka;
  bounds: LogBounds;
  log: Log;
  groupId: string;
  topic: string;
  handler: PartitionHandler;
}): PartitionConsumer {
  const { kafka, bounds, groupId, topic, handler } = options;
  const log = options.log.child({ groupId, topic });
  /** Undefined while not a member. Replaced as a whole at every join: what still holds an older one is stale. */
  let assignment: { consumer: Consumer; positions: Map<number, Position> } | undefined;

  const joined = (consumer: Consumer, partitions: number[]) => {
    const positions = new Map<number, Position>(
      partitions.map((partition) => [
        partition,
        { partition, nextOffset: null, logEnd: null, lost: false, holeFetches: 0 },
      ]),
    );
    assignment = { consumer, positions };
    // Nothing is handed over before the stored offset is known, and nothing that Kafka has committed counts.
    if (partitions.length > 0) consumer.pause([{ topic, partitions }]);
    log.info({ partitions }, "partitions assigned");
    void position(assignment);
  };

  const position = async (current: NonNullable<typeof assignment>) => {
    await forever(
      membership.stopping,
      async () => {
        const unknown = [...current.positions.values()].filter((at) => at.nextOffset === null);
        // Before the bounds: the partition's last owner may still commit, and what it commits would seem past the end.
        const stored = new Map<number, bigint | null>();
        for (const { partition } of unknown) stored.set(partition, await handler.nextOffset(partition));
        const logs = await bounds.of(topic);
        if (assignment !== current) return;
        for (const at of unknown) {
          const log = logs.get(at.partition);
          if (log === undefined) throw new Error(`partition ${at.partition} is not in the metadata yet`);
          const next = stored.get(at.partition) ?? log.start;
          at.nextOffset = next;
          at.logEnd = log.end;
          if (!continues(next, log)) lose(at, log);
          else {
            current.consumer.seek({ topic, partition: at.partition, offset: String(next) });
            current.consumer.resume([{ topic, partitions: [at.partition] }]);
          }
        }
      },
      (error, attempt) => log.warn({ reason: reasonOf(error), attempt }, "stored offsets cannot be read"),
    );
  };

  const lose = (at: Position, log_: { start: bigint; end: bigint }) => {
    if (at.lost) return;
    at.lost = true;
    assignment?.consumer.pause([{ topic, partitions: [at.partition] }]);
    const loss = {
      topic,
      partition: at.partition,
      expected: at.nextOffset ?? 0n,
      logStart: log_.start,
      logEnd: log_.end,
    };
    log.error(
      {
        code: "OFFSET_LOST",
        partition: loss.partition,
        expected: String(loss.expected),
        logStart: String(loss.logStart),
        logEnd: String(loss.logEnd),
      },
      "the log no longer has what follows the stored offset: this partition is stopped",
    );
    handler.onOffsetLost?.(loss);
  };

  /** Looks at the log's bounds: for the lag, and for a log that was cut while it was read. */
  const check = async (only?: Position) => {
    const current = assignment;
    if (current === undefined) return;
    const expected = new Map([...current.positions.values()].map((at) => [at, at.nextOffset]));
    const logs = await bounds.of(topic);
    if (assignment !== current) return;
    for (const [at, before] of expected) {
      const log = logs.get(at.partition);
      if (log === undefined || before === null || (only !== undefined && at !== only)) continue;
      at.logEnd = log.end;
      if (isLost(before, at.nextOffset ?? before, log)) lose(at, log);
    }
  };

  const eachBatch = async (payload: EachBatchPayload, consumer: Consumer) => {
    const { batch, heartbeat, resolveOffset } = payload;
    const current = assignment;
    const at = current?.positions.get(batch.partition);
    if (current?.consumer !== consumer || at === undefined || at.nextOffset === null || at.lost) return;
    const fetched = batch.messages.map((message) => logRecordOf(topic, batch.partition, message));
    let aligned = align(at.nextOffset, fetched);
    if (aligned.hole || BigInt(batch.highWatermark) < at.nextOffset) {
      // Out of range, or a log that ends before the stored offset: told apart from a stale fetch by the bounds.
      await check(at).catch((error: unknown) => log.warn({ reason: reasonOf(error) }, "bounds cannot be read"));
      at.holeFetches = aligned.records.length === 0 ? at.holeFetches + 1 : 0;
      if (at.holeFetches === maxHoleFetches)
        lose(at, { start: fetched[0]?.offset ?? 0n, end: BigInt(batch.highWatermark) });
      if (at.lost) return;
    }
    try {
      const mine = () => assignment === current;
      while (aligned.records.length > 0 && mine()) {
        const { records } = aligned;
        const before: bigint = at.nextOffset;
        const next: bigint = await handOver<bigint>({
          work: async () => {
            const answer = await handler.onBatch(batch.partition, records, { heartbeat });
            if (answer === before) throw new Error("the handler took nothing of the batch");
            return answer;
          },
          heartbeat,
          stopping: membership.stopping,
          log,
          fields: { partition: batch.partition, offset: String(records[0]?.offset), records: records.length },
        });
        at.nextOffset = next;
        resolveOffset(String(next - 1n));
        aligned = align(next, records);
        await heartbeat();
      }
    } catch (error) {
      if (error instanceof Stopping) return;
      throw error;
    }
    // A hole, a batch older than expected, or an offset that another worker has moved on: fetch from where we are.
    const last = fetched.at(-1)?.offset;
    if (assignment === current && !membership.stopping.aborted && last !== undefined && at.nextOffset !== last + 1n)
      consumer.seek({ topic, partition: batch.partition, offset: String(at.nextOffset) });
  };

  const membership = keepMembership({
    kafka,
    log,
    groupId,
    topic,
    partitionsAtOnce,
    maxBytesPerPartition,
    joined,
    left: () => {
      assignment = undefined;
    },
    eachBatch,
  });

  /** Kafka's committed offset follows, so that its own tools show the lag; nothing reads it back. */
  const follow = async () => {
    const current = assignment;
    if (current === undefined) return;
    const moved = [...current.positions.values()].filter((at) => at.nextOffset !== null && !at.lost);
    if (moved.length === 0) return;
    await current.consumer.commitOffsets(
      moved.map((at) => ({ topic, partition: at.partition, offset: String(at.nextOffset) })),
    );
  };

  let checking = false;
  const checks = setInterval(() => {
    if (checking) return;
    checking = true;
    void check()
      .then(follow)
      .catch((error: unknown) => log.debug({ reason: reasonOf(error) }, "bounds or lag not told to Kafka"))
      .finally(() => {
        checking = false;
      });
  }, boundsCheckMs);

  return {
    ready: () =>
      assignment !== undefined && [...assignment.positions.values()].every((at) => at.nextOffset !== null && !at.lost),
    assigned: () => [...(assignment?.positions.values() ?? [])],
    async stop() {
      clearInterval(checks);
      await membership.stop();
    },
  };
}
