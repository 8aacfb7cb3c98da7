/** Feeds the copy of the device directory from its compacted topic. */
import type { KafkaLog, LogRecord } from "@sealgraph/platform/kafka.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import { DirectoryRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import type { Directory } from "./directory.ts";
import type { Metrics } from "./metrics.ts";
import { parseRecord } from "./parse-record.ts";

/** Reads the whole topic from its beginning, then follows it; the copy is complete once caught up. */
export async function followDirectory(kafka: KafkaLog, directory: Directory, metrics: Metrics, log: Log) {
  const topic = topics.deviceDirectory.name;
  const onBatch = (records: LogRecord[]) => {
    for (const record of records) {
      const parsed = parseRecord(DirectoryRecord, record);
      if (!parsed.success) {
        metrics.unparsable.inc({ topic });
        log.error({ topic, offset: String(record.offset), problem: parsed.problem }, "unparsable record");
        continue;
      }
      if (parsed.data.type === "directory") directory.apply(parsed.data);
      directory.heard();
    }
  };
  const reader = await kafka.readAll({ topic, from: "beginning", onBatch });
  void reader.caughtUp.then(
    () => directory.complete(),
    (error: unknown) => log.error({ topic, error: String(error) }, "could not catch up"),
  );
  return reader;
}
