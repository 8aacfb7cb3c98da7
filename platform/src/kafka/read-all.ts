/**
 * Reading every partition of a topic in every process. kafkajs has no manual assignment, so each reader is a group of
 * its own with one member, positioned here and never committed.
 */
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { LogBounds } from "./bounds.ts";
import { forever, reasonOf } from "./forever.ts";
import { handOver, Stopping } from "./handing.ts";
import { keepMembership } from "./membership.ts";
import { logRecordOf } from "./record.ts";
import type { LogReader, LogRecord } from "./types.ts";
import type { Log } from "../log.ts";

const maxBytesPerPartition = 1_048_576;

export function readAll(options: {
  kafka: Kafka;
  bounds: LogBounds;
  log: Log;
  groupId: string;
  topic: string;
  from: "beginning" | "latest";
  onBatch(records: LogRecord[]): void | Promise<void>;
}): LogReader {
  const { kafka, bounds, groupId, topic, from, onBatch } = options;
  const log = options.log.child({ groupId, topic });
  const caughtUp = Promise.withResolvers<void>();
  // Whoever doesn't wait for it has no use for its failure, which only stopping makes.
  caughtUp.promise.catch(() => undefined);
  /** Next offset of each partition; a partition that was added later begins at 0. */
  let positions: Map<number, bigint> | undefined;
  /** Partitions that have not reached the end that was seen at the start, with that end. */
  const behind = new Map<number, bigint>();
  const stopping = new AbortController();
  let joinedOnce = false;

  const tellWhenCaughtUp = () => {
    for (const [partition, end] of behind) if ((positions?.get(partition) ?? 0n) >= end) behind.delete(partition);
    if (joinedOnce && behind.size === 0) caughtUp.resolve();
  };

  const joined = (consumer: Consumer, partitions: number[]) => {
    // Known before the first join, so that every partition is positioned here, before its first fetch.
    for (const partition of partitions)
      consumer.seek({ topic, partition, offset: String(positions?.get(partition) ?? 0n) });
    joinedOnce = true;
    tellWhenCaughtUp();
  };

  const eachBatch = async ({ batch, heartbeat, resolveOffset }: EachBatchPayload) => {
    const { partition } = batch;
    let next = positions?.get(partition) ?? 0n;
    if (BigInt(batch.highWatermark) < next) {
      log.error(
        { code: "OFFSET_LOST", partition, expected: String(next) },
        "the log was cut: reading on from its start",
      );
      next = 0n;
    }
    const records = batch.messages
      .map((message) => logRecordOf(topic, partition, message))
      .filter((record) => record.offset >= next);
    const first = records[0];
    if (first !== undefined) {
      const work = async () => onBatch(records);
      const fields = { partition, offset: String(first.offset), records: records.length };
      try {
        await handOver({ work, heartbeat, stopping: stopping.signal, log, fields });
      } catch (error) {
        if (error instanceof Stopping) return;
        throw error;
      }
    }
    // Compaction and control records leave holes at the end of a batch too.
    resolveOffset(batch.lastOffset());
    positions?.set(partition, BigInt(batch.lastOffset()) + 1n);
    tellWhenCaughtUp();
    await heartbeat();
  };

  const running = (async () => {
    const logs = await forever(
      stopping.signal,
      () => bounds.of(topic),
      (error, attempt) => log.warn({ reason: reasonOf(error), attempt }, "topic cannot be read yet"),
    );
    if (logs === undefined) return undefined;
    positions = new Map(
      [...logs].map(([partition, { start, end }]) => [partition, from === "beginning" ? start : end]),
    );
    for (const [partition, { end }] of logs) behind.set(partition, end);
    return keepMembership({
      kafka,
      log,
      groupId,
      topic,
      partitionsAtOnce: 1,
      maxBytesPerPartition,
      joined,
      left: () => undefined,
      eachBatch,
    });
  })();

  return {
    caughtUp: caughtUp.promise,
    async stop() {
      stopping.abort();
      caughtUp.reject(new Stopping());
      await (await running)?.stop();
    },
  };
}
