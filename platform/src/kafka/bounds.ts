/** What a topic's log holds: [start, end) of each partition. */
import type { Admin, Kafka } from "kafkajs";
import type { Stoppable } from "./types.ts";

export interface Bounds {
  readonly start: bigint;
  readonly end: bigint;
}

export interface LogBounds extends Stoppable {
  /** By partition number. @throws what kafkajs throws, when Kafka cannot be reached or the topic does not exist. */
  of(topic: string): Promise<Map<number, Bounds>>;
}

export function createLogBounds(kafka: Kafka): LogBounds {
  let admin: Promise<Admin> | undefined;
  const connect = async () => {
    const created = kafka.admin();
    await created.connect();
    return created;
  };
  const discard = async () => {
    const discarded = admin;
    admin = undefined;
    await discarded?.then((connected) => connected.disconnect()).catch(() => undefined);
  };
  return {
    async of(topic) {
      const current = (admin ??= connect());
      try {
        const rows = await (await current).fetchTopicOffsets(topic);
        return new Map(rows.map((row) => [row.partition, { start: BigInt(row.low), end: BigInt(row.high) }]));
      } catch (error) {
        // A connection that failed once is not trusted again.
        if (admin === current) await discard();
        throw error;
      }
    },
    stop: discard,
  };
}
