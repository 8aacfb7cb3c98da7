import { setTimeout as sleep } from "node:timers/promises";
import { topics } from "@sealgraph/platform/topics.ts";
import { Kafka, logLevel } from "kafkajs";

const answerWithinMs = 30_000;

export interface KafkaAccess {
  brokers: string[];
  /** SASL/SCRAM-SHA-512; undefined for a broker that asks for none. */
  sasl?: { username: string; password: string } | undefined;
  /** -1 leaves it to the broker. */
  replicationFactor: number;
}

/** Creates the topics that are not there yet, with their partitions and config; returns their names. Leaves existing ones alone. */
export async function createTopics(access: KafkaAccess): Promise<string[]> {
  const kafka = new Kafka({
    clientId: "sealgraph-stack",
    brokers: access.brokers,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...(access.sasl && { ssl: true, sasl: { mechanism: "scram-sha-512" as const, ...access.sasl } }),
  });
  using _ = withoutTimerWarning();
  const giveUpAt = Date.now() + answerWithinMs;
  for (;;) {
    const admin = kafka.admin();
    try {
      await admin.connect();
      const there = new Set(await admin.listTopics());
      const missing = Object.values(topics).filter(({ name }) => !there.has(name));
      if (missing.length > 0) {
        await admin.createTopics({
          waitForLeaders: true,
          topics: missing.map(({ name, partitions, config }) => ({
            topic: name,
            numPartitions: partitions,
            replicationFactor: access.replicationFactor,
            configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
          })),
        });
      }
      return missing.map(({ name }) => name);
    } catch (error) {
      // A broker that has just started refuses connections or has no leaders yet.
      if (Date.now() > giveUpAt) {
        throw new Error(
          `Kafka at ${access.brokers.join(", ")} did not create the topics: ${(error as Error).message}`,
          { cause: error },
        );
      }
      await sleep(100);
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }
}

/** kafkajs 2.2.4 asks for timers in the past, which Node 24 reports on stderr; it does no harm. */
function withoutTimerWarning(): Disposable {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] !== "TimeoutNegativeWarning") Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  return {
    [Symbol.dispose]() {
      process.emitWarning = emitWarning;
    },
  };
}
