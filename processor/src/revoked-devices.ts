/** The processor's copy of the device directory: which devices are revoked. Revocation is final, so the copy only grows. */
import type { KafkaLog, LogReader, LogRecord } from "@sealgraph/platform/kafka.ts";
import { DirectoryRecord } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import type { Log } from "@sealgraph/platform/log.ts";

export interface RevokedDevices {
  isRevoked(deviceId: string): boolean;
  /** What the directory held at the start is known. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

export async function followRevokedDevices(kafka: KafkaLog, log: Log): Promise<RevokedDevices> {
  const revoked = new Set<string>();
  const onBatch = (records: LogRecord[]) => {
    for (const record of records) {
      const entry = readDirectory(record);
      if (entry === undefined) log.warn({ offset: String(record.offset) }, "directory record that cannot be read");
      else if (entry.type === "directory") for (const id of entry.revoked) revoked.add(id.toLowerCase());
    }
  };
  const reader: LogReader = await kafka.readAll({ topic: topics.deviceDirectory.name, from: "beginning", onBatch });
  return { isRevoked: (deviceId) => revoked.has(deviceId), caughtUp: reader.caughtUp, stop: () => reader.stop() };
}

function readDirectory({ value }: LogRecord): DirectoryRecord | undefined {
  try {
    return DirectoryRecord.parse(JSON.parse(value?.toString("utf8") ?? ""));
  } catch {
    return undefined;
  }
}
