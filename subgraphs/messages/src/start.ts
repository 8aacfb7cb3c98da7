/** Wires the messages subgraph by hand, and ends it in the opposite order. */
import type { Registry } from "prom-client";
import type { Values } from "@sealgraph/platform/config.ts";
import { createOpener } from "@sealgraph/platform/envelope.ts";
import { createKafka } from "@sealgraph/platform/kafka.ts";
import { createKms } from "@sealgraph/platform/kms.ts";
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import type { Running } from "@sealgraph/platform/program.ts";
import { startSubgraphServer } from "@sealgraph/platform/subgraph-server.ts";
import { createTokenVerifier } from "@sealgraph/platform/tokens.ts";
import { configOf, type variables } from "./config.ts";
import { createCursors } from "./cursor.ts";
import { Directory } from "./directory.ts";
import { followDirectory } from "./directory-reader.ts";
import { startHeadPoll } from "./inbox/head-poll.ts";
import { followOutgoing } from "./inbox/live-frames.ts";
import { Subscribers } from "./inbox/subscribers.ts";
import { createMetrics } from "./metrics.ts";
import { createSchema } from "./schema.ts";
import type { Services } from "./services.ts";
import { acceptedMessages } from "./store/accepted-messages.ts";
import { conversations } from "./store/conversations.ts";
import { mailboxes } from "./store/mailboxes.ts";
import { openStore } from "./store/store.ts";

/** Rule 11: a copy of the directory older than this is not ready. */
const directoryFreshForMs = 10_000;
const maxDirectoryWaiters = 10_000;
/** Opened data keys in memory. */
const maxDataKeys = 10_000;

export async function start(values: Values<typeof variables>, log: Log, registry: Registry): Promise<Running> {
  const config = configOf(values);
  const directory = new Directory({ freshForMs: directoryFreshForMs, maxWaiters: maxDirectoryWaiters });
  const subscribers = new Subscribers();
  const metrics = createMetrics(registry, directory, subscribers);
  const store = openStore(config.databaseUrl, log);
  const kafka = createKafka(config.kafka, log);
  const services: Services = {
    config,
    log,
    metrics,
    directory,
    producer: await kafka.producer({ timeoutMs: config.sendTimeoutMs }),
    store,
    mailboxes: mailboxes(store),
    conversations: conversations(store),
    acceptedHash: acceptedMessages(store),
    opener: createOpener({ kms: createKms(config.kms), cacheMs: config.dataKeyCacheMs, maxKeys: maxDataKeys }),
    cursors: createCursors(config.cursorSecret),
    subscribers,
  };

  // Revocation ends a device's streams (rule 11).
  directory.events.on("revoked", (deviceId) => {
    for (const subscriber of subscribers.of(deviceId)) subscriber.fail(new DomainError("DEVICE_REVOKED"));
  });

  let listening = false;
  const outgoing = await followOutgoing(kafka, subscribers, metrics, log);
  void outgoing.caughtUp.then(
    () => {
      listening = true;
    },
    (error: unknown) => log.error({ error: String(error) }, "outgoing-messages cannot be followed"),
  );
  await followDirectory(kafka, directory, metrics, log);
  const headPoll = startHeadPoll({
    subscribers,
    read: services.mailboxes.list,
    everyMs: config.headPollMs,
    metrics,
    log,
  });

  const server = await startSubgraphServer({
    schema: createSchema(services),
    host: config.host,
    port: config.port,
    tokens: createTokenVerifier(config.oidc),
    log,
  });

  return {
    url: server.url,
    ready: () => listening && directory.ready(),
    async stop() {
      await server.stop();
      await headPoll.stop();
      await kafka.stop();
      await store.stop();
    },
  };
}
