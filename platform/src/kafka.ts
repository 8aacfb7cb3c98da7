/** The log: kafkajs behind one module. The house sees the types of kafka/types.ts only. */
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import type { Log } from "./log.ts";
import type { KafkaLog, Stoppable } from "./kafka/types.ts";
import { createLogBounds } from "./kafka/bounds.ts";
import { createProducer } from "./kafka/producer.ts";
import { consumePartitions } from "./kafka/partitions.ts";
import { readAll } from "./kafka/read-all.ts";

export type * from "./kafka/types.ts";

/** A request without an answer for this long is tried again on another connection. */
const requestTimeoutMs = 5_000;
const connectionTimeoutMs = 2_000;

/**
 * @param options.clientId names the program in Kafka's logs and begins the names of readAll's groups.
 * @param options.sasl SCRAM-SHA-512.
 */
export function createKafka(
  options: { brokers: string[]; clientId: string; sasl?: { username: string; password: string } },
  log: Log,
): KafkaLog {
  const kafka = new Kafka({
    brokers: options.brokers,
    clientId: options.clientId,
    ...(options.sasl === undefined ? {} : { sasl: { mechanism: "scram-sha-512", ...options.sasl } }),
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // One request's own tries; the loops around it (kafka/forever.ts) go on after them, for as long as it takes.
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, multiplier: 2, retries: 4 },
    logLevel: logLevel.INFO,
    // What kafkajs calls an error is one try of many; what it comes to is logged by the loops around it.
    logCreator: () => (entry) => {
      const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry.log;
      log.debug({ part: `kafkajs ${entry.namespace}`, ...fields }, message);
    },
  });
  const bounds = createLogBounds(kafka);
  const parts = new Set<Stoppable>([bounds]);
  const keep = <T extends Stoppable>(part: T): T => {
    parts.add(part);
    return part;
  };

  return {
    producer: async ({ timeoutMs }) => keep(await createProducer({ kafka, log, timeoutMs })),
    consumePartitions: async ({ groupId, topic, handler }) =>
      keep(consumePartitions({ kafka, bounds, log, groupId, topic, handler })),
    readAll: async ({ topic, from, onBatch }) => {
      const groupId = `${options.clientId}.${topic}.${randomUUID()}`;
      return keep(readAll({ kafka, bounds, log, groupId, topic, from, onBatch }));
    },
    async stop() {
      // Consumers before the producers that their handlers use, in order of creation reversed.
      for (const part of [...parts].reverse()) await part.stop();
    },
  };
}
