/** Reads outgoing-messages once for the whole process and hands each record's frames to the readers that are here. */
import type { KafkaLog, LogRecord } from "@sealgraph/platform/kafka.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import { OutgoingRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import type { Metrics } from "../metrics.ts";
import { parseRecord } from "../parse-record.ts";
import { weigh, type FrameContent } from "./frame.ts";
import type { Subscribers } from "./subscribers.ts";

/** Gives a record's frames to the subscribers of its mailboxes. */
export function dispatch(record: OutgoingRecord, subscribers: Subscribers): void {
  if (record.type === "acknowledged") {
    const { deviceId, epoch, seq } = record;
    for (const subscriber of subscribers.of(deviceId)) subscriber.handle({ type: "acknowledged", epoch, seq });
    return;
  }
  const deliver = (
    { deviceId, epoch, seq }: { deviceId: string; epoch: number; seq: number },
    content: FrameContent,
  ) => {
    const frame = { ...content, seq, bytes: weigh(content) };
    for (const subscriber of subscribers.of(deviceId)) subscriber.handle({ type: "live", epoch, frame });
  };
  switch (record.type) {
    case "message": {
      const { id, conversationId, senderUser, senderDevice, suite, body, acceptedAt } = record;
      // One object for all mailboxes: the body is in memory once.
      const message = { id, conversationId, senderUser, senderDevice, suite, body, acceptedAt };
      for (const place of record.places)
        if (subscribers.has(place.deviceId)) deliver(place, { kind: "message", header: place.header, message });
      return;
    }
    case "receipt":
    case "send_failed": {
      const content: FrameContent =
        record.type === "receipt"
          ? { kind: "receipt", detail: record.detail }
          : { kind: "send_failed", detail: record.detail };
      for (const place of record.places) if (subscribers.has(place.deviceId)) deliver(place, content);
    }
  }
}

/** From now on; what was before is in Postgres. A record that can't be read is counted: the look at the heads covers it. */
export async function followOutgoing(kafka: KafkaLog, subscribers: Subscribers, metrics: Metrics, log: Log) {
  const topic = topics.outgoingMessages.name;
  const onBatch = (records: LogRecord[]) => {
    for (const record of records) {
      const parsed = parseRecord(OutgoingRecord, record);
      if (parsed.success) {
        dispatch(parsed.data, subscribers);
        continue;
      }
      metrics.unparsable.inc({ topic });
      const { partition, offset } = record;
      log.error({ topic, partition, offset: String(offset), problem: parsed.problem }, "unparsable record");
    }
  };
  return await kafka.readAll({ topic, from: "latest", onBatch });
}
