/**
 * The messages program as a process of the test's own, on the running Kafka, Postgres, KMS and processor, with an
 * identity provider of its own. Its users are new each time; their devices come straight from the device directory's
 * topic, as keys would publish them.
 */
import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { createKafka } from "@sealgraph/platform/kafka.ts";
import { createLog } from "@sealgraph/platform/log.ts";
import { userIdOf } from "@sealgraph/platform/ids.ts";
import type { DirectoryEntry } from "@sealgraph/platform/records.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import { startIssuer } from "./issuer.ts";
import { TestDevice } from "./test-device.ts";

export interface Parts {
  readonly databaseUrls: { readonly admin: string; readonly messages: string };
  readonly kafkaBrokers: readonly string[];
  readonly kmsEndpoint: string;
}

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const startTimeoutMs = 30_000;

/** Waits until a condition holds; what it throws last is thrown when it never does. */
export async function eventually<T>(probe: () => T | Promise<T>, timeoutMs = 15_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(25);
    }
  }
}

async function startProgram(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ready = Promise.withResolvers<{ url: string; metricsUrl: string }>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const entry = JSON.parse(line) as { msg: string; url: string; metricsUrl: string; level: string };
    if (entry.msg === "ready") ready.resolve(entry);
    if (entry.level === "fatal") ready.reject(new Error(line));
  });
  child.once("exit", (code) => ready.reject(new Error(`ended with ${code}`)));
  const { url, metricsUrl } = await ready.promise;
  await eventually(async () => {
    if (!(await fetch(`${metricsUrl}/readyz`)).ok) throw new Error("not ready");
  }, startTimeoutMs);
  return {
    url,
    metrics: async () => (await fetch(`${metricsUrl}/metrics`)).text(),
    async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
}

export async function startMessagesUnderTest(parts: Parts, changes: Record<string, string> = {}) {
  const issuer = await startIssuer();
  const env = {
    PATH: process.env["PATH"] ?? "",
    PORT: "0",
    LOG_LEVEL: "info", // "ready" is an info line
    DATABASE_URL: parts.databaseUrls.messages,
    KAFKA_BROKERS: parts.kafkaBrokers.join(","),
    OIDC_ISSUER: issuer.url,
    KMS_ENDPOINT: parts.kmsEndpoint,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    CURSOR_SECRET: randomBytes(32).toString("base64url"),
    ...changes,
  };
  let program = await startProgram(env);
  const kafka = createKafka(
    { brokers: [...parts.kafkaBrokers], clientId: "messages-test" },
    createLog("test", "fatal"),
  );
  const producer = await kafka.producer({ timeoutMs: 10_000 });
  const database = new Pool({ connectionString: parts.databaseUrls.admin, max: 2 });
  const publish = (topic: { name: string }, key: string, value: unknown) =>
    producer.send(topic.name, { key, value: JSON.stringify(value) });

  /** A user who is new here, with so many devices. */
  const person = async (devices = 1) => {
    const subject = randomUUID();
    const userId = userIdOf(issuer.url, subject);
    const list = { version: 0, active: [] as string[], revoked: [] as string[] };
    const announce = async () => {
      list.version += 1;
      const { version: devicesVersion, active, revoked } = list;
      const entry: DirectoryEntry = {
        v: 1,
        type: "directory",
        userId,
        devicesVersion,
        revoked: [...revoked],
        devices: active.map((id) => ({ id })),
      };
      await publish(topics.deviceDirectory, userId, entry);
    };
    const deviceOf = async (id: string, lifeS?: number) =>
      new TestDevice({ url: () => program.url, userId, id, token: await issuer.tokenOf(subject, lifeS) });
    const someone = {
      userId,
      list,
      announce,
      deviceOf,
      async addDevice() {
        const id = randomUUID();
        list.active.push(id);
        await announce();
        return await deviceOf(id);
      },
      async revoke(id: string) {
        list.active.splice(list.active.indexOf(id), 1);
        list.revoked.push(id);
        await announce();
      },
      /** As somebody would list them in a message. */
      recipient: (except?: string) => ({
        userId,
        devicesVersion: list.version,
        headers: list.active
          .filter((id) => id !== except)
          .map((deviceId) => ({ deviceId, header: randomBytes(48).toString("base64url") })),
      }),
    };
    const added: TestDevice[] = [];
    for (let count = 0; count < devices; count += 1) added.push(await someone.addDevice());
    return { ...someone, devices: added };
  };

  return {
    person,
    publish,
    query: (sql: string, values: unknown[] = []) => database.query(sql, values),
    metrics: () => program.metrics(),
    /** Kills the program and starts it again, with the same cursor secret, on another port. */
    async restart(signal: NodeJS.Signals) {
      await program.stop(signal);
      program = await startProgram(env);
    },
    async stop() {
      const code = await program.stop();
      issuer.stop();
      await kafka.stop();
      await database.end();
      return code;
    },
  };
}

export type MessagesUnderTest = Awaited<ReturnType<typeof startMessagesUnderTest>>;
export type Person = Awaited<ReturnType<MessagesUnderTest["person"]>>;
