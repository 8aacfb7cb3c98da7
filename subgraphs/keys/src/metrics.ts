import { Counter, Gauge, type Registry } from "prom-client";
import type { Database } from "./database.ts";

export function createMetrics(registry: Registry, database: Database) {
  return {
    published: new Counter({
      name: "directory_entries_published_total",
      help: "Entries that the relay published to device-directory; more than once is possible.",
      registers: [registry],
    }),
    heartbeatAt: new Gauge({
      name: "directory_heartbeat_timestamp_seconds",
      help: "When Kafka last acknowledged a heartbeat of this relay, seconds since the epoch; 0 before the first.",
      registers: [registry],
    }),
    outboxRows: new Gauge({
      name: "directory_outbox_rows",
      help: "Changes that wait for the relay; NaN when Postgres does not answer.",
      registers: [registry],
      async collect() {
        this.set(await database.directoryOutbox.count().catch(() => Number.NaN));
      },
    }),
  };
}
