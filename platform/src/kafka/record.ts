import type { KafkaMessage } from "kafkajs";
import type { LogRecord } from "./types.ts";

export function logRecordOf(topic: string, partition: number, message: KafkaMessage): LogRecord {
  const { offset, timestamp, key, value } = message;
  return { topic, partition, offset: BigInt(offset), timestampMs: Number(timestamp), key, value };
}
