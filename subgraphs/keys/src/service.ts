import { setTimeout as sleep } from "node:timers/promises";
import { createKafka, type KafkaLog } from "@sealgraph/platform/kafka.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import type { Running } from "@sealgraph/platform/program.ts";
import { startSubgraphServer } from "@sealgraph/platform/subgraph-server.ts";
import { createTokenVerifier } from "@sealgraph/platform/tokens.ts";
import type { Registry } from "prom-client";
import type { Config } from "./config.ts";
import type { Context, Keys } from "./context.ts";
import { createDatabase, type Database } from "./database.ts";
import { reconcile } from "./directory/reconcile.ts";
import { startRelay } from "./directory/relay.ts";
import { createLoaders } from "./loaders.ts";
import { createMetrics } from "./metrics.ts";
import { createSchema } from "./schema.ts";

/** Copies of the directory give up after 10 s without a heartbeat (DELIVERY rule 11); so does this program's readiness. */
const readyWithinMs = 10_000;
const publishTimeoutMs = 5_000;
const reconcileRetryMs = 5_000;
/** One device's keys and proof are under 12 kB; a list of 500 references under 50. */
const maxRequestBytes = 262_144;

/** Everything of the program, wired by hand. It starts, unready, also while Postgres or Kafka are away. */
export async function startKeys(config: Config, log: Log, registry: Registry): Promise<Running> {
  const { topic } = config;
  const database = createDatabase(config.databaseUrl, log);
  const kafka = createKafka({ ...config.kafka, clientId: "keys" }, log);
  const metrics = createMetrics(registry, database);
  const relay = startRelay({
    database,
    producer: kafka.producer({ timeoutMs: publishTimeoutMs }),
    topic,
    heartbeatMs: config.heartbeatMs,
    pollMs: config.pollMs,
    log,
    onPublished: ({ entries, heartbeatAtMs }) => {
      metrics.published.inc(entries);
      metrics.heartbeatAt.set(heartbeatAtMs / 1_000);
    },
  });
  const stopping = new AbortController();
  const reconciling = reconcileOnce({ database, kafka, topic, log, wake: relay.wake, signal: stopping.signal });

  const keys: Keys = { database, limits: config.limits, directoryChanged: relay.wake };
  const server = await startSubgraphServer<Context>({
    schema: createSchema(),
    host: config.host,
    port: config.port,
    tokens: createTokenVerifier(config.oidc),
    log,
    maxRequestBytes,
    extendContext: (context) => ({ ...context, keys, loaders: createLoaders(database) }),
  });

  return {
    url: server.url,
    ready() {
      const sinceMs = Date.now() - readyWithinMs;
      return relay.databaseAnsweredAtMs() > sinceMs && relay.heartbeatAtMs() > sinceMs;
    },
    async stop() {
      await server.stop();
      stopping.abort();
      await reconciling;
      await relay.stop();
      await kafka.stop();
      await database.$disconnect();
    },
  };
}

/** In the background, until it succeeds once. */
async function reconcileOnce(options: {
  database: Database;
  kafka: KafkaLog;
  topic: string;
  log: Log;
  wake: () => void;
  signal: AbortSignal;
}): Promise<void> {
  const { log, signal, wake } = options;
  while (!signal.aborted) {
    try {
      const { users, enqueued } = await reconcile({ ...options, onEnqueued: wake });
      log.info({ users, enqueued }, "device directory compared with the database");
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ error: String(error) }, "device directory could not be compared");
      await sleep(reconcileRetryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
