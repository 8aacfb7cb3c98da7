import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { maxRecordBytes } from "@sealgraph/platform/topics.ts";
import type { PartContext } from "./context.ts";
import { cacheFolder } from "./folders.ts";
import { copyFolder, kafkaJars, kafkaVersion, putInPlace } from "./kafka-jars.ts";
import { runToEnd, startProcess } from "./managed-process.ts";
import type { Part } from "./part.ts";
import { freePort, preferPort } from "./ports.ts";
import { startPart } from "./process-part.ts";

const startTimeoutMs = 90_000;
const stopTimeoutMs = 15_000;
const heapMb = 384;
/** A record's key, headers and batch overhead come on top of its value. */
const recordOverheadBytes = 64 * 1024;
/** Each instance is a cluster of its own on ports of its own, so one id for all lets the formatted folder be copied. */
const clusterId = "c2VhbGdyYXBoLWxvY2FsMQ";

/** Apache Kafka, one node in KRaft mode (broker and controller), on 127.0.0.1. */
export async function startKafka(o: PartContext): Promise<{ part: Part; broker: string }> {
  const jars = await kafkaJars(o);
  const home = join(o.folder, "kafka");
  const data = join(home, "data");
  const logFile = join(o.folder, "kafka.log");
  if (!o.keepData) rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });

  const common = {
    command: "java",
    logFile,
    cwd: home,
    env: o.baseEnv,
    stopSignal: "SIGTERM",
    stopTimeoutMs,
    orphan: { signal: "SIGTERM", killAfterMs: 3_000 },
    watchdog: o.watchdog,
  } as const;
  const classPath = [...logging, "-cp", join(jars, "*")];

  const port = (o.state.ports["kafka"] = await preferPort(o.state.ports["kafka"]));
  const properties = join(home, "server.properties");

  if (!existsSync(join(data, "meta.properties"))) {
    rmSync(data, { recursive: true, force: true });
    const template = join(cacheFolder(), `kafka-${kafkaVersion}-formatted`);
    if (!existsSync(template)) {
      const temporary = `${template}.${process.pid}`;
      rmSync(temporary, { recursive: true, force: true });
      writeFileSync(properties, serverProperties(temporary, port, await freePort()));
      await runToEnd({
        ...common,
        name: "Kafka format",
        args: [
          "-Xmx128m",
          "-XX:TieredStopAtLevel=1",
          ...classPath,
          "kafka.tools.StorageTool",
          "format",
          "-t",
          clusterId,
          "-c",
          properties,
        ],
        timeoutMs: startTimeoutMs,
      });
      putInPlace(temporary, template);
      rmSync(temporary, { recursive: true, force: true });
    }
    copyFolder(template, data);
  }

  const part = await startPart(logFile, async () => {
    writeFileSync(properties, serverProperties(data, port, await freePort()));
    const server = startProcess({
      ...common,
      name: "Kafka",
      args: [`-Xmx${heapMb}m`, "-XX:+UseSerialGC", "-Djava.awt.headless=true", ...classPath, "kafka.Kafka", properties],
    });
    try {
      await server.waitForLine((line) => (line.includes("Kafka Server started") ? true : null), startTimeoutMs);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  });
  return { part, broker: `127.0.0.1:${port}` };
}

function serverProperties(data: string, port: number, controllerPort: number): string {
  const maxBytes = maxRecordBytes + recordOverheadBytes;
  const properties = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": data,
    "auto.create.topics.enable": false,
    "num.partitions": 1,
    "default.replication.factor": 1,
    "min.insync.replicas": 1,
    "message.max.bytes": maxBytes,
    "replica.fetch.max.bytes": maxBytes,
    "offsets.topic.num.partitions": 4,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.num.partitions": 2,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    // A killed broker that comes back waits until its former registration has run out: 9 s by default.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    // A killed worker's partitions move within 10 s (DELIVERY rule 3), and tests want to see it sooner.
    "group.min.session.timeout.ms": 1_000,
    "group.initial.rebalance.delay.ms": 0,
    "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
    "log.cleaner.threads": 1,
  };
  return `${Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")}\n`;
}

/** Warnings, and the one line that says it has started. */
const logging = [
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  "-Dorg.slf4j.simpleLogger.showThreadName=false",
];
