/** The processor's parts, put together by hand. */
import { createSealer } from "@sealgraph/platform/envelope.ts";
import { createKafka } from "@sealgraph/platform/kafka.ts";
import { createKms } from "@sealgraph/platform/kms.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import type { Registry } from "prom-client";
import type { Config } from "./config.ts";
import { createDataKeyStore } from "./data-keys.ts";
import { createDatabase } from "./database.ts";
import { createMetrics } from "./metrics.ts";
import { followRevokedDevices } from "./revoked-devices.ts";
import { createWorker } from "./worker.ts";

/** Named after the topic, so that a test with a topic of its own has a group of its own. */
const groupOf = (topic: string) => `processor.${topic}`;
/** Longest wait for Kafka's acknowledgement of one event or dead letter, before it is sent again. */
const sendTimeoutMs = 10_000;

/** @param topic of the incoming records; a test may use one of its own. Resolves when it consumes, which an outage delays. */
export async function startProcessor(
  config: Config,
  log: Log,
  registry: Registry,
  topic: string = topics.incomingMessages.name,
): Promise<{ ready(): boolean; stop(): Promise<void> }> {
  const stopping = new AbortController();
  const database = createDatabase(config.databaseUrl);
  const kafka = createKafka(config.kafka, log);
  const sealer = createSealer({
    kms: createKms(config.kms),
    cacheMs: config.dataKeyCacheMs,
    maxUses: config.dataKeyMaxUses,
  });
  const revoked = await followRevokedDevices(kafka, log);
  const producer = await kafka.producer({ timeoutMs: sendTimeoutMs });
  // Before it, a device revoked long ago would get frames.
  await revoked.caughtUp;
  const handler = createWorker({
    topic,
    database,
    dataKeys: createDataKeyStore(database),
    sealer,
    producer,
    isRevoked: revoked.isRevoked,
    metrics: createMetrics(registry),
    log,
    maxBatchRecords: config.maxBatchRecords,
    stopping: stopping.signal,
  });
  const consumer = await kafka.consumePartitions({ groupId: groupOf(topic), topic, handler });
  return {
    ready: () => consumer.ready(),
    async stop() {
      stopping.abort();
      // The consumer first (the batch in hand is finished), the producer that it uses after it.
      await kafka.stop();
      await database.$disconnect();
    },
  };
}
