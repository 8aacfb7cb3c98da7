/**
 * One membership of a consumer group, renewed for as long as it takes.
 *
 * kafkajs ends a consumer for good on errors that it holds for final, a missing group coordinator during a broker's
 * restart among them, and restarts itself on others. Here neither: whatever ends it, a new consumer takes its place.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { Log } from "../log.ts";
import { backoffMs, reasonOf } from "./forever.ts";
import type { Stoppable } from "./types.ts";

/** A worker that was killed is noticed after this long; its partitions move within 10 s (DELIVERY rule 3). */
const sessionTimeoutMs = 6_000;
export const heartbeatIntervalMs = 1_500;
const rebalanceTimeoutMs = 10_000;
/** Longest wait of a fetch that finds nothing; also of a fetch with every partition paused. */
const maxFetchWaitMs = 300;
/** Without any sign of life for this long a consumer is taken for stuck and replaced. */
const stuckMs = 45_000;
const lifeCheckMs = 5_000;

export interface Membership {
  readonly kafka: Kafka;
  readonly log: Log;
  readonly groupId: string;
  readonly topic: string;
  readonly partitionsAtOnce: number;
  readonly maxBytesPerPartition: number;
  /** Called inside the join, before anything is fetched; what must hold from the first fetch on is done synchronously. */
  joined(consumer: Consumer, partitions: number[]): void;
  /** The consumer is gone, or is about to join anew: nothing is assigned. */
  left(): void;
  eachBatch(payload: EachBatchPayload, consumer: Consumer): Promise<void>;
}

export function keepMembership(membership: Membership): Stoppable & { readonly stopping: AbortSignal } {
  const { kafka, log, groupId, topic } = membership;
  const stopping = new AbortController();

  const once = async (): Promise<{ joinedOnce: boolean }> => {
    let joinedOnce = false;
    let lifeAtMs = performance.now();
    let batches = 0;
    const alive = () => {
      lifeAtMs = performance.now();
    };
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      maxWaitTimeInMs: maxFetchWaitMs,
      maxBytesPerPartition: membership.maxBytesPerPartition,
      allowAutoTopicCreation: false,
      metadataMaxAge: 30_000,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 1_000,
        multiplier: 2,
        retries: 4,
        restartOnFailure: async () => false,
      },
    });
    const ended = Promise.withResolvers<string>();
    consumer.on(consumer.events.CRASH, ({ payload }) => ended.resolve(reasonOf(payload.error)));
    consumer.on(consumer.events.REBALANCING, () => membership.left());
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      alive();
      joinedOnce = true;
      membership.joined(consumer, payload.memberAssignment[topic] ?? []);
    });
    consumer.on(consumer.events.HEARTBEAT, alive);
    consumer.on(consumer.events.FETCH, alive);
    const lifeCheck = setInterval(() => {
      if (batches === 0 && performance.now() - lifeAtMs > stuckMs) ended.resolve(`no sign of life for ${stuckMs} ms`);
    }, lifeCheckMs);
    const stop = () => ended.resolve("stopped");
    stopping.signal.addEventListener("abort", stop);
    try {
      await consumer.connect();
      // Where a partition without a position would begin; joined() positions every one before its first fetch.
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: membership.partitionsAtOnce,
        eachBatch: async (payload) => {
          batches += 1;
          try {
            await membership.eachBatch(payload, consumer);
          } finally {
            batches -= 1;
            alive();
          }
        },
      });
      const reason = await ended.promise;
      if (!stopping.signal.aborted) log.warn({ reason }, "consumer ended, a new one follows");
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "consumer cannot join");
    } finally {
      stopping.signal.removeEventListener("abort", stop);
      clearInterval(lifeCheck);
      // Leaves the group, once the batch in hand is done.
      await consumer.disconnect().catch((error: unknown) => log.debug({ reason: reasonOf(error) }, "disconnecting"));
      membership.left();
    }
    return { joinedOnce };
  };

  const running = (async () => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const { joinedOnce } = await once();
      failures = joinedOnce ? 0 : failures + 1;
      await sleep(backoffMs(failures), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    stopping: stopping.signal,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
