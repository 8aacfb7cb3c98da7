/** What can never be stored, kept as it was with the reason (DELIVERY rule 8). */
import type { LogProducer, LogRecord } from "@sealgraph/platform/kafka.ts";
import type { DeadLetter } from "@sealgraph/platform/records.ts";
import { maxRecordBytes, topics } from "@sealgraph/platform/topics.ts";
import type { DeadLetterCode } from "./incoming.ts";

export interface Dead {
  readonly record: LogRecord;
  readonly code: DeadLetterCode;
  readonly reason: string;
}

/** Of the key of a letter that would be too large, characters of base64url. */
const maxKeyLength = 256;

const bytes = (value: Buffer | null) => value?.toString("base64url") ?? null;

export function deadLetterOf({ record, code, reason }: Dead, at: string): DeadLetter {
  const letter: DeadLetter = {
    v: 1,
    type: "dead_letter",
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    timestamp: String(record.timestampMs),
    key: bytes(record.key),
    value: bytes(record.value),
    code,
    reason,
    at,
  };
  // base64url makes it a third longer: what is then over the limit is left where it was, and the letter says where.
  if (JSON.stringify(letter).length <= maxRecordBytes - 1_024) return letter;
  return {
    ...letter,
    key: letter.key?.slice(0, maxKeyLength) ?? null,
    value: null,
    reason: `${reason} (too large to be kept here: see topic and offset)`,
  };
}

/** Resolves when Kafka has them all; the batch's transaction commits only then, so that none is lost between. */
export async function sendDeadLetters(producer: LogProducer, dead: readonly Dead[], at: string): Promise<void> {
  const letters = dead.map((one) => ({
    key: one.record.key?.toString("base64url").slice(0, maxKeyLength) ?? "",
    value: JSON.stringify(deadLetterOf(one, at)),
  }));
  if (letters.length > 0) await producer.sendBatch(topics.deadLetters.name, letters);
}
